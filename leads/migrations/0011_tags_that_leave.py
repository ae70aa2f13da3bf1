import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0010_compared_with_others")]

    operations = [
        migrations.AddField(
            model_name="tag",
            name="is_leaving",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="tag",
            name="into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="leads.tag",
            ),
        ),
    ]

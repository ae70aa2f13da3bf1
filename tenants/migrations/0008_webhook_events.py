from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("tenants", "0007_blueprint"),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="webhook_events",
            field=models.JSONField(default=list, editable=False),
        ),
    ]

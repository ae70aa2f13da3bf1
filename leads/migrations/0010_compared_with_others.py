from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0009_stage_rules")]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="alike_index",
            field=models.CharField(blank=True, default="", max_length=32),
        ),
        migrations.AddField(
            model_name="lead",
            name="is_compared",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("alike_index", ""), _negated=True),
                fields=["alike_index"],
                name="leads_alike",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("is_compared", False)),
                fields=["id"],
                name="leads_to_compare",
            ),
        ),
    ]

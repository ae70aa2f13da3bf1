import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_app", "0018_canaries"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="inboundevent",
            index=models.Index(
                models.OrderBy(
                    django.db.models.functions.comparison.Coalesce("processed_at", "received_at"),
                    descending=True,
                ),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("status", "unsupported")),
                name="unsupported_events",
            ),
        ),
        migrations.AddIndex(
            model_name="inboundevent",
            index=models.Index(
                condition=models.Q(("outcome", "unseen"), ("status", "unsupported")),
                fields=["connection"],
                name="unseen_events",
            ),
        ),
    ]

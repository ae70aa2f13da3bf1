from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0014_counted_by_day")]

    operations = [
        migrations.AddField(
            model_name="mergesuggestion",
            name="grade",
            field=models.CharField(
                choices=[
                    ("sure", "Both networks vouch for it, and for nobody else"),
                    ("proven", "Both networks vouch for it, and for others as well"),
                    ("likely", "Both say so"),
                ],
                default="proven",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="mergesuggestion",
            index=models.Index(
                condition=models.Q(("grade", "sure"), ("state", "open")),
                fields=["id"],
                name="suggestions_sure",
            ),
        ),
    ]

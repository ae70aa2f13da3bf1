from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_app", "0021_sample_channels"),
    ]

    operations = [
        migrations.AddField(
            model_name="channelconnection",
            name="poll_claimed_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]

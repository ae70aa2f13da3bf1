import tenants.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0008_signing_in"),
    ]

    operations = [
        migrations.AddField(
            model_name="incominghook",
            name="alarm_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="incominghook",
            name="told_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="incominghook",
            name="former_configs",
            field=tenants.fields.EncryptedJSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name="incominghook",
            name="subscribing_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]

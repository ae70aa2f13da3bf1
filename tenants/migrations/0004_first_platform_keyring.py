"""Give ``public`` its keys, wrapped by the master key of this installation."""

from django.db import migrations

from tenants import crypto


def make(apps, schema_editor):
    apps.get_model("tenants", "PlatformKeyring").objects.get_or_create(
        pk=1, defaults={"keyring": crypto.new_keyring()}
    )


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_platform_keyring_and_audit_heads")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]

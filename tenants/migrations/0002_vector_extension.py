"""Vectors for every company: the type lives in ``public``, which all search paths end with."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE EXTENSION IF NOT EXISTS vector SCHEMA public", migrations.RunSQL.noop
        )
    ]

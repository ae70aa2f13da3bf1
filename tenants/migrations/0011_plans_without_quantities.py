"""Plans' own quantities and prices stand in tariffs now.

The columns stay for one release, filled by the database: processes of the release before still
write them while this one starts. A later release drops them.
"""

from django.db import migrations

COLUMNS = ("monthly_messages", "monthly_tokens", "monthly_price")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_tariffs_of_what_plans_cost")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"ALTER TABLE tenants_plan ALTER COLUMN {column} SET DEFAULT 0",
                    f"ALTER TABLE tenants_plan ALTER COLUMN {column} DROP DEFAULT",
                )
                for column in COLUMNS
            ],
            state_operations=[
                *(migrations.RemoveField("plan", column) for column in COLUMNS),
                migrations.AlterModelOptions("plan", options={"ordering": ["code"]}),
            ],
        )
    ]

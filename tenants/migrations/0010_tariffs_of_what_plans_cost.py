"""What stood in the plans themselves becomes their first tariff."""

from datetime import date

from django.db import migrations

FIRST = date(2020, 1, 1)


def forward(apps, schema_editor):
    Tariff = apps.get_model("tenants", "Tariff")
    for plan in apps.get_model("tenants", "Plan").objects.all():
        tariff, _ = Tariff.objects.get_or_create(
            plan=plan, effective_from=FIRST, defaults={"monthly_price": plan.monthly_price}
        )
        if plan.monthly_messages:
            tariff.lines.get_or_create(
                meter="ai_answers", defaults={"included": plan.monthly_messages}
            )


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_tariffs")]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]

"""Which plan a company has in a month, and what that plan then holds and costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from tenants.models import Company, Plan, Subscription, Tariff, TariffLine


@dataclass(frozen=True, slots=True)
class Terms:
    """What a month is charged by; ``lines`` by meter."""

    plan: Plan
    currency: str = "USD"
    monthly_price: Decimal = Decimal(0)
    lines: Mapping[str, TariffLine] = field(default_factory=dict)
    tax_label: str = ""
    tax_percent: Decimal = Decimal(0)


def terms_of(company: Company, month: date) -> Terms:
    """The terms of the month that begins on this day.

    A plan without a tariff costs nothing and holds everything.
    """
    begun = Subscription.objects.filter(company=company, starts_on__lte=month)
    subscription = begun.select_related("plan").order_by("-starts_on").first()
    plan = subscription.plan if subscription else company.plan
    tariffs = Tariff.objects.filter(plan=plan, effective_from__lte=month)
    tariff = tariffs.prefetch_related("lines").order_by("-effective_from").first()
    return Terms(
        plan=plan,
        currency=tariff.currency if tariff else "USD",
        monthly_price=tariff.monthly_price if tariff else Decimal(0),
        lines={line.meter: line for line in tariff.lines.all()} if tariff else {},
        tax_label=subscription.tax_label if subscription else "",
        tax_percent=subscription.tax_percent if subscription else Decimal(0),
    )


def is_in_force(tariff: Tariff) -> bool:
    """Whether a month somewhere may have begun under it: then it is not changed any more.

    It is tomorrow already where the day begins first.
    """
    begins = tariff.effective_from
    first = begins if begins.day == 1 else _next_month(begins)
    if first > timezone.localdate() + timedelta(days=1):
        return False
    has_plan = Company.objects.filter(plan=tariff.plan_id)
    chosen = Subscription.objects.filter(plan=tariff.plan_id)
    return has_plan.exists() or chosen.exists()


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)

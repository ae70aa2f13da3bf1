"""A plan with prices, and days on which something was used."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tenants import context
from tenants.billing.months import Month, today_of
from tenants.figures.models import Figure
from tenants.models import Company, Plan, Subscription, Tariff

D = Decimal


@pytest.fixture
def company(north: Company) -> Company:
    """North as if it had been opened long ago, in the middle of a month."""
    opened = (north.created_at.replace(day=1) - timedelta(days=120)).replace(day=16, hour=12)
    Company.objects.filter(pk=north.pk).update(created_at=opened)
    north.created_at = opened
    context.enter_company(north)
    return north


@pytest.fixture
def priced(company: Company) -> Callable[..., Tariff]:
    """``priced(ai_answers={…})``: the company's plan with these lines, from long ago on."""

    def make(*, since: date = date(2020, 1, 1), plan: Plan | None = None, **lines: Any) -> Tariff:
        fields = {name: lines.pop(name) for name in ("currency", "monthly_price") if name in lines}
        tariff = Tariff.objects.create(plan=plan or company.plan, effective_from=since, **fields)
        for meter, line in lines.items():
            tariff.lines.create(meter=meter, **line)
        return tariff

    return make


@pytest.fixture
def taxed(company: Company) -> Subscription:
    return Subscription.objects.create(
        company=company,
        plan=company.plan,
        starts_on=date(2020, 1, 1),
        tax_label="IVA",
        tax_percent=D("21"),
    )


@pytest.fixture
def last_month(company: Company) -> Month:
    return Month.now(company).before


def used(kind: str, n: int, day: date) -> None:
    Figure.objects.create(day=day, kind=kind, channel="telegram", n=n)


def used_today(company: Company, kind: str, n: int) -> None:
    used(kind, n, today_of(company))

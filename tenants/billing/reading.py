"""What was used in a month, day by day, and what it will come to.

The forecast adds to what was used the average of the last seven full days, for every day and
part of a day that is left: a week has each weekday once. Of what is there rather than happens
(files, people, channels) the highest day counts, and is not expected to change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, localcontext

from django.db.models import Sum
from django.utils import timezone

from tenants.billing.months import Month, first_month_of, today_of, zone_of
from tenants.figures.models import Figure
from tenants.meters import METERS, Kind, Meter
from tenants.models import Company
from tenants.money import PRECISION, total
from tenants.workspace.models import UsageDay

WEEK = 7
EXACT = Decimal("0.000001")  # as finely as quantities are kept
Days = Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class Used:
    """Of one meter in one month, in its units; ``days`` are those on which there was anything."""

    meter: Meter
    amount: Decimal
    forecast: Decimal
    days: Days = field(default_factory=dict)


def used_in(company: Company, month: Month) -> dict[str, Used]:
    """Every meter, by its code; two statements."""
    since = min(month.first, today_of(company) - timedelta(days=WEEK))
    counted = _counted(since, month.last)
    return {
        code: _used(company, month, meter, counted.get(code, {})) for code, meter in METERS.items()
    }


def _counted(since: date, until: date) -> dict[str, dict[date, Decimal]]:
    codes = {meter.figure: meter for meter in METERS.values() if meter.figure}
    found: dict[str, dict[date, Decimal]] = {}
    figures = Figure.objects.filter(day__range=(since, until), kind__in=codes).order_by()
    for day, kind, n in (
        figures.values("day", "kind").annotate(sum=Sum("n")).values_list("day", "kind", "sum")
    ):
        meter = codes[kind]
        found.setdefault(meter.code, {})[day] = _exact(Decimal(n) / meter.size)
    usage = [code for code, meter in METERS.items() if not meter.figure]
    rows = UsageDay.objects.filter(day__range=(since, until), kind__in=usage)
    for day, kind, amount in rows.values_list("day", "kind", "amount"):
        found.setdefault(kind, {})[day] = amount
    return found


def _used(company: Company, month: Month, meter: Meter, counted: Days) -> Used:
    days = {day: n for day, n in sorted(counted.items()) if month.first <= day <= month.last}
    if meter.kind is Kind.LEVEL:
        highest = max(days.values(), default=Decimal(0))
        return Used(meter, highest, highest, days)
    amount = total(days.values())
    return Used(meter, amount, _forecast(company, month, meter, amount, counted), days)


def _forecast(
    company: Company, month: Month, meter: Meter, amount: Decimal, counted: Days
) -> Decimal:
    today = today_of(company)
    if not month.first <= today <= month.last:
        return amount
    # A company that is younger than a week has fewer days to learn from.
    opened = company.created_at.astimezone(zone_of(company)).date()
    known = min(WEEK, max((today - opened).days, 0))
    if not known:
        return amount
    lately = [today - timedelta(days=back) for back in range(1, known + 1)]
    week = total(counted.get(day, Decimal(0)) for day in lately)
    with localcontext() as exact:
        exact.prec = PRECISION
        left = Decimal((month.last - today).days) + _left_of(today, company)
        forecast = amount + week / known * left
        places = Decimal(1).scaleb(-max(meter.places, 0))
        return max(forecast.quantize(places), amount)


def _left_of(today: date, company: Company) -> Decimal:
    """The share of today that is still to come; a day may have 23 or 25 hours."""
    zone = zone_of(company)
    begins, ends = (
        datetime.combine(day, time.min, zone).timestamp()
        for day in (today, today + timedelta(days=1))
    )
    return Decimal(int(ends - timezone.now().timestamp())) / Decimal(int(ends - begins))


def _exact(amount: Decimal) -> Decimal:
    return amount.quantize(EXACT)


def months_of(company: Company) -> list[Month]:
    """From this one back to the one in which the company was opened."""
    month, first = Month.now(company), first_month_of(company)
    found = [month]
    while month > first:
        month = month.before
        found.append(month)
    return found

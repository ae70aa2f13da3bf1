"""What a month costs: as it stands, as it may come to, and as it was closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from tenants import context, money
from tenants.audit.services import record
from tenants.billing.models import Bill, BillLine
from tenants.billing.months import Month, first_month_of, zone_of
from tenants.billing.reading import Used, used_in
from tenants.figures.models import Watermark
from tenants.figures.sources import SOURCES
from tenants.models import Company
from tenants.plans import Terms, terms_of

# What comes in later than this after a month's end is in no bill. Networks deliver within hours.
STAYS_OPEN = timedelta(days=3)
PLAN = "plan"  # the line that is the plan's own price


@dataclass(frozen=True, slots=True)
class Line:
    """One thing and what it came to; ``over`` is what was used beyond what is included."""

    code: str
    used: Decimal
    included: Decimal
    over: Decimal
    per: Decimal
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """A month's bill. ``closed_at`` is empty while it may change."""

    month: Month
    number: str
    plan: str
    currency: str
    lines: tuple[Line, ...]
    subtotal: Decimal
    tax_label: str
    tax_percent: Decimal
    tax: Decimal
    total: Decimal
    closed_at: datetime | None = None


def invoice_of(company: Company, month: Month) -> Invoice:
    """The month's bill: the closed one, or a preview of what was used so far."""
    return closed(month) or preview(company, month, used_in(company, month))


def closed(month: Month) -> Invoice | None:
    bill = Bill.objects.filter(month=month.first).prefetch_related("lines").first()
    return invoice_of_bill(bill) if bill else None


def preview(
    company: Company, month: Month, used: Mapping[str, Used], *, expected: bool = False
) -> Invoice:
    """What the month costs by now, or is expected to cost in the end."""
    terms = terms_of(company, month.first)
    amounts = {code: each.forecast if expected else each.amount for code, each in used.items()}
    lines = (_plan_line(company, month, terms), *charged(terms, amounts))
    subtotal = money.total(line.amount for line in lines)
    tax = money.tax_on(subtotal, percent=terms.tax_percent, currency=terms.currency)
    return Invoice(
        month=month,
        number=f"{company.schema_name}-{month.name}".upper(),
        plan=terms.plan.name,
        currency=terms.currency,
        lines=lines,
        subtotal=subtotal,
        tax_label=terms.tax_label,
        tax_percent=terms.tax_percent,
        tax=tax,
        total=subtotal + tax,
    )


def charged(terms: Terms, amounts: Mapping[str, Decimal]) -> tuple[Line, ...]:
    """A line for each meter of the tariff."""
    return tuple(
        Line(
            code=code,
            used=used,
            included=line.included,
            over=over,
            per=line.per,
            unit_price=line.unit_price,
            amount=money.charge(
                over, unit_price=line.unit_price, per=line.per, currency=terms.currency
            ),
        )
        for code, line in terms.lines.items()
        for used in (amounts.get(code, Decimal(0)),)
        for over in (money.beyond(used, line.included),)
    )


def _plan_line(company: Company, month: Month, terms: Terms) -> Line:
    """The plan's price; of the month in which the company was opened, its days from then on."""
    days = month.length
    if month == first_month_of(company):
        days -= company.created_at.astimezone(zone_of(company)).date().day - 1
    return Line(
        code=PLAN,
        used=Decimal(days),
        included=Decimal(0),
        over=Decimal(days),
        per=Decimal(month.length),
        unit_price=terms.monthly_price,
        amount=money.part(terms.monthly_price, days=days, of=month.length, currency=terms.currency),
    )


def invoice_of_bill(bill: Bill) -> Invoice:
    return Invoice(
        month=Month(bill.month),
        number=bill.number,
        plan=bill.plan,
        currency=bill.currency,
        lines=tuple(
            Line(
                each.code,
                each.used,
                each.included,
                each.over,
                each.per,
                each.unit_price,
                each.amount,
            )
            for each in bill.lines.all()
        ),
        subtotal=bill.subtotal,
        tax_label=bill.tax_label,
        tax_percent=bill.tax_percent,
        tax=bill.tax,
        total=bill.total,
        closed_at=bill.closed_at,
    )


# -- closing


def close_due_months() -> int:
    """Close every month that ended long enough ago and is wholly counted; says how many."""
    company = context.current_company()
    there = set(Bill.objects.values_list("month", flat=True))
    month, done = first_month_of(company), 0
    while _is_over(company, month):
        if month.first not in there:
            if not _is_counted(company, month):
                break
            done += _close(company, month)
        month = month.next
    return done


def _is_over(company: Company, month: Month) -> bool:
    return timezone.now() >= month.ends_at(company) + STAYS_OPEN


def _is_counted(company: Company, month: Month) -> bool:
    """Whether every source was counted since the month was over: workers may have been away."""
    marks = Watermark.objects.filter(source__in=SOURCES)
    oldest = marks.aggregate(at=Min("counted_at"))["at"]
    return (
        oldest is not None
        and marks.count() == len(SOURCES)
        and oldest >= month.ends_at(company) + STAYS_OPEN
    )


@transaction.atomic
def _close(company: Company, month: Month) -> int:
    invoice = preview(company, month, used_in(company, month))
    bill, is_new = Bill.objects.get_or_create(
        month=month.first,
        defaults={
            "number": invoice.number,
            "plan": invoice.plan,
            "currency": invoice.currency,
            "subtotal": invoice.subtotal,
            "tax_label": invoice.tax_label,
            "tax_percent": invoice.tax_percent,
            "tax": invoice.tax,
            "total": invoice.total,
            "closed_at": timezone.now(),
        },
    )
    if not is_new:  # another worker was faster
        return 0
    BillLine.objects.bulk_create(
        BillLine(
            bill=bill,
            position=position,
            code=line.code,
            used=line.used,
            included=line.included,
            over=line.over,
            per=line.per,
            unit_price=line.unit_price,
            amount=line.amount,
        )
        for position, line in enumerate(invoice.lines)
    )
    record(action="bill.closed", subject=f"bill:{bill.pk}", details={"month": month.name})
    return 1

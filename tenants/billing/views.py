"""The room Usage and bill, and its tables."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tenants import context
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.billing.curve import curve_of
from tenants.billing.forms import LimitsForm
from tenants.billing.invoicing import PLAN, Invoice, closed, invoice_of, preview
from tenants.billing.months import Month, today_of
from tenants.billing.reading import Used, months_of, used_in
from tenants.billing.standing import Limit, change_own_limits, limits_of, own_limits
from tenants.billing.words import amount_in, exact, plain, quantity, quantity_of, unit_price_in
from tenants.meters import METERS
from tenants.models import Company
from tenants.plans import terms_of

SEE_MONEY = "billing.view_bill"
CHANGE = "billing.change_ownlimit"
FIRST = "ai_answers"  # the meter whose days are shown where none is asked for


@needs("workspace.view_usageday")
@require_GET
def usage(request: AuthenticatedRequest) -> HttpResponse:
    """A month's use against its limits, and to admins what it costs."""
    return _page(request, LimitsForm(limits=own_limits()))


@needs(CHANGE)
@require_POST
def limits(request: AuthenticatedRequest) -> HttpResponse:
    """Where the AI stops by the company's own wish."""
    form = LimitsForm(request.POST, limits=own_limits())
    if not form.is_valid():
        return _page(request, form, status=422)
    change_own_limits(actor=f"user:{request.user.pk}", limits=form.limits)
    messages.success(request, _("Saved. It holds from the next answer on."))
    return redirect("billing:usage")


@needs("workspace.view_usageday")
@require_GET
def usage_table(request: AuthenticatedRequest) -> HttpResponse:
    """Every day of the month and every meter, as CSV."""
    company = context.current_company()
    month = month_asked(request, company)
    used = used_in(company, month)
    rows = (
        [
            day.isoformat(),
            code,
            plain(each.days[day]),
            each.meter.unit,
        ]
        for code, each in used.items()
        for day in month.days
        if day in each.days
    )
    return _csv(f"usage-{month.name}.csv", ["day", "meter", "amount", "unit"], rows)


@needs(SEE_MONEY)
@require_GET
def bill_table(request: AuthenticatedRequest) -> HttpResponse:
    """The month's bill, as CSV; its last rows are what the lines come to."""
    company = context.current_company()
    bill = invoice_of(company, month_asked(request, company))
    names = ["line", "used", "included", "over", "per", "unit_price", "amount", "currency"]
    rows: list[Sequence[object]] = [
        [
            line.code,
            *map(plain, (line.used, line.included, line.over, line.per, line.unit_price)),
            *(line.amount, bill.currency),
        ]
        for line in bill.lines
    ]
    for name, amount in (("subtotal", bill.subtotal), ("tax", bill.tax), ("total", bill.total)):
        rows.append([name, *[""] * 5, amount, bill.currency])
    return _csv(f"bill-{bill.number}.csv", names, rows)


def month_asked(request: HttpRequest, company: Company) -> Month:
    """The month of the address; this one where it makes no sense or lies outside."""
    now = Month.now(company)
    try:
        asked = Month.named(request.GET.get("month", ""))
    except ValueError:
        return now
    return asked if asked in months_of(company) else now


def _page(request: AuthenticatedRequest, form: LimitsForm, *, status: int = 200) -> HttpResponse:
    company = context.current_company()
    month = month_asked(request, company)
    used = used_in(company, month)
    terms = terms_of(company, month.first)
    limits = limits_of(terms, own_limits())
    code = request.GET.get("meter", FIRST)
    shown = used[code if code in METERS else FIRST]
    code = shown.meter.code
    limit = limits.get(code)
    sees_money = request.user.has_perm(SEE_MONEY)
    return render(
        request,
        "billing/usage.html",
        {
            "title": _("Usage and bill") if sees_money else _("Usage"),
            "month": month,
            "months": months_of(company)[:24],
            "is_now": month == Month.now(company),
            "plan": terms.plan.name,
            "rows": [_row(each, limits.get(each.meter.code)) for each in used.values()],
            "stopped": [
                each.meter.label
                for each in used.values()
                if _is_stopped(each, limits.get(each.meter.code))
            ],
            "shown": shown.meter,
            "curve": curve_of(
                shown,
                month,
                until=min(today_of(company), month.last),
                limit=limit.amount if limit else None,
            ),
            "stops": bool(limit and limit.stops),
            "anything": any(each.amount for each in used.values()),
            **(_money(company, month, used) if sees_money else {}),
            "form": form if request.user.has_perm(CHANGE) else None,
        },
        status=status,
    )


def _is_stopped(used: Used, limit: Limit | None) -> bool:
    return bool(limit and limit.stops and used.amount >= limit.amount)


def _row(used: Used, limit: Limit | None) -> dict[str, Any]:
    share = min(100 * used.amount / limit.amount, Decimal(100)) if limit and limit.amount else None
    return {
        "meter": used.meter,
        "used": quantity(used.amount, used.meter),
        "limit": quantity(limit.amount, used.meter) if limit else "",
        "stops": bool(limit and limit.stops),
        "expected": quantity(used.forecast, used.meter),
        "is_beyond": bool(limit and used.forecast > limit.amount),
        "share": f"{share:.1f}" if share is not None else "",
        "level": limit.level(used.amount) if limit else 0,
    }


def _money(company: Company, month: Month, used: dict[str, Used]) -> dict[str, Any]:
    bill = closed(month) or preview(company, month, used)
    expected = None if bill.closed_at else preview(company, month, used, expected=True)
    return {
        "bill": bill,
        "lines": [_line(line, bill) for line in bill.lines],
        "subtotal": amount_in(bill.subtotal, bill.currency),
        "tax": amount_in(bill.tax, bill.currency),
        "tax_name": bill.tax_label or _("Tax"),
        "tax_percent": f"{bill.tax_percent.normalize():f}",
        "total": amount_in(bill.total, bill.currency),
        "expected": amount_in(expected.total, expected.currency) if expected else "",
    }


def _line(line: Any, bill: Invoice) -> dict[str, Any]:
    if line.code == PLAN:
        label = _("Plan %(plan)s, %(days)d of %(of)d days") % {
            "plan": bill.plan,
            "days": line.used,
            "of": line.per,
        }
        price = unit_price_in(line.unit_price, bill.currency)
        return {"label": label, "price": price, "amount": amount_in(line.amount, bill.currency)}
    meter = METERS.get(line.code)
    return {
        "label": meter.label if meter else line.code,
        "used": quantity_of(line.used, line.code),
        "included": quantity_of(line.included, line.code),
        "over": quantity_of(line.over, line.code),
        "price": unit_price_in(line.unit_price, bill.currency) if line.unit_price else "",
        "per": exact(line.per) if line.per != 1 else "",
        "amount": amount_in(line.amount, bill.currency),
    }


def _csv(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(answer)
    writer.writerow(head)
    writer.writerows(rows)
    return answer

"""A month's use and its bill: the company's own months, late events, prices that change."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from agents.models import Run
from tenants import context
from tenants.billing import invoicing
from tenants.billing.invoicing import close_due_months, invoice_of, preview
from tenants.billing.models import Bill
from tenants.billing.months import Month, first_month_of
from tenants.billing.reading import used_in
from tenants.figures import rolling
from tenants.figures.models import Watermark
from tenants.figures.sources import SOURCES
from tenants.models import Company, Plan, Subscription
from tenants.workspace.models import UsageDay
from tenants.workspace.services import record_usage
from tests.billing.conftest import used, used_today
from tests.factories import make_conversation, make_message

D = Decimal


def counted(at=None):
    """As if every source had been counted at this time."""
    for name in SOURCES:
        Watermark.objects.update_or_create(
            source=name, defaults={"counted_at": at or timezone.now()}
        )


@pytest.fixture
def at(monkeypatch):
    """``at(moment)``: the clock shows this from now on."""

    def show(moment):
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return show


def test_a_bill_has_a_line_for_everything_and_adds_up(company, priced, taxed, last_month):
    priced(
        currency="EUR",
        monthly_price=D(49),
        ai_answers={"included": 100, "unit_price": D("0.05")},
        storage={"included": 1, "unit_price": D("0.20")},
        seats={"included": 3, "unit_price": 9},
        model_cost={"unit_price": D("1.2")},
    )
    used("ai_answers", 70, last_month.first)
    used("ai_answers", 50, last_month.last)
    used("storage", 3 * 10**9, last_month.first)  # the highest day counts
    used("storage", 2 * 10**9, last_month.last)
    used("seats", 2, last_month.last)
    UsageDay.objects.create(day=last_month.last, kind="model_cost", amount=D("4.321"))
    UsageDay.objects.create(day=last_month.last, kind="cost", amount=D(99))  # by UTC: not ours

    bill = invoice_of(company, last_month)

    assert {line.code: (line.over, line.amount) for line in bill.lines} == {
        "plan": (last_month.length, D(49)),
        "ai_answers": (20, D("1.00")),
        "storage": (2, D("0.40")),
        "seats": (0, D(0)),
        "model_cost": (D("4.321"), D("5.19")),
    }
    assert bill.subtotal == D("55.59")
    assert (bill.tax_label, bill.tax, bill.total) == ("IVA", D("11.67"), D("67.26"))


def test_the_first_month_costs_its_days(company, priced):
    priced(monthly_price=D(31))
    month = first_month_of(company)
    line = invoice_of(company, month).lines[0]
    assert line.used == month.length - 15
    assert line.amount == (D(31) * (month.length - 15) / month.length).quantize(D("0.01"))


def test_a_price_holds_from_the_month_it_begins_with(company, priced, last_month):
    now = last_month.next
    priced(monthly_price=D(10))
    priced(monthly_price=D(20), since=now.first)
    priced(monthly_price=D(30), since=now.first + timedelta(days=1))
    totals = [invoice_of(company, month).total for month in (last_month, now, now.next)]
    assert totals == [D(10), D(20), D(30)]


def test_another_plan_holds_from_the_month_it_begins_with(company, priced, last_month):
    priced(monthly_price=D(10))
    large = Plan.objects.create(code="large", name="Large")
    priced(monthly_price=D(90), plan=large)
    Subscription.objects.create(company=company, plan=large, starts_on=last_month.next.first)
    bills = [invoice_of(company, month) for month in (last_month, last_month.next)]
    assert [(bill.plan, bill.total) for bill in bills] == [("Starter", D(10)), ("Large", D(90))]


def test_a_month_is_closed_once_it_is_over_and_counted(company, priced, last_month, at):
    tariff = priced(monthly_price=D(10), ai_answers={"unit_price": 1})
    used("ai_answers", 7, last_month.last)
    over = last_month.ends_at(company) + invoicing.STAYS_OPEN
    counted(over + timedelta(hours=1))

    at(over - timedelta(seconds=1))
    close_due_months()
    assert not Bill.objects.filter(month=last_month.first).exists()
    at(over + timedelta(hours=2))
    counted(over - timedelta(hours=1))  # workers were away: its last hours may be missing
    close_due_months()
    assert not Bill.objects.filter(month=last_month.first).exists()
    counted(over + timedelta(hours=1))
    assert close_due_months() >= 1
    assert close_due_months() == 0

    # Whatever changes afterwards: the closed month says the same.
    before = invoice_of(company, last_month)
    assert (before.total, before.closed_at) == (D(17), timezone.now())
    used("ai_answers", 1000, last_month.first)
    tariff.lines.update(unit_price=D(99))
    type(tariff).objects.update(monthly_price=D(1000))
    assert invoice_of(company, last_month) == before


def test_the_database_refuses_to_change_a_bill(company, priced, last_month, at):
    priced(monthly_price=D(10))
    counted(last_month.ends_at(company) + timedelta(days=9))
    at(last_month.ends_at(company) + timedelta(days=9))
    close_due_months()
    bill = Bill.objects.get(month=last_month.first)
    deeds = [
        lambda: Bill.objects.filter(pk=bill.pk).update(plan="Free"),
        lambda: bill.lines.update(used=0),
        lambda: bill.lines.all().delete(),
        lambda: Bill.objects.create(
            month=date(2020, 1, 1), number="X", plan="P", currency="EUR", subtotal=1, tax=1,
            total=3, closed_at=timezone.now(),
        ),
    ]  # fmt: skip
    for deed in deeds:
        with pytest.raises(DatabaseError), transaction.atomic():
            deed()

    def commit_a_bill_without_lines():
        with transaction.atomic(), connection.cursor() as cursor:
            Bill.objects.create(
                month=date(2020, 1, 1), number="X", plan="P", currency="EUR", subtotal=1, tax=0,
                total=1, closed_at=timezone.now(),
            )  # fmt: skip
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="add up"):
        commit_a_bill_without_lines()


def test_months_are_the_company_s_own_and_what_comes_late_lands_in_its_month(company, last_month):
    """Half past eleven in the evening in UTC is the next month in Madrid."""
    company.time_zone = "Europe/Madrid"
    begins = datetime.combine(last_month.next.first, datetime.min.time(), UTC)
    talk = make_conversation()

    def answer(moment):
        run = Run.objects.create(
            conversation=talk, turn_version=1, status="done", outcome="sent", due_at=moment
        )
        make_message(conversation=talk, direction="out", author="ai", state="sent",
                     provider_time=moment, run_id=run.pk)  # fmt: skip
        rolling.roll_up()

    def amounts():
        return [
            (used_in(company, month)["ai_answers"].amount,
             used_in(company, month)["ai_conversations"].amount)
            for month in (last_month, last_month.next)
        ]  # fmt: skip

    answer(begins - timedelta(minutes=30))
    assert amounts() == [(0, 0), (1, 1)]
    answer(begins - timedelta(days=2))  # delivered to us only now
    assert amounts() == [(1, 1), (1, 1)]
    answer(begins - timedelta(days=5))  # and earlier still: the conversation counts once a month
    assert amounts() == [(2, 1), (1, 1)]


def test_model_cost_counts_on_the_company_s_own_day(company, at, last_month):
    at(datetime.combine(last_month.last, datetime.max.time(), UTC) - timedelta(minutes=30))
    company.time_zone = "Europe/Madrid"
    record_usage(cost=D("0.5"))
    assert UsageDay.objects.get(kind="cost").day == last_month.last
    assert UsageDay.objects.get(kind="model_cost").day == last_month.next.first


def test_the_forecast_goes_on_as_the_last_week_did(company, at):
    at(datetime(2026, 11, 11, 12, tzinfo=UTC))
    company.time_zone = "UTC"
    month = Month.now(company)
    for day in month.days[:10]:
        used("ai_answers", 7 if day.day % 2 else 14, day)
    used_today(company, "ai_answers", 3)
    found = used_in(company, month)["ai_answers"]
    # 4, 6, 8, 10 November had 14, and 5, 7, 9 had 7: eleven a day, for 19 and a half days more.
    assert found.amount == 5 * 7 + 5 * 14 + 3
    assert found.forecast == found.amount + 11 * 19 + 5
    assert used_in(company, month.before)["ai_answers"].forecast == 0
    expected = preview(company, month, used_in(company, month), expected=True)
    assert expected.total == preview(company, month, {}).total == 0


def test_bills_of_two_companies(company, south, priced, last_month, at):
    priced(monthly_price=D(10), ai_answers={"unit_price": 1})
    used("ai_answers", 5, last_month.last)
    Company.objects.filter(pk=south.pk).update(created_at=company.created_at)
    south.refresh_from_db()
    at(last_month.ends_at(company) + timedelta(days=9))
    with context.inside(south):
        counted()
        close_due_months()
        assert invoice_of(south, last_month).total == D(10)
        assert invoice_of(south, last_month).number == f"SOUTH-{last_month.name}"
    assert not Bill.objects.exists()
    assert invoice_of(company, last_month).total == D(15)

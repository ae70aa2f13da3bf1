"""The room, its tables and the API: who sees what."""

import csv
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from tenants import context, money
from tenants.billing.models import OwnLimit
from tenants.billing.months import Month
from tenants.figures.models import Figure
from tests.billing.conftest import used, used_today
from tests.factories import make_user

D = Decimal


@pytest.fixture
def busy(company, priced, taxed):
    priced(
        currency="EUR",
        monthly_price=D(49),
        ai_answers={"included": 100, "unit_price": D("0.05"), "hard_cap": 500},
        storage={"included": 1, "unit_price": D("0.2")},
    )
    used_today(company, "ai_answers", 1234)
    used_today(company, "storage", 1_500_000_000)
    used("ai_answers", 30, Month.now(company).before.first)
    return company


def test_admins_see_money_and_others_what_was_used(sign_in, busy):
    html = {
        role: sign_in(role).get(reverse("billing:usage")).content.decode()
        for role in ("admin", "agent", "viewer")
    }
    for role, page in html.items():
        assert "1,234" in page
        assert ("EUR" in page) is (role == "admin")
        assert ("Your own limits" in page) is (role == "admin")
        assert "The AI only drafts now" in page
    assert "EUR 56.70" in html["admin"]  # (1234 - 100) at 0.05
    for name in ("bill_table", "limits"):
        for role in ("agent", "viewer"):
            browser = sign_in(role)
            answer = (browser.post if name == "limits" else browser.get)(reverse(f"billing:{name}"))
            assert answer.status_code == 403


@pytest.mark.parametrize("query", ["?month=2019-01", "?month=x", "?month=2026-13", "?meter=x", ""])
def test_an_address_that_makes_no_sense_shows_this_month(sign_in, busy, query):
    answer = sign_in("viewer").get(reverse("billing:usage") + query)
    assert answer.status_code == 200
    assert answer.context["month"] == Month.now(busy)


def test_a_quiet_company_has_a_page_too(sign_in, north):
    page = sign_in("admin").get(reverse("billing:usage")).content.decode()
    assert "Nothing was used in this month" in page


def test_the_tables(sign_in, busy):
    browser, month = sign_in("admin"), Month.now(busy)
    told = browser.get(reverse("billing:usage_table")).content.decode()
    rows = {(row["meter"], row["amount"], row["unit"]) for row in csv.DictReader(io.StringIO(told))}
    assert ("ai_answers", "1234", "answers") in rows
    assert ("storage", "1.5", "GB") in rows
    said = browser.get(reverse("billing:bill_table") + f"?month={month.before.name}")
    lines = list(csv.DictReader(io.StringIO(said.content.decode())))
    assert (lines[-1]["line"], lines[-1]["amount"]) == ("total", "59.29")
    amounts = [D(line["amount"]) for line in lines]
    assert money.total(amounts[:-3]) == amounts[-3]


def test_admins_set_their_own_limits(sign_in, busy):
    browser = sign_in("admin")
    answer = browser.post(reverse("billing:limits"), {"ai_answers": "-1"})
    assert answer.status_code == 422
    assert browser.post(reverse("billing:limits"), {"ai_answers": "70"}).status_code == 302
    assert OwnLimit.objects.get().amount == 70
    browser.post(reverse("billing:limits"), {"ai_answers": ""})
    assert not OwnLimit.objects.exists()


def test_usage_over_the_api(program, busy):
    said = program("viewer").get("/api/v1/usage/").json()
    meters = {each["meter"]: each for each in said["meters"]}
    assert meters["ai_answers"]["amount"] == "1234.000000"
    assert (meters["ai_answers"]["limit"], meters["ai_answers"]["stops"]) == ("500.000000", True)
    assert [each["amount"] for each in meters["storage"]["days"]] == ["1.500000"]
    wrong = program("viewer").get("/api/v1/usage/?month=2019-01")
    assert wrong.status_code == 400


def test_bills_over_the_api(program, busy):
    months = program("admin").get("/api/v1/bill/").json()
    assert months[0] == {
        "month": Month.now(busy).name, "is_closed": False, "currency": None, "total": None,
    }  # fmt: skip
    bill = program("admin").get(f"/api/v1/bill/{months[1]['month']}/").json()
    assert (bill["total"], bill["tax_label"], bill["closed_at"]) == ("59.290", "IVA", None)
    assert sum(D(line["amount"]) for line in bill["lines"]) == D(bill["subtotal"])
    for role in ("agent", "viewer"):
        assert program(role).get("/api/v1/bill/").status_code == 403
        assert program(role).get("/api/v1/usage/limits/").status_code == 403
    assert program("admin").get("/api/v1/bill/2019-01/").status_code == 404
    assert program("admin").get("/api/v1/bill/x/").status_code == 404


def test_limits_over_the_api(program, busy):
    admin = program("admin")
    given = {"ai_answers": "25"}
    answer = admin.patch("/api/v1/usage/limits/", given, content_type="application/json")
    assert answer.json() == {"ai_conversations": None, "ai_answers": "25"}
    for wrong in ({"ai_answers": -1}, {"ai_answers": "x"}):
        answer = admin.patch("/api/v1/usage/limits/", wrong, content_type="application/json")
        assert answer.status_code == 400


def test_another_company_sees_its_own(client, busy, south):
    with context.inside(south):
        client.defaults["HTTP_HOST"] = "south.localhost"
        client.force_login(make_user(role="admin"), backend="tenants.accounts.backends.RoleBackend")
        Figure.objects.create(day=Month.now(south).first, kind="ai_answers", n=77)
        page = client.get(reverse("billing:usage")).content.decode()
    assert "1,234" not in page
    assert ">77<" in page

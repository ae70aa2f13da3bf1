"""Limits: told once at 80 and 100 per cent, stopped where they stop, and by whom they are set."""

import smtplib
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from tenants import context
from tenants.admin import SubscriptionForm, TariffForm
from tenants.billing.cards import near, stopped
from tenants.billing.models import CapNotice
from tenants.billing.months import Month
from tenants.billing.standing import change_own_limits, look, mail_notices
from tenants.figures.models import Figure
from tenants.models import Tariff, TariffLine
from tenants.plans import is_in_force
from tenants.workspace.models import Profile
from tests.billing.conftest import used_today
from tests.factories import make_user

D = Decimal


def allowance():
    return Profile.current().allowance


@pytest.mark.parametrize(
    ("line", "n", "level", "told"),
    [
        ({"included": 100}, 79, 0, (False, False)),
        ({"included": 100}, 80, 80, (False, True)),
        ({"included": 100}, 100, 100, (False, True)),  # more is charged, nothing stops
        ({"included": 50, "hard_cap": 100}, 99, 80, (False, True)),
        ({"included": 50, "hard_cap": 100}, 100, 100, (True, False)),
        ({"hard_cap": 0}, 0, 100, (True, False)),
    ],
)
def test_where_a_company_stands(company, priced, line, n, level, told):
    priced(ai_answers=line)
    used_today(company, "ai_answers", n)
    look()
    assert allowance()["levels"].get("ai_answers", 0) == level
    caps = {"ai_answers": f"{line['hard_cap']:.6f}"} if "hard_cap" in line else {}
    assert allowance()["caps"] == caps
    assert (bool(stopped()), bool(near())) == told


def test_without_limits_nothing_is_written_and_nothing_said(company):
    used_today(company, "ai_answers", 10**6)
    look()
    assert allowance() == {}
    assert (stopped(), near()) == (None, None)
    assert mail_notices() == 0


def test_what_was_reached_last_month_says_nothing_in_this_one(company, priced):
    priced(ai_answers={"hard_cap": 1})
    used_today(company, "ai_answers", 1)
    look()
    assert stopped()
    Profile.objects.update(
        allowance={**allowance(), "month": Month.now(company).before.name},
    )
    assert stopped() is None


def test_admins_are_mailed_once_a_level_and_month(company, priced, settings):
    make_user(role="admin", email="ana@north.example")
    make_user(role="admin", email="hind@north.example", language="ar")
    make_user(role="agent")
    priced(ai_answers={"included": 100}, contacts={"included": 10})
    used_today(company, "ai_answers", 85)
    used_today(company, "contacts", 10)

    for _ in range(2):
        look()
        mail_notices()
    assert sorted(letter.to for letter in mail.outbox) == [
        ["ana@north.example"],
        ["hind@north.example"],
    ]
    text = next(letter.body for letter in mail.outbox if letter.to == ["ana@north.example"])
    assert "80 % of this month" in text
    assert "People who wrote: the limit of this month is reached." in text
    assert "/usage/" in text

    Figure.objects.filter(kind="ai_answers").update(n=100)
    look()
    mail_notices()
    assert len(mail.outbox) == 4


def test_a_mail_that_does_not_leave_is_tried_again(company, priced, monkeypatch):
    make_user(role="admin")
    priced(ai_answers={"included": 1})
    used_today(company, "ai_answers", 1)
    look()

    def refuse(*args, **kwargs):
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        assert mail_notices() == 0
    assert mail_notices() == 1
    assert len(mail.outbox) == 1


def test_the_nearest_limit_counts(company, priced):
    priced(ai_answers={"hard_cap": 100}, ai_conversations={"hard_cap": 10})
    change_own_limits(actor="user:1", limits={"ai_answers": D(40), "ai_conversations": D(90)})
    assert allowance()["caps"] == {"ai_answers": "40.000000", "ai_conversations": "10.000000"}
    change_own_limits(actor="user:1", limits={"ai_answers": None})
    assert allowance()["caps"]["ai_answers"] == "100.000000"


def test_the_other_company_keeps_its_own(company, south, priced):
    """They share a plan; what one uses, or limits for itself, is nothing to the other."""
    priced(ai_answers={"included": 10})
    used_today(company, "ai_answers", 10)
    change_own_limits(actor="user:1", limits={"ai_answers": D(5)})
    with context.inside(south):
        look()
        assert allowance() == {"month": Month.now(south).name, "caps": {}, "levels": {}}
        assert not CapNotice.objects.exists()
    assert stopped()


def test_a_price_in_force_is_not_changed(company):
    now = timezone.localdate()
    old = Tariff.objects.create(plan=company.plan, effective_from=now.replace(day=1))
    coming = Tariff.objects.create(plan=company.plan, effective_from=now + timedelta(days=40))
    assert (is_in_force(old), is_in_force(coming)) == (True, False)

    given = {"plan": company.plan.pk, "currency": "EUR", "monthly_price": "5"}
    assert not TariffForm({**given, "effective_from": now - timedelta(days=40)}).is_valid()
    assert TariffForm({**given, "effective_from": now + timedelta(days=70)}).is_valid()


def test_another_plan_begins_in_the_future(company):
    given = {"plan": company.plan.pk, "tax_label": "IVA", "tax_percent": "21"}
    now = timezone.localdate()
    assert not SubscriptionForm({**given, "starts_on": now}).is_valid()
    assert SubscriptionForm({**given, "starts_on": now + timedelta(days=1)}).is_valid()


def test_only_what_the_ai_does_can_be_stopped(company):
    tariff = Tariff.objects.create(plan=company.plan, effective_from=timezone.localdate())
    TariffLine(tariff=tariff, meter="ai_answers", hard_cap=5).full_clean()
    with pytest.raises(ValidationError, match="Only what the AI does"):
        TariffLine(tariff=tariff, meter="contacts", hard_cap=5).full_clean()

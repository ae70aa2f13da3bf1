"""Caps on what models cost: the ladder, and a promise that many threads at once keep."""

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier

import pytest

from agents import gateway
from agents.gateway import Caps, Rung, Spent
from agents.gateway.budget import reserve, spent_so_far
from agents.gateway.routing import cheapest_first
from agents.models import Run, SpendingDay
from agents.prices import prices_are_numbers
from agents.providers.base import ChatMessage
from agents.refusals import HANDOVERS, REFUSALS
from tenants.workspace.models import UsageDay
from tests.committed import Threads, committed
from tests.contracts.model_server import UNDERSTANDING, Said, by_claude, recorded, serving

D = Decimal
TODAY = datetime.now(UTC).date()


@pytest.fixture
def claude(settings):
    with serving() as server:
        settings.ANTHROPIC_API_KEY = "k"
        settings.ANTHROPIC_BASE_URL = server.url
        server.say(Said(body=recorded("anthropic", "message")))
        yield server


def ask(caps=None, rung=Rung.FULL, **kwargs):
    return gateway.complete(
        task="reply",
        messages=[ChatMessage("user", "How much is the desk?")],
        terms=gateway.Terms(caps=caps, rung=rung),
        **kwargs,
    )


@pytest.mark.parametrize(
    ("caps", "day", "month", "rung"),
    [
        (Caps(daily_hard=D(10)), 0, 0, Rung.FULL),
        (Caps(daily_hard=D(10)), 8, 8, Rung.CHEAPER),
        (Caps(daily_hard=D(10)), 9, 9, Rung.SMALLER),
        (Caps(daily_hard=D(10)), 10, 10, Rung.OFFLINE),
        (Caps(daily_hard=D(0)), 0, 0, Rung.OFFLINE),
        (Caps(daily_soft=D(2)), 50, 50, Rung.CHEAPER),
        (Caps(daily_soft=D(2), daily_hard=D(10)), 6, 6, Rung.SMALLER),
        (Caps(daily_hard=D(10), monthly_hard=D(20)), 1, 20, Rung.OFFLINE),
        (Caps(), 1_000, 1_000, Rung.FULL),
    ],
)
def test_the_ladder(caps, day, month, rung):
    assert caps.rung(Spent(D(day), D(month))) == rung


def test_what_was_used_counts_from_the_first_call_on(north):
    UsageDay.objects.create(day=TODAY, kind="cost", amount=D("0.95"))
    caps = Caps(daily_hard=D(1))

    assert reserve(caps, D("0.06")) is None
    reserved = reserve(caps, D("0.04"))
    assert spent_so_far().day == D("0.99")
    reserved.settle(D("0.01"))
    assert spent_so_far().day == D("0.96")
    assert reserve(caps, D("0.04"))


def test_the_month_counts_its_days(north):
    if TODAY.day > 1:
        UsageDay.objects.create(day=TODAY.replace(day=1), kind="cost", amount=D(3))
        assert spent_so_far() == Spent(D(0), D(3))
        assert reserve(Caps(monthly_hard=D(3)), D("0.01")) is None
    assert reserve(Caps(monthly_hard=D(4)), D(1))
    assert reserve(Caps(monthly_hard=D(4)), D(1)) is None or TODAY.day == 1


def test_many_threads_at_once_do_not_pass_the_cap(claude, django_db_setup, django_db_blocker):
    """Twelve workers of one company, and money for a few of their calls."""
    caps, done, start = Caps(daily_hard=D("0.05")), [], Barrier(12)
    claude.say(Said(body=recorded("anthropic", "message"), wait=0.5))

    def one():
        start.wait(10)
        with suppress(gateway.NoAnswer):
            done.extend(ask(caps).calls)

    with django_db_blocker.unblock(), committed():
        threads = Threads()
        threads.run([one] * 12)
        spent = spent_so_far().day
    assert threads.errors == []
    assert 0 < len(claude.asked) < 12
    assert spent == sum(call.cost for call in done) <= D("0.05")


def test_a_refused_call_gives_its_money_back(north, claude):
    claude.say(Said(status=500, body={}))
    assert ask(Caps(daily_hard=D(1))).route == gateway.OFFLINE

    assert SpendingDay.objects.get().amount == 0


def test_a_lost_answer_may_have_been_charged(north, claude):
    claude.say(Said(drop=True))
    assert ask(Caps(daily_hard=D(1))).route == gateway.OFFLINE

    assert SpendingDay.objects.get().amount > 0


def test_a_model_of_unknown_price_is_counted_as_the_dearest(north, claude, settings):
    settings.MODEL_ROUTES = {"reply": ["anthropic/claude-nobody-knows"]}
    assert ask(Caps(daily_hard=D(1))).calls[0].cost == 0
    assert SpendingDay.objects.get().amount == D("0.000348")  # 42 x 4 + 9 x 20 dollars per million

    settings.MODEL_PRICES = {"anthropic/claude-nobody-knows": ["1", 2.5]}
    assert ask(Caps(daily_hard=D(1))).calls[0].cost == D("0.0000645")


def test_a_price_that_is_none_fails_the_start(settings):
    settings.MODEL_PRICES = {"openai/a": ["1"], "openai/b": "x", "openai/c": ["1", 2.5]}

    assert len(prices_are_numbers(None)) == 2


class TestADoubt:
    def test_the_engines_unsure_word_waits_for_a_person(self, company, says, work, claude):
        """The vendor is not asked, and search is not sure of what the engine found."""
        company.daily_hard_cap = D(0)
        company.save()
        company_search = "agents.services.thinking.THRESHOLD"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(company_search, 2.0)
            says("How much does the standing desk Nova cost?")
            work()

        run = Run.objects.get()
        assert run.outcome == Run.Outcome.DRAFTED
        assert "349" in run.draft


def test_nothing_is_counted_without_a_hard_cap(north, claude):
    ask()

    assert not SpendingDay.objects.exists()


def test_from_the_soft_cap_on_the_cheapest_answers(north, claude):
    assert ask().route == "anthropic/claude-sonnet-5-5"
    assert ask(rung=Rung.CHEAPER).route == "anthropic/claude-haiku-5-5"


def test_cheapest_first_asks_nobody_new(north, claude, settings):
    settings.OPENAI_API_KEY = ""

    routes = cheapest_first(gateway.routes_for("reply"))
    assert {route.partition("/")[0] for route in routes} == {"anthropic", "offline"}
    assert routes[-1] == gateway.OFFLINE


class TestMidConversation:
    """The admin sets the cap to zero while a customer writes."""

    def test_the_answer_is_honest_without_a_vendor(self, company, says, work, claude):
        company.daily_hard_cap = D(0)
        company.save()
        message = says("How much does the standing desk Nova cost?")
        work()

        run = Run.objects.get()
        assert claude.asked == []
        assert run.outcome == Run.Outcome.SENT
        assert "349" in run.draft
        assert run.cost == 0
        assert any("budget" in warning for warning in run.warnings)
        assert message.conversation.messages.count() == 2

    def test_what_is_not_known_gets_a_person(self, company, says, work, claude):
        company.monthly_hard_cap = D(0)
        company.save()
        message = says("What is the price of your helicopter insurance in Greenland?")
        work()

        run = Run.objects.get()
        assert claude.asked == []
        assert run.outcome == Run.Outcome.HANDED_OVER
        last = message.conversation.messages.order_by("-pk").first()
        assert last.text in {REFUSALS["en"], HANDOVERS["en"]}

    def test_between_two_calls_of_one_message(self, company, says, work, claude, monkeypatch):
        """It sufficed for reading the message, not for the answer."""
        company.daily_hard_cap = D("0.01")
        company.save()
        read = by_claude(UNDERSTANDING)
        read.body["usage"]["input_tokens"] = 60_000  # of it 0.006
        claude.say(read)
        says("How much does the standing desk Nova cost?")
        work()

        run = Run.objects.get()
        assert len(claude.asked) == 1
        assert (run.outcome, run.intent) == (Run.Outcome.SENT, "sales")
        assert "349" in run.draft
        assert UsageDay.objects.get(kind="cost").amount == run.cost <= company.daily_hard_cap

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_app.signals import message_received
from leads.models import Contribution, Evidence, Lead, LeadChange
from leads.services import (
    apply_understanding,
    correct_facts,
    forget_message,
    known_facts,
    lead_of,
    record_facts,
    sweep,
    what_would_make_it_hot,
)
from tenants import context
from tests.factories import make_conversation, make_message, make_user

WANTS = "I want two rooms, about 900 euros, this week. Mail me: ada@acme.example"
FACTS = {
    "interest": "two rooms",
    "budget": "900 EUR",
    "timeline": "this week",
    "email": "ada@acme.example",
}
QUOTES = {"budget": "about 900 euros", "intent": "I want two rooms"}


def understand(message, **kwargs):
    defaults = {"facts": FACTS, "intent": "sales", "sentiment": 0.0, "quotes": QUOTES}
    return apply_understanding(
        conversation=message.conversation, message=message, **{**defaults, **kwargs}
    )


def check_sums():
    """What the database will say at commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def message(north):
    return make_message(text=WANTS)


def test_a_message_makes_a_lead_with_its_reasons(message):
    lead = understand(message)

    assert (lead.score, lead.tier, lead.stage) == (83, "hot", "new")
    assert lead.facts == FACTS
    assert {c.rule: (c.points, c.quote, c.message) for c in lead.contributions.all()} == {
        "intent": (25, "I want two rooms", message),
        "budget": (20, "about 900 euros", message),
        "interest": (10, "two rooms", message),
        "timeline": (10, "this week", message),
        "urgency": (10, "this week", message),
        "email": (8, "ada@acme.example", message),
    }
    check_sums()


def test_the_history_says_what_changed_by_whom_and_why(message):
    lead = understand(message)
    history = {change.field: change for change in lead.changes.all()}
    assert history["stage"].after == "new"
    assert history["tier"].after == "hot"
    assert (history["score"].before, history["score"].after) == ("0", "83")
    assert history["score"].reason.startswith("Wants to buy +25, Budget +20")
    assert history["fact:budget"].after == "900 EUR"
    assert {(c.actor, c.message) for c in history.values()} == {("ai", message)}


def test_the_same_message_again_changes_nothing(message, rung, committing):
    with committing():
        before = understand(message)
    with committing():
        again = understand(message)
    assert (again.version, rung) == (before.version, [(83, True)])
    assert Contribution.objects.count() == 6
    assert Evidence.objects.count() == 1


def test_again_without_literal_words_changes_nothing_either(message):
    for _ in range(2):
        lead = understand(message, facts={"budget": "a fortune"}, quotes={})
        assert (lead.facts, lead.version) == ({"budget": "a fortune"}, 1)


def test_the_bell_rings_once_it_is_committed_and_says_what_became_hot(message, rung, committing):
    with committing():
        lead = understand(message)
        assert rung == []
    with committing():
        correct_facts(lead=lead, facts={"role": "CEO"}, actor="user:1")
    assert rung == [(83, True), (88, False)]


def test_spam_makes_no_lead_and_leaves_one_alone(message, rung, committing):
    assert understand(message, intent="spam") is None
    assert Lead.objects.count() == 0
    lead = understand(message)
    with committing():
        assert understand(make_message(conversation=message.conversation), intent="spam") == lead
    assert rung == []


def test_facts_add_up_over_a_conversation_and_the_newest_word_counts(message):
    understand(message)
    later = make_message(conversation=message.conversation, text="Make it 1200 euros. I am the CEO")
    lead = understand(
        later,
        facts={"budget": "1200 euros", "role": "CEO", "email": ""},
        intent="general",
        quotes={},
    )
    assert lead.facts == {**FACTS, "budget": "1200 euros", "role": "CEO"}
    assert lead.score == 88
    assert lead.contributions.get(rule="budget").message == later
    assert lead.contributions.get(rule="intent").message == message


def test_only_words_that_were_said_are_shown_as_said(message):
    quotes = {"budget": "a million dollars", "intent": "gimme"}
    lead = understand(message, facts={"budget": "a million"}, quotes=quotes)
    assert lead.contributions.get(rule="budget").quote == ""
    assert lead.contributions.get(rule="intent").quote == WANTS


def test_a_fact_known_from_earlier_words_keeps_its_source(message):
    """A model that reads the history repeats what it finds there."""
    understand(message)
    thanks = make_message(conversation=message.conversation, text="Thanks!")
    lead = understand(thanks, intent="general", quotes={})
    assert lead.contributions.get(rule="budget").message == message
    assert Evidence.objects.get(message=thanks).facts == {}


def test_each_fact_of_a_burst_is_credited_to_the_message_that_says_it(north):
    conversation = make_conversation()
    first = make_message(conversation=conversation, text="My budget is 900")
    last = make_message(conversation=conversation, text="and I need two rooms")
    facts = {"budget": "900", "interest": "two rooms"}
    lead = understand(last, burst=[first], facts=facts, quotes={})
    assert {fact.name: fact.message_id for fact in known_facts(lead)} == {
        "budget": first.pk,
        "interest": last.pk,
    }
    assert forget_message(message=first).facts == {"interest": "two rooms"}


class TestWordsTakenBack:
    def test_a_deleted_message_takes_its_points_along(self, message, rung, committing):
        understand(message)
        with committing():
            message_received.send(sender=type(message), message=message, change="deleted")
        lead = lead_of(message.conversation.contact)
        assert (lead.score, lead.tier, lead.facts) == (0, "cold", {})
        assert lead.contributions.count() == 0
        assert rung[-1] == (0, False)
        assert lead.changes.filter(field="score").first().reason == "The message was unsent"
        check_sums()

    def test_what_was_said_elsewhere_stays(self, message):
        understand(message)
        later = make_message(conversation=message.conversation, text="900 euros, as I said")
        understand(later, facts={"budget": "900 EUR"}, intent="general", quotes={"budget": "900"})
        lead = forget_message(message=message)
        assert lead.facts == {"budget": "900 EUR"}
        assert lead.contributions.get(rule="budget").message == later

    def test_an_earlier_value_returns(self, message):
        understand(message)
        later = make_message(conversation=message.conversation, text="1200 euros")
        understand(later, facts={"budget": "1200 euros"}, intent="general", quotes={})
        assert forget_message(message=later).facts["budget"] == "900 EUR"

    def test_words_taken_back_before_they_were_understood_never_count(self, message):
        type(message).objects.filter(pk=message.pk).update(deleted_at=timezone.now())
        assert understand(message) is None
        assert Lead.objects.count() == 0

    def test_words_edited_while_they_were_being_understood_do_not_count(self, message):
        type(message).objects.filter(pk=message.pk).update(edited_at=timezone.now())
        assert understand(message) is None
        message.refresh_from_db()
        assert understand(message).score == 83

    def test_the_sweeper_hears_what_a_crash_swallowed(self, message):
        understand(message)
        type(message).objects.filter(pk=message.pk).update(
            deleted_at=timezone.now() + timedelta(seconds=1)
        )
        assert sweep()["forgotten"] == 1
        assert lead_of(message.conversation.contact).score == 0
        assert sweep()["forgotten"] == 0


def test_what_we_learnt_outlives_the_message_kept_ninety_days(message):
    lead = understand(message)
    message.delete()
    lead = correct_facts(lead=lead, facts={"role": "CEO"}, actor="user:1")
    assert lead.score == 88
    check_sums()


def test_a_person_corrects_facts_and_takes_them_back(message):
    lead = understand(message)
    user = make_user()
    lead = correct_facts(lead=lead, facts={"budget": "", "company": "Acme"}, actor=user.actor)
    assert "budget" not in lead.facts
    assert lead.company == "Acme"
    assert lead.score == 68
    assert lead.changes.filter(field="fact:budget").first().actor == user.actor


def test_a_tool_may_record_facts_without_a_message(north):
    lead = record_facts(conversation=make_conversation(), facts={"budget": "900"})
    assert (lead.score, lead.facts) == (20, {"budget": "900"})


def test_what_would_make_it_hot(message):
    lead = understand(message, facts={"budget": "900 EUR"})
    assert what_would_make_it_hot(lead)[0] == "What exactly they need (+10)"


def test_facts_and_history_are_not_readable_in_the_tables(message):
    understand(message)
    with connection.cursor() as cursor:
        for table in ("leads_lead", "leads_evidence", "leads_contribution", "leads_leadchange"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")  # noqa: S608
            assert "ada@acme" not in cursor.fetchone()[0]


class TestTheDatabaseKeepsTheSum:
    def test_it_refuses_a_score_without_reasons(self, message):
        lead = understand(message)
        check_sums()
        Lead.objects.filter(pk=lead.pk).update(score=99)
        with pytest.raises(IntegrityError, match="add up to 83"):
            check_sums()

    @pytest.mark.parametrize("deed", ["add", "change", "delete"])
    def test_it_refuses_reasons_without_the_score(self, message, deed):
        lead = understand(message)
        check_sums()
        budget = Contribution.objects.filter(lead=lead, rule="budget")
        if deed == "add":
            Contribution.objects.create(lead=lead, rule="luck", points=1)
        elif deed == "change":
            budget.update(points=19)
        else:
            budget.delete()
        with pytest.raises(IntegrityError, match="lead_score_is_the_sum|add up to"):
            check_sums()

    def test_it_judges_the_right_company_wherever_the_connection_is_by_then(self, message, south):
        understand(message)
        with context.inside(south):
            check_sums()

    def test_a_deleted_lead_takes_its_rows_along(self, message):
        lead = understand(message)
        message.conversation.contact.delete()
        check_sums()
        assert not Contribution.objects.filter(lead_id=lead.pk).exists()
        assert not LeadChange.objects.filter(lead_id=lead.pk).exists()

    def test_it_keeps_the_score_between_0_and_100(self, message):
        lead = understand(message)
        with pytest.raises(IntegrityError, match="lead_score_0_to_100"), transaction.atomic():
            Lead.objects.filter(pk=lead.pk).update(score=101)


def test_a_message_costs_few_queries(message, memories_last):
    # One to make the lead, four for what was understood, one to tell people of a hot one;
    # savepoints stand for the transaction.
    understand(make_message(text=message.text))  # what processes remember is read
    with CaptureQueriesContext(connection) as first:
        understand(message)
    more = make_message(conversation=message.conversation, text="I am the CEO of Acme")
    with CaptureQueriesContext(connection) as second:
        understand(more, facts={"role": "CEO", "company": "Acme"}, quotes={})
    costs = [
        sum("SAVEPOINT" not in query["sql"] for query in one.captured_queries)
        for one in (first, second)
    ]
    assert costs == [6, 6]

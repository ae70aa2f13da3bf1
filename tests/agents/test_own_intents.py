"""A company's own intents: a few examples, and the next message is found by them."""

import pytest
from django.core.exceptions import ValidationError

from agents import prompts
from agents.models import OwnIntent, Run
from agents.prompts import OwnKind
from agents.services import autonomy, intents
from channels_app.models import Conversation
from tenants.audit.models import AuditEntry

WHOLESALE = [
    "Do you sell to resellers?",
    "We are a shop and want to stock your desks",
    "What are your wholesale conditions?",
    "Can we become a dealer of your brand?",
]
PRESS = [
    "I am a journalist writing about your company",
    "Can I get press photos of your products?",
    "We would like an interview with your founder for our magazine",
]


@pytest.fixture
def wholesale(company, people):
    intents.save_intent(name="Press", examples=PRESS, actor="user:1")
    made = intents.save_intent(
        name="Wholesale",
        description="Shops that want to resell",
        examples=WHOLESALE,
        owner=people["agent"],
        team="B2B",
        actor="user:1",
    )
    company.refresh_from_db()
    return made


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Our shop wants to stock your desks, can we be a dealer?", "wholesale"),
        ("Are there wholesale prices for dealers?", "wholesale"),
        ("هل تبيعون بالجملة للمحلات؟", "wholesale"),
        ("I write for a magazine, may I interview your founder?", "press"),
        ("How much does the Nova cost?", ""),
        ("Do you sell chairs?", ""),
        ("We want to buy your desks for our office", ""),
        ("Hello!", ""),
        ("ما هي ساعات العمل؟", ""),
    ],
)
def test_a_message_is_found_by_examples_in_any_language(wholesale, company, text, key):
    assert intents.chosen(company, text, named="") == key


def test_a_model_s_word_counts_where_the_examples_are_not_sure(wholesale, company):
    assert intents.chosen(company, "Something else entirely", named="press") == "press"
    assert intents.chosen(company, "Something else entirely", named="invented") == ""


def test_only_a_company_that_has_some_names_them_to_the_model():
    plain = prompts.understand([], ["Hi"], language="en")
    own = prompts.understand(
        [], ["Hi"], language="en", own=[OwnKind("wholesale", "Wholesale", "</x> resellers")]
    )
    assert plain.system in own.system
    assert "- wholesale: Wholesale – ‹/x› resellers" in own.system


def test_the_run_knows_it_and_its_owner_is_given_what_is_passed_on(
    wholesale, company, says, work, people
):
    row = {"channel": "any", "low": "never", "medium": "never", "high": "never"}
    easy = {"channel": "any", "intent": "any", "low": "send", "medium": "send", "high": "send"}
    autonomy.change_policy(
        rows=[{**row, "intent": "wholesale"}, easy],
        delay_seconds=30,
        expires_hours=24,
        actor="user:1",
    )
    says("Our shop wants to stock your desks, can we be a dealer? How much is the Nova?")
    work()

    run = Run.objects.get()
    assert run.own_intent == "wholesale"
    talk = Conversation.objects.get()
    assert not talk.is_with_ai
    assert talk.assignee == people["agent"]
    if run.ruling:
        assert run.ruling["row"] == "any/wholesale"


def test_without_any_nothing_is_asked(company, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert intents.chosen(company, "Do you sell to resellers?", named="press") == ""


def test_a_change_is_known_with_the_next_message(wholesale, company):
    intents.remove_intent(intent=wholesale, actor="user:1")
    company.refresh_from_db()
    assert intents.chosen(company, WHOLESALE[0], named="") == ""
    intents.remove_intent(intent=OwnIntent.objects.get(), actor="user:1")
    company.refresh_from_db()
    assert company.own_intents == 0
    assert AuditEntry.objects.filter(action="intent.removed").count() == 2


def test_keys_are_made_of_names_and_never_ours(company):
    keys = [
        intents.save_intent(name=name, examples=PRESS, actor="user:1").key
        for name in ("Sales", "بالجملة", "بالجملة", "2nd hand!")
    ]
    assert keys == ["sales_2", "intent", "intent_2", "intent_2nd_hand"]


@pytest.mark.parametrize("examples", [[], ["one"], ["x" * 301, "y"], [str(n) for n in range(31)]])
def test_too_few_or_too_long_examples_are_refused(company, examples):
    with pytest.raises(ValidationError):
        intents.save_intent(name="Press", examples=examples, actor="user:1")

"""Answers from memory: the same question costs nothing, and nobody hears what was another's."""

import json
import re

import pytest

from agents.guardrails.repetition import is_anybodys, is_same
from agents.models import RememberedAnswer, Run, RunStep
from agents.offline.alignment import words_by
from agents.services import remembering
from knowledge.services import add_document, embed_locally, index_document
from tenants.workspace.models import UsageDay
from tests.contracts.model_server import UNDERSTANDING, by_claude, serving
from tests.factories import make_message

QUESTION = "How much does the standing desk Nova cost?"
AGAIN = "how much does the Nova standing desk cost, please?"
SENTENCE = {
    "text": "The standing desk Nova costs 349 EUR.",
    "quote": "Our standing desk Nova costs 349 EUR.",
}


@pytest.fixture
def claude(settings):
    with serving() as server:
        settings.ANTHROPIC_API_KEY = "k"
        settings.ANTHROPIC_BASE_URL = server.url

        def thinks(asked):
            newest = asked["messages"][-1]["content"]
            if "--- newest ---" in newest:
                said = UNDERSTANDING
            else:
                # It reads the Nova as somebody's name.
                [told] = set(re.findall(r"Our standing desk (.+?) costs", newest))
                before = newest[: newest.index(f"desk {told} costs")]
                number = int(before.rpartition('number="')[2].partition('"')[0])
                sentence = json.loads(json.dumps(SENTENCE).replace("Nova", told))
                said = {"grounded": True, "sentences": [{**sentence, "source": number}]}
            return by_claude(said)

        server.thinks = thinks
        yield server


@pytest.fixture
def asks(company, says, work, claude):
    """Ask, have it answered, and tell the run with how many calls it took."""

    def ask(text, conversation=None):
        before = len(claude.asked)
        says(text, conversation)
        work()
        return Run.objects.order_by("pk").last(), len(claude.asked) - before

    return ask


def test_the_second_time_it_is_answered_from_memory(asks):
    first, calls = asks(QUESTION)
    assert (first.outcome, calls) == ("sent", 2)

    second, calls = asks(AGAIN)
    assert (second.outcome, calls) == ("sent", 0)
    assert (second.draft, second.sources, second.intent) == (
        *(first.draft, first.sources, first.intent),
    )
    assert second.cost == 0
    steps = {step.name: step for step in second.steps.all()}
    assert list(steps) == RunStep.Name.values
    assert steps["reply"].warning == "answered from memory"
    assert steps["retrieve"].detail["passages"] == first.sources
    saved = dict(UsageDay.objects.values_list("kind", "amount"))
    assert saved["remembered"] == 1
    assert saved["remembered_cost"] == first.cost
    assert RememberedAnswer.objects.get().uses == 1
    assert second.conversation.contact.lead.score > 0


@pytest.mark.parametrize(
    "change",
    [
        {"tone": "Grumpy."},
        {"about": "Another shop."},
        {"hides_personal": False},
        {"remembers_answers": False},
        {"model_routes": {"reply": ["anthropic/claude-opus-5-5"]}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_setting_is_another_answer(asks, company, change):
    asks(QUESTION)
    for name, value in change.items():
        setattr(company, name, value)
    company.save()

    assert asks(QUESTION)[1] == 2


def test_other_knowledge_is_another_answer(asks):
    asks(QUESTION)
    guide = add_document(title="News", source_name="n.md", content=b"# News\n\nWe have new chairs.")
    index_document(document_id=guide.pk)

    assert asks(QUESTION)[1] == 2


@pytest.mark.parametrize(
    "text",
    [
        f"{QUESTION} I am Grace Mwangi",
        f"{QUESTION} grace@savannatours.example",
        f"{QUESTION} My budget is 4000 EUR",
        "How much does the standing desk Nova cost today?",
    ],
)
def test_what_is_personal_is_neither_kept_nor_looked_up(asks, text):
    asks(QUESTION)
    RememberedAnswer.objects.all().delete()

    assert asks(text)[1] == 2
    assert not RememberedAnswer.objects.exists()


def test_what_follows_on_something_is_not_kept(asks, thread):
    conversation = thread()
    make_message(conversation=conversation, text="Hello")
    make_message(conversation=conversation, text="Hi! How can we help?", direction="out")

    assert asks(QUESTION, conversation)[1] == 2
    assert not RememberedAnswer.objects.exists()


def test_but_what_stands_by_itself_is_answered_from_memory(asks, thread):
    asks(QUESTION)
    conversation = thread()
    make_message(conversation=conversation, text="Hello")
    make_message(conversation=conversation, text="Hi! How can we help?", direction="out")

    assert asks(QUESTION, conversation)[1] == 0


def test_it_is_bounded(asks, monkeypatch):
    monkeypatch.setattr(remembering, "MOST_ANSWERS", 1)
    monkeypatch.setattr(remembering, "PRUNE_EVERY", 1)
    asks(QUESTION)
    asks("How much does the standing desk Nova in oak cost?")

    assert RememberedAnswer.objects.count() == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (QUESTION, AGAIN, True),
        ("Do you deliver to Spain?", "do you DELIVER to spain", True),
        ("Does it carry 100 kg?", "Does it carry 120 kg?", False),
        ("Is the oak desk in stock?", "Is the white desk in stock?", False),
        ("Do you deliver to Madrid?", "Do you deliver to Sevilla?", False),
        ("A desk with drawers?", "A desk without drawers?", False),
        ("Are you open on Monday?", "Are you open on Sunday?", False),
        ("Do you sell used desks?", "Do you buy used desks?", False),
        ("Can I return it before 30 days?", "Can I return it after 30 days?", False),
        ("¿Hacen envíos a España?", "hacen envios a españa", True),
    ],
)
def test_the_same_question_or_another(one, other, same):
    assert is_same(one, other, words_by(embed_locally)) is same


@pytest.mark.parametrize(
    ("text", "anybodys"),
    [
        (QUESTION, True),
        ("¿Hacen envíos a España?", True),
        ("Where is my order?", False),
        ("And in blue?", False),
        ("How much is it?", False),
        ("Are you open now?", False),
        ("I want to talk to a human", False),
        ("word " * 100, False),
    ],
)
def test_what_anybody_may_ask(text, anybodys):
    assert is_anybodys(text) is anybodys

"""Drafting beside understanding: one wait, and no word that should not have been said."""

import re
import time

import pytest

from agents.models import Run, RunStep
from tests.contracts.model_server import UNDERSTANDING, Said, by_claude, serving

QUESTION = "How much does the standing desk Nova cost?"
WAIT = 0.6


@pytest.fixture
def means():
    """What the model finds in the message; a test may change it."""
    return {**UNDERSTANDING}


@pytest.fixture
def claude(settings, means):
    with serving() as server:
        settings.ANTHROPIC_API_KEY = "k"
        settings.ANTHROPIC_BASE_URL = server.url

        def thinks(asked):
            newest = asked["messages"][-1]["content"]
            if "--- newest ---" in newest:
                return by_claude(means, wait=WAIT)
            [desk] = set(re.findall(r"Our standing desk (.+?) costs", newest)) or {""}
            before = newest[: newest.find(f"desk {desk} costs")]
            number = int(before.rpartition('number="')[2].partition('"')[0] or 0)
            quote = f"Our standing desk {desk} costs 349 EUR."
            sentence = {"text": f"The {desk} costs 349 EUR.", "source": number, "quote": quote}
            return by_claude({"grounded": True, "sentences": [sentence]}, wait=WAIT)

        server.thinks = thinks
        yield server


@pytest.fixture
def hurried(company, claude):
    company.thinks_ahead = True
    company.save()
    return company


def test_two_calls_take_the_time_of_one(hurried, says, work, claude):
    says("Hello, what is your warranty?")
    work()  # loads what is loaded once
    claude.asked.clear()
    says(QUESTION)
    started = time.monotonic()
    work()
    took = time.monotonic() - started

    run = Run.objects.first()
    assert (run.outcome, len(claude.asked)) == ("sent", 2), run.warnings
    assert took < 2 * WAIT
    assert [step.name for step in run.steps.all()] == RunStep.Name.values
    assert run.model_calls.count() == 2
    assert run.cost > 0


@pytest.mark.parametrize(
    ("found", "outcome", "reason"),
    [
        ({"intent": "spam"}, "silent", "spam"),
        ({"wants_human": True}, "handed_over", "asked_for_human"),
        ({"confidence": 0.2}, "handed_over", "low_confidence"),
    ],
)
def test_what_needs_no_answer_gets_none(hurried, says, work, claude, means, found, outcome, reason):
    means.update(found)
    message = says(QUESTION)
    work()

    run = Run.objects.get()
    assert (run.outcome, run.outcome_reason, run.draft) == (outcome, reason, "")
    assert not any("349" in sent.text for sent in message.conversation.messages.all())
    assert run.steps.get(name="reply").state == RunStep.State.SKIPPED
    assert run.model_calls.count() == 2  # it was paid for all the same


def test_another_language_is_drafted_anew(hurried, says, work, claude, means):
    means["language"] = "es"
    says(QUESTION)
    work()

    assert len(claude.asked) >= 3
    assert "Spanish" in claude.asked[-1]["system"]


def test_a_vendor_that_fails_is_no_harm(hurried, says, work, claude):
    claude.thinks = None
    claude.say(Said(status=500, body={}))
    says(QUESTION)
    work()

    run = Run.objects.get()
    assert run.outcome == "sent"
    assert "349" in run.draft

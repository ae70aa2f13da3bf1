"""Long threads: prompts read what fits, and what falls out is kept in short."""

import json

import pytest

from agents.gateway import Rung
from agents.gateway.window import HISTORY_TOKENS, room, tokens_in
from agents.models import ConversationSummary, ModelCall
from agents.offline.summary import LONGEST, summarise
from agents.services.summarising import summarise as roll
from channels_app.models import Message
from channels_app.signals import message_received
from leads.services import record_facts
from tests.contracts.model_server import Said, recorded
from tests.factories import make_message

AR = "مرحبا، أريد مكتبًا قائمًا لشركتنا في مدريد"


def says_in_short(text):
    body = recorded("anthropic", "message")
    body["content"][0]["text"] = text
    return Said(body=body)


@pytest.fixture
def long_thread(company, thread):
    conversation = thread()
    for number in range(15):
        make_message(conversation=conversation, text=f"Question {number}: is desk {number} in oak?")
        make_message(
            conversation=conversation,
            text=f"Answer {number}: yes, desk {number} comes in oak. " + "Glad to help. " * 7,
            direction=Message.Direction.OUT,
        )
    return conversation


def test_arabic_takes_more_tokens_a_letter():
    assert tokens_in(AR) > tokens_in("x" * len(AR))


@pytest.mark.parametrize("task", sorted(HISTORY_TOKENS))
def test_the_newest_that_fit_are_read(task):
    texts = ["word " * 40] * 30
    fit = room(task, texts)

    assert 0 < fit < 30
    assert sum(map(tokens_in, texts[:fit])) <= HISTORY_TOKENS[task]
    assert room(task, texts, Rung.SMALLER) < fit
    assert room(task, ["word " * 4_000]) == 1
    assert room(task, []) == 0


def test_what_fell_out_is_summed_up_and_read(long_thread, claude, says, work):
    record_facts(conversation=long_thread, facts={"name": "Grace Mwangi", "budget": "4000 EUR"})
    claude.say(says_in_short("The contact asked about oak desks 0 to 5; all come in oak."))

    summary = roll(conversation_id=long_thread.pk)
    assert summary.by_model
    asked = claude.asked[0]["messages"][0]["content"]
    assert "Question 0:" in asked
    assert "Question 14:" not in asked  # the prompts read it themselves
    assert ModelCall.objects.get().task == "summarise"

    claude.asked.clear()
    says("How much does the standing desk Nova cost?", long_thread)
    work()
    for call in claude.asked[:2]:
        prompt = json.dumps(call, ensure_ascii=False)
        assert "all come in oak" in prompt
        assert "4000 EUR" in prompt
        assert "Grace" not in prompt  # it is a placeholder, and known
    assert "Question 0:" not in json.dumps(claude.asked[:2])


def test_it_rolls_on_and_never_back(long_thread, claude):
    claude.say(says_in_short("First."), says_in_short("First, and second."))
    first = roll(conversation_id=long_thread.pk)
    assert roll(conversation_id=long_thread.pk).until_message == first.until_message
    assert len(claude.asked) == 1  # nothing fell out since

    for number in range(12):
        make_message(conversation=long_thread, text=f"And number {number}? " + "more words " * 20)
    second = roll(conversation_id=long_thread.pk)
    assert second.text == "First, and second."
    assert second.until_message > first.until_message
    assert "First." in claude.asked[1]["messages"][0]["content"]


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_what_was_taken_back_is_not_kept_in_it(long_thread, change):
    roll(conversation_id=long_thread.pk)
    message = long_thread.messages.order_by("pk").first()
    message_received.send(sender=Message, message=message, change=change)

    assert not ConversationSummary.objects.exists()


def test_the_offline_engine_keeps_what_matters(long_thread):
    make_message(conversation=long_thread, text="x")
    summary = roll(conversation_id=long_thread.pk)

    assert not summary.by_model
    assert "contact: Question" in summary.text
    assert len(summary.text) <= LONGEST


def test_the_sentences_that_hold_something():
    said = [
        *("contact: Hello!", "contact: My budget is 4000 EUR", "company: Noted."),
        *("company: You have it by Friday", "contact: ok thanks"),
    ]
    kept = summarise("\n".join(said), before="contact: I am Grace Mwangi")

    assert kept.splitlines() == ["contact: I am Grace Mwangi", said[1], said[3]]


def test_a_short_thread_asks_for_nothing(company, says, work):
    says("How much does the standing desk Nova cost?")
    work()

    assert not ConversationSummary.objects.exists()


def test_a_long_thread_sums_itself_up_after_the_answer(long_thread, says, work):
    says("How much does the standing desk Nova cost?", long_thread)
    work()

    assert ConversationSummary.objects.get().conversation == long_thread

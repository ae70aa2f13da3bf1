"""Contacts are told that an AI answers, once where once is enough, and it is on record."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from agents.disclosing import Occasion, occasion, sentence, told
from agents.models import AiDisclosure, ReplyDraft
from agents.services import autonomy, disclosures, drafts
from channels_app.models import Message
from channels_app.outbox import post_message
from channels_app.services import hand_back

QUESTION = "How much does the standing desk Nova cost?"
WORDS = "I'm North's AI assistant."
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("told_at", "last", "person", "expected"),
    [
        (None, None, None, Occasion.FIRST),
        (None, NOW - HOUR, NOW - HOUR, Occasion.FIRST),
        (NOW - HOUR, NOW - HOUR, None, None),
        (NOW - 30 * HOUR, NOW - 2 * HOUR, None, None),
        (NOW - 30 * HOUR, NOW - 25 * HOUR, None, Occasion.LAPSE),
        (NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - 2 * HOUR, Occasion.RETURN),
        (NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - 4 * HOUR, None),
    ],
)
def test_it_is_due_at_first_after_a_pause_and_on_return(told_at, last, person, expected):
    due = occasion(
        told_at=told_at, last_said_at=last, person_said_at=person, now=NOW, pause=24 * HOUR
    )
    assert due is expected


@pytest.mark.parametrize(
    ("language", "own", "usual", "expected"),
    [
        ("en", {}, "", ("I'm North's AI assistant.", "en")),
        ("es", {}, "", ("Soy el asistente de IA de North.", "es")),
        ("ar", {}, "", ("أنا مساعد الذكاء الاصطناعي لدى North.", "ar")),
        ("es", {"es": "Le habla una IA."}, "", ("Le habla una IA.", "es")),
        ("ja", {}, "es", ("Soy el asistente de IA de North.", "es")),
        ("ja", {"ja": "{company}のAIです。"}, "es", ("NorthのAIです。", "ja")),
        ("ja", {}, "ja", ("I'm North's AI assistant.", "en")),
    ],
)
def test_the_words_are_in_the_contact_s_language_else_the_company_s(language, own, usual, expected):
    assert sentence(language, own, company="North", usual=usual) == expected


def test_it_is_not_said_twice_in_one_message():
    assert told("Hello", "I'm an AI.") == "I'm an AI.\n\nHello"
    assert told("Hi, I'm an AI. Ask me!", "I'm an AI.") == "Hi, I'm an AI. Ask me!"


@pytest.fixture
def honest(company):
    company.discloses_ai = True
    company.save()
    return company


def ours(conversation) -> list[str]:
    rows = conversation.messages.filter(author=Message.Author.AI).order_by("pk")
    return [message.text for message in rows]


def test_switched_off_nothing_is_said_and_nothing_is_asked(
    company, says, work, django_assert_num_queries
):
    message = says(QUESTION)
    work()
    assert WORDS not in ours(message.conversation)[0]
    assert not AiDisclosure.objects.exists()
    with django_assert_num_queries(0):
        due = disclosures.telling_due(
            conversation=message.conversation, ours=company, language="en"
        )
    assert due is None


def test_the_first_answer_says_it_and_the_second_does_not(honest, says, work):
    message = says(QUESTION)
    work()
    says("And how long does delivery take in Spain?", message.conversation)
    work()

    first, second = ours(message.conversation)
    assert first.startswith(f"{WORDS}\n\n")
    assert WORDS not in second
    row = AiDisclosure.objects.get()
    assert row.message_id is not None
    sent = Message.objects.get(pk=row.message_id)
    assert (row.occasion, row.language, row.words, row.platform) == (
        "first",
        "en",
        WORDS,
        "telegram",
    )
    assert sent.text == first


def test_what_hands_over_says_it_too(honest, says, work):
    message = says("What is the airspeed velocity of an unladen swallow?")
    work()
    [said] = ours(message.conversation)
    assert said.startswith(WORDS)
    assert AiDisclosure.objects.get().message_id


def test_back_from_a_person_it_is_said_again(honest, says, work, people):
    message = says(QUESTION)
    work()
    post_message(
        conversation=message.conversation,
        text="Me",
        author=Message.Author.HUMAN,
        user=people["agent"],
    )
    message.conversation.refresh_from_db()
    hand_back(conversation=message.conversation, user=people["agent"])
    says("And how long does delivery take in Spain?", message.conversation)
    work()
    assert ours(message.conversation)[-1].startswith(WORDS)
    assert AiDisclosure.objects.first().occasion == "return"


def test_a_telling_that_did_not_get_through_was_none(honest, says, work):
    message = says(QUESTION)
    work()
    Message.objects.filter(author=Message.Author.AI).update(state=Message.State.FAILED)
    says("And how long does delivery take in Spain?", message.conversation)
    work()
    assert ours(message.conversation)[-1].startswith(WORDS)
    assert AiDisclosure.objects.count() == 2


def test_an_approved_draft_says_it_when_it_is_sent(honest, says, work, people):
    row = {"channel": "any", "intent": "any", "low": "draft", "medium": "draft", "high": "draft"}
    autonomy.change_policy(rows=[row], delay_seconds=30, expires_hours=24, actor="user:1")
    message = says(QUESTION)
    work()
    assert not AiDisclosure.objects.exists()
    drafts.approve(draft=ReplyDraft.objects.get(), user=people["agent"])
    assert ours(message.conversation)[0].startswith(WORDS)
    assert AiDisclosure.objects.count() == 1


def test_the_ledger_is_a_table_without_a_word_of_the_talk(honest, says, work):
    message = says(QUESTION)
    work()
    header, row = disclosures.ledger_rows()
    assert len(header) == len(row)
    assert row[2] == str(message.conversation.contact_id)
    assert "desk" not in " ".join(row)
    assert datetime.fromisoformat(row[0]) <= timezone.now()

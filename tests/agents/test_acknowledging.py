"""When a person takes over, the contact is told so: once, in their language, fenced."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents import gateway
from agents.models import Run
from agents.refusals import HANDOVERS, REFUSALS
from channels_app.models import Conversation, Message
from channels_app.services import hand_back, opt_out, take_over
from tests.factories import make_message

ASKS = {
    "en": "I want to talk to a human please",
    "es": "Quiero hablar con una persona, por favor",
    "ar": "أريد أن أتحدث مع موظف من فضلك",
}


def said(conversation):
    ours = conversation.messages.filter(author=Message.Author.AI)
    return [message.text for message in ours.order_by("pk")]


@pytest.mark.parametrize(("language", "text"), ASKS.items())
def test_the_contact_hears_that_a_person_will_answer(company, says, thread, work, language, text):
    message = says(text, thread(last_inbound_at=timezone.now()))
    work()

    run, conversation = Run.objects.get(), message.conversation
    conversation.refresh_from_db()
    assert (run.outcome, run.outcome_reason) == (Run.Outcome.HANDED_OVER, "asked_for_human")
    assert said(conversation) == [HANDOVERS[language]]
    assert conversation.messages.get(author="ai").run_id == run.pk
    assert conversation.controller == Conversation.Controller.HUMAN
    assert conversation.waiting_since is not None  # the person has not answered yet


def test_the_companys_own_words_are_used(company, says, work):
    company.handover = {"en": "Sam will be right with you."}
    company.save()
    message = says(ASKS["en"])
    work()

    assert said(message.conversation) == ["Sam will be right with you."]


def test_a_company_may_prefer_silence(company, says, work):
    company.says_handover = False
    company.save()
    message = says(ASKS["en"])
    work()

    message.conversation.refresh_from_db()
    assert said(message.conversation) == []
    assert message.conversation.controller == Conversation.Controller.HUMAN


def test_words_without_a_language_are_answered_in_the_conversations(company, says, thread, work):
    message = says("", thread(language="es"), attachments=[{"kind": "image", "url": "x"}])
    work()

    assert Run.objects.get().outcome_reason == "attachment_only"
    assert said(message.conversation) == [HANDOVERS["es"]]


class TestOnce:
    def test_a_conversation_given_back_hears_it_no_second_time_in_a_row(
        self, company, says, thread, work
    ):
        conversation = thread()
        says(ASKS["en"], conversation)
        work()
        hand_back(conversation=conversation, user=None)
        says(ASKS["en"], conversation)
        work()

        conversation.refresh_from_db()
        assert said(conversation) == [HANDOVERS["en"]]
        assert conversation.controller == Conversation.Controller.HUMAN

    def test_nor_after_the_refusal_that_says_as_much(self, company, says, thread, work):
        conversation = thread()
        says("What is the price of your helicopter insurance in Greenland?", conversation)
        work()
        hand_back(conversation=conversation, user=None)
        says(ASKS["en"], conversation)
        work()

        assert said(conversation) == [REFUSALS["en"]]

    def test_once_a_person_has_answered_it_is_news_again(self, company, says, thread, work):
        conversation = thread()
        says(ASKS["en"], conversation)
        work()
        make_message(
            conversation=conversation, direction="out", author="human", text="Hi, Sam here"
        )
        hand_back(conversation=conversation, user=None)
        says(ASKS["en"], conversation)
        work()

        assert said(conversation) == [HANDOVERS["en"]] * 2


class TestSilence:
    def test_for_what_looks_like_spam(self, company, says, work):
        company.confidence_gate = 1.0  # too unsure to be silent about it altogether
        company.save()
        message = says(
            "CONGRATULATIONS you have won a $1000 gift card! Click http://bit.ly/x to claim now"
        )
        work()

        run = Run.objects.get()
        assert (run.intent, run.outcome) == ("spam", Run.Outcome.HANDED_OVER)
        assert said(message.conversation) == []

    def test_in_public(self, company, says, thread, work):
        message = says(ASKS["en"], thread(surface=Conversation.Surface.COMMENTS))
        work()

        assert Run.objects.get().outcome == Run.Outcome.HANDED_OVER
        assert said(message.conversation) == []

    def test_where_the_send_policy_refuses(self, company, says, thread, work):
        conversation = thread()
        opt_out(contact=conversation.contact, connection=conversation.connection, source="network")
        message = says(ASKS["en"], conversation)
        work()

        run = Run.objects.get()
        message.conversation.refresh_from_db()
        assert (run.outcome, run.outcome_reason) == (Run.Outcome.HANDED_OVER, "asked_for_human")
        assert run.warnings == ["send refused: opted_out"]
        assert said(message.conversation) == []
        assert message.conversation.controller == Conversation.Controller.HUMAN

    def test_where_somebody_took_over_meanwhile(
        self, company, people, says, thread, work, monkeypatch
    ):
        conversation = thread()
        real = gateway.complete

        def complete(**kwargs):
            take_over(conversation=conversation, user=people["agent"], reason="")
            return real(**kwargs)

        monkeypatch.setattr("agents.services.understanding.gateway.complete", complete)
        says(ASKS["en"], conversation)
        work()

        assert Run.objects.get().status == Run.Status.SUPERSEDED
        assert said(conversation) == []

    def test_where_another_worker_was_faster(self, company, says, work):
        from agents.services import ending, think, thought

        message = says(ASKS["en"])
        run = Run.objects.get()
        slow = thought.take_up(run.pk)
        assert slow is not None
        Run.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
        think(run_id=run.pk)

        ending.hand_over(slow, reason="urgent")

        assert said(message.conversation) == [HANDOVERS["en"]]

"""From a contact's words to what we do, on the offline engine."""

import time

import pytest

from agents.models import ModelCall, Run, RunStep
from agents.refusals import HANDOVERS, REFUSALS
from channels_app.models import Conversation, Message
from tests.factories import make_message


def sent_to(conversation):
    return list(
        conversation.messages.filter(direction=Message.Direction.OUT).values_list("text", flat=True)
    )


def test_answers_a_question_from_knowledge(company, says, work):
    message = says("How much does the standing desk Nova cost?")
    work()

    run = Run.objects.get()
    assert (run.status, run.outcome) == (Run.Status.DONE, Run.Outcome.SENT), run.warnings
    assert run.intent == "sales"
    [reply] = sent_to(message.conversation)
    assert "349" in reply
    [source] = run.sources[:1]
    assert source["quote"] in reply
    assert source["title"] == "Shop guide"
    assert {step.name: step.state for step in run.steps.all()} == dict.fromkeys(
        RunStep.Name.values, "ok"
    )


def test_records_every_model_call(company, says, work):
    says("How much does the standing desk Nova cost?")
    work()

    calls = list(ModelCall.objects.order_by("pk").values_list("task", "provider", "status"))
    assert calls == [("understand", "offline", "ok"), ("reply", "offline", "ok")]


def test_makes_an_explained_lead(company, says, work):
    message = says(
        "Hi, I'm Grace Mwangi from Savanna Tours Ltd. We need 12 standing desks by March,"
        " budget around 4000 EUR. grace@savannatours.example"
    )
    work()

    lead = message.conversation.contact.lead
    assert lead.facts["email"] == "grace@savannatours.example"
    assert lead.facts["name"] == "Grace Mwangi"
    assert "4000 EUR" in lead.facts["budget"]
    assert lead.score > 0


def test_refuses_with_the_exact_sentence_and_fetches_a_person(company, says, work):
    message = says("What is the price of your helicopter insurance in Greenland?")
    work()

    run = Run.objects.get()
    assert sent_to(message.conversation) == [REFUSALS["en"]]
    assert (run.outcome, run.outcome_reason) == (Run.Outcome.HANDED_OVER, "not_grounded")
    message.conversation.refresh_from_db()
    assert message.conversation.controller == Conversation.Controller.HUMAN
    assert message.conversation.escalation_reason == "not_grounded"


def test_refuses_in_the_contacts_language(company, says, work):
    message = says("¿Cuánto cuesta el seguro de helicóptero en Groenlandia?")
    work()

    assert sent_to(message.conversation) == [REFUSALS["es"]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I want to talk to a human please", "asked_for_human"),
        ("My card was stolen, someone is spending my money, block it now!", "urgent"),
        (
            "This is the worst, most horrible service ever. I hate it, absolutely disgusting!",
            "upset",
        ),
    ],
)
def test_hands_over(company, says, work, text, reason):
    message = says(text)
    work()

    run = Run.objects.get()
    assert (run.outcome, run.outcome_reason) == (Run.Outcome.HANDED_OVER, reason)
    assert sent_to(message.conversation) == [HANDOVERS["en"]]


def test_below_the_gate_a_person_decides(company, says, work):
    company.confidence_gate = 1.0
    company.save()
    says("How much does the standing desk Nova cost?")
    work()

    assert Run.objects.get().outcome_reason == "low_confidence"


def test_spam_gets_silence_and_makes_no_lead(company, says, work):
    message = says(
        "CONGRATULATIONS you have won a $1000 gift card! Click here http://bit.ly/x to claim now"
    )
    work()

    run = Run.objects.get()
    assert (run.outcome, run.outcome_reason) == (Run.Outcome.SILENT, "spam")
    assert ModelCall.objects.count() == 1
    assert sent_to(message.conversation) == []
    assert not hasattr(message.conversation.contact, "lead")


def test_closing_words_need_no_model(company, says, thread, work):
    conversation = thread()
    make_message(conversation=conversation, text="Do you deliver?")
    make_message(
        conversation=conversation,
        text="Yes, within 5 working days.",
        direction=Message.Direction.OUT,
        author=Message.Author.AI,
        state=Message.State.SENT,
    )
    says("ok thanks!", conversation)
    work()

    run = Run.objects.get()
    assert (run.outcome, run.outcome_reason) == (Run.Outcome.SILENT, "closing")
    assert ModelCall.objects.count() == 0


def test_ok_after_our_question_is_an_answer(company, says, thread, work):
    conversation = thread()
    make_message(
        conversation=conversation,
        text="Shall I tell you about delivery?",
        direction=Message.Direction.OUT,
        author=Message.Author.AI,
        state=Message.State.SENT,
    )
    says("ok", conversation)
    work()

    assert ModelCall.objects.filter(task="understand").exists()


def test_a_burst_gets_one_answer(company, says, thread, work):
    conversation = thread()
    says("Hi", conversation)
    says("I have a question", conversation)
    says("How much does the standing desk Nova cost?", conversation)
    work()

    assert Run.objects.count() == 1
    [reply] = sent_to(conversation)
    assert "349" in reply


def test_an_edit_or_deletion_opens_no_run(company, django_capture_on_commit_callbacks):
    from channels_app.signals import message_received

    message = make_message(text="How much?")
    for change in ("edited", "deleted"):
        message_received.send(sender=Message, message=message, change=change)

    assert not Run.objects.exists()


def test_does_nothing_while_switched_off_or_in_human_hands(company, says, thread, work):
    says("Hello", thread(controller=Conversation.Controller.HUMAN))
    says("Hello", thread(status=Conversation.Status.CLOSED))
    company.ai_enabled = False
    company.save()
    says("Hello")

    assert not Run.objects.exists()


def test_of_a_very_long_message_the_beginning_is_read(company, says, work):
    says("How much does the standing desk Nova cost?" + " " * 90_000 + "x" * 9_000)
    begun = time.thread_time()
    work()

    assert time.thread_time() - begun < 5
    run = Run.objects.get()
    assert run.status == Run.Status.DONE
    assert not [step for step in run.steps.all() if step.state == "failed"]

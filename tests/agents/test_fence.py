"""Between reading and sending the world moves on: nobody is answered twice, or over a person."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents import gateway, services
from agents.models import Run, RunStep
from agents.services import ending, thought
from channels_app.models import Conversation, Message
from channels_app.services import take_over
from tenants import context
from tenants.audit.models import AuditEntry
from tenants.plugins.errors import Unavailable
from tests.factories import make_message

QUESTION = "How much does the standing desk Nova cost?"


@pytest.fixture
def meanwhile(monkeypatch):
    """Let something happen after the reply was drafted and before it is sent."""

    def arrange(happens):
        real = gateway.complete
        once: list[int] = []

        def complete(**kwargs):
            completion = real(**kwargs)
            if kwargs["task"] == "reply" and not once:
                once.append(1)
                happens()
            return completion

        monkeypatch.setattr("agents.services.grounding.gateway.complete", complete)

    return arrange


def ai_messages(conversation):
    return conversation.messages.filter(author=Message.Author.AI)


def test_a_person_who_takes_over_is_not_talked_over(company, people, says, work, meanwhile, thread):
    conversation = thread()
    meanwhile(lambda: take_over(conversation=conversation, user=people["agent"], reason=""))
    says(QUESTION, conversation)
    work()

    run = Run.objects.get()
    assert run.status == Run.Status.SUPERSEDED
    assert not ai_messages(conversation).exists()


def test_newer_words_get_one_answer_to_all_of_them(company, says, work, meanwhile, thread):
    conversation = thread()
    meanwhile(lambda: says("And can I return it within 30 days?", conversation))
    says(QUESTION, conversation)
    work()

    first, second = Run.objects.order_by("pk")
    assert first.status == Run.Status.SUPERSEDED
    assert (second.status, second.outcome) == (Run.Status.DONE, Run.Outcome.SENT)
    assert ai_messages(conversation).count() == 1


def test_hand_overs_are_fenced_too(company, people, says, work, monkeypatch, thread):
    conversation = thread()
    real = gateway.complete

    def complete(**kwargs):
        take_over(conversation=conversation, user=people["agent"], reason="")
        return real(**kwargs)

    monkeypatch.setattr("agents.services.understanding.gateway.complete", complete)
    says("I want to talk to a human please", conversation)
    work()

    conversation.refresh_from_db()
    assert Run.objects.get().status == Run.Status.SUPERSEDED
    assert conversation.escalation_reason != "asked_for_human"


def test_thinking_twice_answers_once(company, says, work):
    message = says(QUESTION)
    work()
    services.think(run_id=Run.objects.get().pk)
    work()

    assert ai_messages(message.conversation).count() == 1


def test_the_sweeper_finishes_what_a_dead_worker_began(
    company, says, work, thread, django_capture_on_commit_callbacks
):
    message = make_message(conversation=thread(), text=QUESTION)
    run = Run.objects.create(
        conversation=message.conversation,
        first_message=message,
        last_message=message,
        turn_version=0,
        status=Run.Status.THINKING,
        claim=1,
        due_at=timezone.now() - timedelta(minutes=2),
        claimed_until=timezone.now() - timedelta(seconds=1),
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert services.sweep()["runs"] == 1
    work()

    run.refresh_from_db()
    assert (run.status, run.claim) == (Run.Status.DONE, 2)
    assert ai_messages(message.conversation).count() == 1


def test_a_run_taken_up_again_does_not_ask_twice_what_it_knows(company, says, work, monkeypatch):
    message = says(QUESTION)
    run = Run.objects.get()
    taken = thought.take_up(run.pk)
    assert taken is not None
    from agents.services.understanding import understand

    understand(taken)  # and here the worker dies
    Run.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    services.think(run_id=run.pk)

    run.refresh_from_db()
    assert run.status == Run.Status.DONE
    assert [call.task for call in run.model_calls.all()] == ["reply"]
    assert run.intent == "sales"
    assert ai_messages(message.conversation).count() == 1


def test_a_worker_believed_dead_can_not_finish(company, says, work):
    message = says(QUESTION)
    run = Run.objects.get()
    slow = thought.take_up(run.pk)
    assert slow is not None
    Run.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    services.think(run_id=run.pk)

    ending.hand_over(slow, reason="urgent")

    message.conversation.refresh_from_db()
    assert message.conversation.controller == Conversation.Controller.AI
    assert ai_messages(message.conversation).count() == 1


def test_after_too_many_deaths_a_person_looks(company, says, work):
    says(QUESTION)
    Run.objects.update(claim=3)
    work()

    assert Run.objects.get().outcome_reason == "repeated_failure"


def test_a_quiet_time_gathers(company, says, thread):
    company.quiet_seconds = 30
    company.save()
    conversation = thread()
    says("Hi", conversation)
    first_due = Run.objects.get().due_at
    says(QUESTION, conversation)

    run = Run.objects.get()
    assert run.due_at > first_due
    services.think(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == Run.Status.GATHERING


class TestFence:
    def test_a_failing_search_is_a_warning_and_a_hand_over(self, company, says, work, monkeypatch):
        def fail(**kwargs):
            raise Unavailable("the index is away")

        monkeypatch.setattr("agents.services.retrieving.search", fail)
        says(QUESTION)
        work()

        run = Run.objects.get()
        assert run.outcome_reason == "not_grounded"
        assert any("the index is away" in warning for warning in run.warnings)
        assert run.steps.get(name="retrieve").state == RunStep.State.FAILED

    def test_a_failing_lead_does_not_stop_the_answer(self, company, says, work, monkeypatch):
        def fail(**kwargs):
            raise ValueError("no lead today")

        monkeypatch.setattr("agents.services.understanding.leads.apply_understanding", fail)
        says(QUESTION)
        work()

        run = Run.objects.get()
        assert run.outcome == Run.Outcome.SENT
        assert run.steps.get(name="score").state == RunStep.State.FAILED

    def test_no_model_at_all_fetches_a_person(self, company, says, work, monkeypatch):
        def fail(**kwargs):
            raise gateway.NoAnswer("nobody", [])

        monkeypatch.setattr("agents.services.understanding.gateway.complete", fail)
        says(QUESTION)
        work()

        assert Run.objects.get().outcome_reason == "low_confidence"


def test_a_refused_send_fetches_a_person(company, says, work, thread):
    from channels_app.outbox import SendRefused

    def refuse(**kwargs):
        raise SendRefused("window_closed", "The window is closed.", None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agents.services.ending.outbox.post_message", refuse)
        message = says(QUESTION)
        work()

    run = Run.objects.get()
    assert run.outcome_reason == "send_refused:window_closed"
    message.conversation.refresh_from_db()
    assert message.conversation.controller == Conversation.Controller.HUMAN


def test_every_end_is_in_the_audit_log_without_a_word_of_the_talk(company, says, work):
    says(QUESTION)
    work()

    run = Run.objects.get()
    entry = AuditEntry.objects.filter(subject=f"run:{run.pk}").get()
    assert (entry.action, entry.actor) == ("agents.run_sent", "ai")
    assert "desk" not in str(entry.details)


def test_the_other_company_sees_nothing(company, says, work, south):
    says(QUESTION)
    work()

    context.enter_company(south)
    assert not Run.objects.exists()
    services.think(run_id=1)
    assert not any(services.sweep().values())

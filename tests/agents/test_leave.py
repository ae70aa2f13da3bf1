"""A plan's hard cap: the AI drafts from there on, and many workers at once do not pass it."""

from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.gateway import Rung
from agents.models import AnswerClaim, ReplyDraft, Run
from agents.services import leave
from agents.services.leave import caps_of_answers, is_used_up, may_answer
from agents.services.terms import caps_of, terms_of
from channels_app.models import Message
from channels_app.services import take_over
from tenants.workspace.models import Profile
from tests.committed import Threads, committed
from tests.factories import make_conversation, make_message, make_user

QUESTION = "How much does the standing desk Nova cost?"


def cap(**caps):
    profile = Profile.current()
    profile.allowance = {"caps": {code: str(amount) for code, amount in caps.items()}}
    profile.save()
    leave.forget_rooms()
    return profile


def thinking(conversation=None):
    return Run.objects.create(
        conversation=conversation or make_conversation(),
        turn_version=1,
        status=Run.Status.THINKING,
        due_at=timezone.now(),
    )


def answered(conversation=None, *, outcome="sent", **kwargs):
    """A run that ended, and its message."""
    run = thinking(conversation)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.DONE, outcome=outcome)
    return make_message(
        **{
            "conversation": run.conversation,
            "direction": "out",
            "author": "ai",
            "state": "sent",
            "run_id": run.pk,
            **kwargs,
        }
    )


@transaction.atomic
def end(run):
    """As a run ends: its row and its message together."""
    Run.objects.filter(pk=run.pk).update(status=Run.Status.DONE, outcome=Run.Outcome.SENT)
    make_message(
        conversation=run.conversation, direction="out", author="ai", state="sent", run_id=run.pk
    )


def may(run):
    return may_answer(profile=Profile.current(), run=run)


def test_at_the_cap_the_answer_waits_for_a_person(company, says, work):
    cap(ai_answers=1)
    says(QUESTION)
    work()
    assert Run.objects.latest("pk").outcome == Run.Outcome.SENT

    leave.forget_rooms()
    asked = says("Do you deliver in Spain?")
    work()
    run = Run.objects.latest("pk")
    assert (run.outcome, asked.conversation.messages.filter(author="ai").count()) == ("drafted", 0)
    draft = ReplyDraft.objects.get(run=run)
    assert "plan" in draft.reasons
    assert draft.state == ReplyDraft.State.WAITING
    # Nobody's message is lost, and people answer as ever.
    assert asked.conversation.messages.filter(direction="in").exists()


def test_people_and_customers_are_never_stopped(company, says, work, sign_in):
    cap(ai_answers=0, ai_conversations=0)
    asked = says(QUESTION)
    work()
    take_over(conversation=asked.conversation, user=make_user(role="agent"), reason="mine")
    browser = sign_in("agent")
    answer = browser.post(f"/inbox/{asked.conversation_id}/reply/", {"text": "349 EUR."})
    assert answer.status_code in {200, 302}
    work()
    sent = asked.conversation.messages.get(direction=Message.Direction.OUT, author="human")
    assert sent.text == "349 EUR."


def test_what_counts_as_an_answer(north):
    cap(ai_answers=100)
    talk = make_conversation()
    answered(talk)
    answered(talk)
    answered(outcome="handed_over")  # to say that a person comes is no answer
    answered(user=make_user())  # a person approved it
    answered(state="failed")
    answered(provider_time=timezone.now() - timedelta(days=40))
    assert leave._used() == {"ai_answers": 2, "ai_conversations": 1}


def test_a_conversation_is_paid_for_once_a_month(north):
    cap(ai_conversations=2)
    known = make_conversation()
    answered(known)
    assert may(thinking(known))
    fresh = thinking()
    assert may(fresh)
    assert not may(thinking())
    assert may(fresh)  # taken up again after a crash: its leave still stands
    assert AnswerClaim.objects.count() == 2


def test_scheduled_drafts_are_on_their_way(north):
    cap(ai_answers=2)
    run = thinking()
    Run.objects.filter(pk=run.pk).update(status="done", outcome="drafted")
    ReplyDraft.objects.create(
        conversation=run.conversation, run=run, state="scheduled", turn_version=1, text="Yes.",
        language="en", expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    assert may(thinking())
    assert not may(thinking())


def test_a_run_that_came_to_nothing_gives_its_leave_back(north):
    cap(ai_answers=1)
    run = thinking()
    assert may(run)
    assert not may(thinking())
    Run.objects.filter(pk=run.pk).update(status="superseded")
    assert may(thinking())


def test_no_vendor_is_asked_for_who_may_not_send(north):
    profile = cap(ai_answers=1)
    assert terms_of(profile).rung == Rung.FULL
    answered()
    leave.forget_rooms()
    assert terms_of(profile).rung == Rung.OFFLINE


@pytest.mark.parametrize(
    ("own", "plan", "both"), [(5, 3, 3), (2, 3, 2), (None, 3, 3), (5, None, 5)]
)
def test_the_lower_of_both_caps_on_models_holds(north, own, plan, both):
    profile = cap(**({"model_cost": plan} if plan else {}))
    profile.monthly_hard_cap = own
    assert caps_of(profile).monthly_hard == both


def test_asking_costs_nothing_without_a_cap_and_is_remembered_far_from_one(north, monkeypatch):
    calm = Profile.current()
    with CaptureQueriesContext(connection) as queries:
        assert not is_used_up(calm)
        assert may_answer(profile=calm, run=Run())
    assert len(queries) == 0

    capped = cap(ai_answers=100_000)
    run = thinking()
    is_used_up(capped)
    with CaptureQueriesContext(connection) as queries:
        for _ in range(5):
            assert may_answer(profile=capped, run=run)
            assert not is_used_up(capped)
    assert len(queries) == 0
    assert caps_of_answers(capped) == {"ai_answers": 100_000}


def test_twelve_workers_at_once_do_not_pass_the_cap(django_db_setup, django_db_blocker):
    """Each claims, then sends: in between the others see neither more nor less than there is."""
    start, sent = Barrier(12), []
    with django_db_blocker.unblock(), committed():
        cap(ai_answers=5)
        runs = [thinking() for _ in range(12)]

        def work(run):
            def deed():
                with suppress(TimeoutError):
                    start.wait(10)
                if may(run):
                    sent.append(run.pk)
                    end(run)

            return deed

        threads = Threads()
        threads.run([work(run) for run in runs])
        assert threads.errors == []
        assert 3 <= len(sent) <= 5
        assert leave._used()["ai_answers"] == len(sent)

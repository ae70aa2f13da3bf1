"""Break any stage of a message's way: an incident is raised, once, and ends with the answer."""

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import channels_app.services as services
from agents.models import Run
from agents.services import explain_silence
from channels_app.models import Conversation, InboundEvent, Incident, Message
from channels_app.services import silence, watch_silence
from channels_app.services.incidents import (
    CannotRetry,
    acknowledge,
    close_with_reason,
    retry,
)
from config import watching
from tenants import context
from tenants.audit.models import AuditEntry
from tenants.moments import forget_moments
from tenants.workspace.models import Profile
from tests.factories import (
    make_connection,
    make_contact,
    make_conversation,
    make_message,
    make_user,
)

LONG = timedelta(minutes=11)
VERY_LONG = timedelta(minutes=61)
Kind = Incident.Kind


def ago(span):
    return timezone.now() - span


def asked(span=LONG, **kwargs):
    """A customer wrote that long ago, and nobody has answered."""
    at = ago(span)
    talk = make_conversation(
        **{
            "waiting_since": at,
            "last_inbound_at": at,
            "last_message_at": at,
            "turn_version": 1,
            **kwargs,
        }
    )
    make_message(conversation=talk, provider_time=at, received_at=at, text="Anybody there?")
    return talk


def answer(talk, state, *, span=LONG, **kwargs):
    talk.waiting_since = None
    talk.save()
    return make_message(
        conversation=talk,
        **{
            "direction": "out",
            "author": "ai",
            "state": state,
            "external_id": "",
            "external_key": "",
            "received_at": ago(span),
            "state_at": ago(span),
            **kwargs,
        },
    )


def event(connection=None, *, span=LONG, **kwargs):
    return InboundEvent.objects.create(
        **{
            "connection": connection or make_connection(),
            "key": f"{InboundEvent.objects.count():064d}",
            "kind": "message",
            "body": b"{}",
            "received_at": ago(span),
            **kwargs,
        }
    )


def run(talk, status, **kwargs):
    return Run.objects.create(
        **{
            "conversation": talk,
            "turn_version": talk.turn_version,
            "status": status,
            "due_at": ago(LONG),
            **kwargs,
        }
    )


# -- every stage at which a message can be lost, and what the incident says of it

STAGES: dict[str, Any] = {}


def stage(kind, cause):
    def keep(broken):
        STAGES[broken.__name__] = (broken, kind, cause)
        return broken

    return keep


@stage(Kind.UNREAD, "events_stuck")
def the_ingest_actor_raises():
    event(attempts=4)


@stage(Kind.UNREAD, "events_stuck")
def the_queue_lost_an_event():
    event()


@stage(Kind.UNREAD, "events_rejected")
def an_event_was_given_up():
    event(status="rejected", outcome="rejected", reason="Reading it failed 10 times.")


@stage(Kind.UNANSWERED, "no_run")
def the_bell_was_never_heard():
    asked()


@stage(Kind.UNANSWERED, "run_waiting")
def the_run_was_never_taken_up():
    run(asked(), "gathering")


@stage(Kind.UNANSWERED, "run_stuck")
def the_worker_died_while_thinking():
    run(asked(), "thinking", claimed_until=ago(LONG))


@stage(Kind.UNANSWERED, "run_slow")
def the_run_thinks_for_ever():
    run(asked(), "thinking", claimed_until=timezone.now() + LONG)


@stage(Kind.UNANSWERED, "run_failed")
def the_run_failed():
    run(asked(), "failed", outcome_reason="bug")


@stage(Kind.UNANSWERED, "no_run")
def the_run_was_about_older_words():
    talk = asked()
    run(talk, "done", outcome="sent", turn_version=0)


@stage(Kind.UNANSWERED, "ai_off")
def the_ai_is_off_and_nobody_has_taken_it():
    Profile.objects.update_or_create(pk=1, defaults={"ai_enabled": False})
    asked()


@stage(Kind.WAITING, "person_silent")
def no_model_answered_and_the_person_does_not_either():
    asked(VERY_LONG, controller="human", escalation_reason="no_model_answered")


@stage(Kind.WAITING, "drafted")
def a_draft_is_approved_by_nobody():
    talk = asked(VERY_LONG)
    run(talk, "done", outcome="drafted")


@stage(Kind.UNDELIVERED, "stuck")
def the_courier_never_came():
    answer(asked(), "queued")


@stage(Kind.UNDELIVERED, "stuck")
def the_courier_tries_again_and_again():
    answer(asked(), "queued", attempts=3, next_attempt_at=timezone.now() + LONG)


@stage(Kind.UNDELIVERED, "131026")
def the_network_refused_the_answer():
    answer(asked(), "failed", error_code="131026")


@stage(Kind.UNDELIVERED, "unknown_delivery")
def nobody_knows_whether_it_arrived():
    answer(asked(), "failed", error_code="unknown_delivery")


@pytest.mark.parametrize("name", STAGES)
class TestEveryStage:
    def test_an_incident_is_raised_once_and_says_why(self, north, name):
        broken, kind, cause = STAGES[name]
        broken()

        assert watch_silence()["opened"] == 1
        assert watch_silence()["opened"] == 0

        incident = Incident.objects.get()
        assert (incident.kind, incident.cause, incident.is_open) == (kind, cause, True)
        assert incident.since < ago(timedelta(minutes=10))

    def test_the_other_company_has_none(self, north, south, name):
        STAGES[name][0]()

        with context.inside(south):
            assert watch_silence()["opened"] == 0
            assert not Incident.objects.exists()

    def test_not_before_the_minutes_are_over(self, north, name):
        Profile.objects.update_or_create(
            pk=1, defaults={"silence_minutes": 12, "person_minutes": 62}
        )
        STAGES[name][0]()

        assert watch_silence()["opened"] == 0

    def test_without_workers_the_clock_finds_it(self, north, monkeypatch, name):
        """Nothing is read, thought or delivered, and nobody sweeps: beat looks by itself."""
        broken, kind, _cause = STAGES[name]
        broken()
        for module in (watching, silence):
            monkeypatch.setattr(module, "workers_seen", lambda: False)
        context.leave()

        assert watching.watch_for_the_workers()

        context.enter_company(north)
        incident = Incident.objects.get()
        assert incident.kind == kind
        works = kind == Kind.WAITING or incident.cause in {
            "events_rejected", "131026", "unknown_delivery",
        }  # fmt: skip
        assert works or incident.cause == "no_worker"


def test_with_workers_the_clock_leaves_it_to_them(public, monkeypatch):
    monkeypatch.setattr(watching, "workers_seen", lambda: True)

    assert not watching.watch_for_the_workers()


# -- what is no silence


@pytest.mark.parametrize(
    "said",
    [
        {"status": "closed", "waiting_since": None},
        {"status": "snoozed"},
        {"controller": "human"},  # within the person's hour
        {"is_led_elsewhere": True, "controller": "human", "waiting_since": ago(VERY_LONG)},
    ],
    ids=["closed", "snoozed", "in a person's hands", "led elsewhere"],
)
def test_this_is_no_incident(north, said):
    asked(**said)

    assert watch_silence()["opened"] == 0


def test_a_blocked_contact_is_nobodys_incident(north):
    asked(contact=make_contact(is_blocked=True))

    assert watch_silence()["opened"] == 0


def test_a_draft_within_the_persons_hour_is_none(north):
    run(asked(), "done", outcome="drafted")

    assert watch_silence()["opened"] == 0


def test_an_answer_that_waits_for_its_time_is_none(north):
    """Not tried yet and not due: quiet hours, an undo, a full minute at the network."""
    answer(asked(), "queued", attempts=0, next_attempt_at=timezone.now() + LONG)

    assert watch_silence()["opened"] == 0


def test_a_failed_message_to_somebody_who_never_wrote_is_none(north):
    talk = make_conversation()
    answer(talk, "failed", error_code="x")

    assert watch_silence()["opened"] == 0


@pytest.mark.parametrize("error_code", ["taken_over"])
def test_a_withdrawn_draft_is_none(north, error_code):
    answer(asked(), "failed", error_code=error_code)

    assert watch_silence()["opened"] == 0


def test_an_event_for_an_account_not_connected_is_none(north):
    event(status="rejected", outcome="unrouted", stray_account_id="9")

    assert watch_silence()["opened"] == 0


def test_the_ai_that_keeps_silent_for_a_reason_ends_the_waiting(north):
    talk = asked()

    assert services.let_rest(conversation=talk, reason="spam", seen_turn=1)

    talk.refresh_from_db()
    assert (talk.waiting_since, talk.closing_reason) == (None, "spam")
    assert watch_silence()["opened"] == 0


def test_silence_about_older_words_settles_nothing(north):
    talk = asked(turn_version=2)

    assert not services.let_rest(conversation=talk, reason="spam", seen_turn=1)

    assert watch_silence()["opened"] == 1


# -- ten thousand events are one incident


def test_a_channel_that_stands_still_is_one_incident_with_its_number(north):
    connection, other = make_connection(), make_connection()
    for _ in range(30):
        event(connection)
    event(connection, status="rejected", outcome="rejected")
    event(other)

    watch_silence()

    found = {row.connection_id: row.count for row in Incident.objects.all()}
    assert found == {connection.pk: 31, other.pk: 1}
    InboundEvent.objects.filter(connection=connection)[0].delete()
    watch_silence()
    assert Incident.objects.get(connection=connection).count == 30


# -- how it ends


def reply(talk):
    Conversation.objects.filter(pk=talk.pk).update(waiting_since=None)


def write_again(talk):
    Conversation.objects.filter(pk=talk.pk).update(waiting_since=timezone.now())


def hand_over(talk):
    Conversation.objects.filter(pk=talk.pk).update(controller="human")


def close(talk):
    services.close(conversation=talk, user=None, reason="wrong number")


def draft(talk):
    run(talk, "done", outcome="drafted")


@pytest.mark.parametrize(
    ("deed", "resolution"),
    [
        (reply, "answered"),
        (write_again, "answered"),
        (hand_over, "handed_over"),
        (close, "closed"),
        (draft, "drafted"),
    ],
)
def test_an_unanswered_one_ends(north, deed, resolution):
    talk = asked()
    watch_silence()

    deed(talk)

    assert watch_silence()["ended"] == 1
    incident = Incident.objects.get(kind=Kind.UNANSWERED)
    assert (incident.resolution, incident.is_open) == (resolution, False)


def hand_back(talk):
    Conversation.objects.filter(pk=talk.pk).update(controller="ai")


@pytest.mark.parametrize(
    ("deed", "resolution"), [(reply, "answered"), (hand_back, "handed_back"), (close, "closed")]
)
def test_one_that_waits_for_a_person_ends(north, deed, resolution):
    talk = asked(VERY_LONG, controller="human")
    watch_silence()

    deed(talk)
    watch_silence()

    assert Incident.objects.get(kind=Kind.WAITING).resolution == resolution


def delivered(message):
    Message.objects.filter(pk=message.pk).update(state="delivered")


def discarded(message):
    Message.objects.filter(pk=message.pk).update(discarded_at=timezone.now())


def answered_anew(message):
    make_message(conversation=message.conversation, direction="out", author="human", state="sent")


def asked_again(message):
    make_message(conversation=message.conversation)


@pytest.mark.parametrize(
    ("deed", "resolution"),
    [
        (delivered, "delivered"),
        (discarded, "discarded"),
        (answered_anew, "answered"),
        (asked_again, "overtaken"),
    ],
)
def test_an_undelivered_one_ends(north, deed, resolution):
    message = answer(asked(), "failed", error_code="x")
    watch_silence()

    deed(message)
    watch_silence()

    assert Incident.objects.get().resolution == resolution


def test_an_unread_one_ends_when_all_is_read(north):
    waiting = event()
    watch_silence()
    waiting.status = "done"
    waiting.save()

    watch_silence()

    assert Incident.objects.get().resolution == "read"


def test_a_later_silence_of_the_same_conversation_is_a_new_incident(north):
    talk = asked()
    watch_silence()
    reply(talk)
    watch_silence()
    Conversation.objects.filter(pk=talk.pk).update(waiting_since=ago(LONG))

    assert watch_silence()["opened"] == 1
    assert Incident.objects.count() == 2


# -- what it costs


@contextmanager
def counted():
    with CaptureQueriesContext(database) as captured:
        yield captured


def cost():
    forget_moments()  # the profile is remembered for half a second
    with counted() as captured:
        watch_silence()
    return [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]


def test_a_calm_company_costs_a_profile_and_two_questions(north):
    watch_silence()
    for _ in range(30):
        asked(timedelta(minutes=1))

    assert len(cost()) == 3


def test_three_and_three_hundred_silences_cost_the_same(north):
    connection = make_connection()

    def found(rows):
        for _ in range(rows):
            asked(connection=connection)
        opened = len(cost())
        return opened, len(cost())

    found(1)  # the audit log's first entry costs more

    assert found(3) == found(297)
    assert Incident.objects.count() == 301


# -- who is told


@pytest.fixture
def admins(north):
    make_user(role="agent")
    return [make_user(role="admin", language="en"), make_user(role="admin", language="es")]


def test_admins_get_one_digest_an_hour(admins):
    asked()
    asked()
    watching.watch()

    assert {letter.to[0] for letter in mail.outbox} == {admin.email for admin in admins}
    assert "2" in mail.outbox[0].subject
    assert "http://north.localhost:8000/incidents/" in mail.outbox[0].body
    assert "Ada" not in mail.outbox[0].body

    asked()
    assert watching.watch() == {"opened": 1, "ended": 0, "mailed": 0}
    assert len(mail.outbox) == 2


def test_what_somebody_has_seen_is_not_mailed(admins):
    asked()
    watch_silence()
    acknowledge(incident=Incident.objects.get(), user=admins[0], actor=admins[0].actor)

    assert watching.watch()["mailed"] == 0


def test_a_mail_server_that_is_away_loses_nothing(admins, monkeypatch):
    def away(*args, **kwargs):
        raise OSError("no route")

    asked()
    monkeypatch.setattr("channels_app.services.alarms.send_mail", away)
    assert watching.watch()["mailed"] == 0
    assert Incident.objects.get().mailed_at is None


def test_opening_and_seeing_are_on_record(admins):
    asked()
    watch_silence()
    incident = Incident.objects.get()
    acknowledge(incident=incident, user=admins[0], actor=admins[0].actor)
    acknowledge(incident=incident, user=admins[1], actor=admins[1].actor)

    incident.refresh_from_db()
    assert incident.acknowledged_by == admins[0]
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert actions.count("incident.opened") == actions.count("incident.acknowledged") == 1


# -- what people can do


def test_a_reason_closes_it(admins):
    talk = asked()
    watch_silence()

    incident = close_with_reason(
        incident=Incident.objects.get(), reason="spam", user=admins[0], actor=admins[0].actor
    )

    talk.refresh_from_db()
    assert (incident.resolution, talk.status, talk.closing_reason) == ("closed", "closed", "spam")


def test_what_came_in_is_read_again(north, work, django_capture_on_commit_callbacks):
    waiting, dead = event(), event(status="rejected", outcome="rejected", reason="x")
    InboundEvent.objects.update(connection=waiting.connection)
    watch_silence()

    with django_capture_on_commit_callbacks(execute=True):
        retry(incident=Incident.objects.get(), actor="user:1")

    assert set(work()) <= {"ingest_event", "ingest_events"}
    assert InboundEvent.objects.filter(status="pending").count() == 0
    assert dead.pk


def test_a_failed_answer_is_sent_again(north):
    message = answer(asked(), "failed", error_code="x")
    watch_silence()

    retry(incident=Incident.objects.get(), actor="user:1")

    message.refresh_from_db()
    assert message.state == Message.State.QUEUED


def test_what_may_have_arrived_is_not_sent_again(north):
    answer(asked(), "failed", error_code="unknown_delivery")
    watch_silence()

    with pytest.raises(CannotRetry, match="unknown_delivery"):
        retry(incident=Incident.objects.get(), actor="user:1")


def test_the_ai_is_asked_again(north, bell, django_capture_on_commit_callbacks):
    asked()
    watch_silence()

    with django_capture_on_commit_callbacks(execute=True):
        retry(incident=Incident.objects.get(), actor="user:1")

    assert [change for change, _message in bell] == ["new"]


def test_a_person_is_not_retried(north):
    asked(VERY_LONG, controller="human")
    watch_silence()

    with pytest.raises(CannotRetry, match="a_person_is_waited_for"):
        retry(incident=Incident.objects.get(), actor="user:1")


def test_the_explainer_asks_once_for_many(north):
    ids = [asked().pk for _ in range(20)]
    explain_silence(ids)

    with counted() as captured:
        explain_silence(ids)

    assert len(captured) <= 2

"""Promises of an answer in time: timers in the rows, broken ones noted once, what is counted."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from channels_app import services
from channels_app.models import Breach, Conversation, Message, Promise
from channels_app.outbox import post_message
from channels_app.services.breaches import note_breaches
from channels_app.services.bulk import do_to_many, undo_many
from channels_app.services.inbox import counters, list_conversations
from channels_app.services.outgoing import record_message
from channels_app.services.promising import change_promise, drop_promise, make_promise
from channels_app.services.snoozing import snooze, wake_due
from channels_app.services.winding import wind_all_anew, wind_by_key
from channels_app.services.writing import take_back
from tenants.live import stream_of
from tenants.notices.models import Notice
from tenants.outgoing.models import Event
from tenants.outgoing.services import add_endpoint
from tenants.redis import client as redis
from tenants.workspace.models import Profile
from tenants.workspace.services import change_profile, opening_hours
from tests.factories import (
    make_connection,
    make_contact,
    make_conversation,
    make_message,
    make_user,
)

HUMAN = Message.Author.HUMAN


@pytest.fixture
def told(north, settings):
    """What an address that asks for it is told of."""
    settings.ALLOW_PRIVATE_ADDRESSES = True  # nothing is dialled here
    add_endpoint(
        name="n8n", url="http://127.0.0.1/", events=["conversation.sla_breached"], actor="user:1"
    )
    return lambda: list(Event.objects.values_list("kind", flat=True))


@pytest.fixture
def promised(north):
    """An answer within the hour, the next within half of one, all of it within a day."""
    said = {"first_minutes": 60, "next_minutes": 30, "resolve_minutes": 24 * 60}
    return make_promise(name="For all", actor="user:1", in_hours=False, **said)


def talk(minutes=0, **kwargs):
    """Somebody who has waited for so long."""
    since = timezone.now() - timedelta(minutes=minutes)
    row = make_conversation(
        **{
            "connection": kwargs.pop("connection", None) or make_connection(),
            "contact": make_contact(),
            "last_message_at": since,
            "last_inbound_at": since,
            "waiting_since": since,
            "controller": "human",
            **kwargs,
        }
    )
    wind_by_key(row.pk)
    row.refresh_from_db()
    return row


def reply(row, user=None):
    return post_message(conversation=row, text="Hello", author=HUMAN, user=user or make_user())


def left(row):
    """Minutes until it is due, rounded."""
    return round((row.due_at - timezone.now()).total_seconds() / 60)


def test_whoever_writes_is_due_an_answer_and_whoever_was_answered_is_not(promised):
    row = talk()
    assert (row.due_for, left(row)) == ("first", 60)

    reply(row)
    assert row.due_at is None

    row.waiting_since = row.last_inbound_at = timezone.now()
    row.save()
    wind_by_key(row.pk)
    row.refresh_from_db()
    assert (row.due_for, left(row)) == ("next", 30)


def test_the_promise_of_a_channel_comes_before_that_for_the_rest(promised):
    phone = make_connection()
    make_promise(name="Phone", connection=phone, first_minutes=5, actor="user:1", in_hours=False)
    assert (left(talk(connection=phone)), left(talk())) == (5, 60)


def test_where_nothing_is_promised_nothing_is_due(north):
    row = talk()
    assert (row.due_at, row.clock) == (None, {})
    reply(row)
    assert row.clock == {}


def test_what_only_says_that_somebody_will_answer_is_no_answer(promised):
    row = talk(10, controller="ai")
    since, due = row.waiting_since, row.due_at
    services.hand_over(conversation=row, reason="complaint", text="A colleague will answer.")
    assert (row.waiting_since, row.due_at, row.due_for) == (since, due, "first")


def test_what_is_put_away_is_not_due_and_has_its_time_when_it_is_back(promised):
    row = talk(20)
    snooze(conversation=row, until=timezone.now() + timedelta(hours=1), user=None)
    assert row.due_at is None
    Conversation.objects.filter(pk=row.pk).update(snoozed_until=timezone.now())
    assert wake_due() == 1
    row.refresh_from_db()
    assert left(row) == 40


def test_a_closed_one_is_not_due_and_an_undone_close_is_again(promised):
    row = talk(20)
    done = do_to_many(ids=[row.pk], deed="close", user=make_user())
    row.refresh_from_db()
    assert (row.due_at, row.clock) == (None, {})
    assert undo_many(undo=done.undo, user=make_user()) == 1
    row.refresh_from_db()
    assert left(row) == 40


def test_a_reply_that_is_taken_back_was_no_answer(promised):
    row, user = talk(20), make_user()
    make_message(conversation=row, provider_time=row.waiting_since)
    record_message(conversation=row, text="Oh", author=HUMAN, user=user, held_seconds=30)
    assert row.due_at is None
    take_back(conversation=row, user=user)
    assert (row.due_for, left(row)) == ("first", 40)


def test_silence_that_is_an_answer_ends_the_timer(promised):
    row = talk(10, controller="ai")
    assert services.let_rest(conversation=row, reason="goodbye", seen_turn=row.turn_version)
    row.refresh_from_db()
    assert row.due_at is None


def test_a_broken_promise_is_noted_and_told_once(
    promised, told, django_capture_on_commit_callbacks
):
    row = talk(90, assignee=make_user())
    with django_capture_on_commit_callbacks(execute=True):
        assert note_breaches() == 1
        assert note_breaches() == 0
    breach = Breach.objects.get()
    assert (breach.target, breach.since, breach.assignee) == (
        "first", row.waiting_since, row.assignee,
    )  # fmt: skip
    kinds = [fields["kind"] for _id, fields in redis().xrange(stream_of("north"))]
    assert kinds.count("sla_breached") == 1
    assert told() == ["conversation.sla_breached"]

    # The rest of the day is still promised, and looked at when it is over.
    row.refresh_from_db()
    assert row.alarm_at == row.waiting_since + timedelta(days=1)
    snooze(conversation=row, until=None, user=None)
    services.reopen(conversation=row, user=None)
    assert note_breaches() == 0


def test_nobody_is_woken_for_sample_data(promised, people):
    talk(90, connection=make_connection(is_sandbox=True, is_sample=True))
    assert note_breaches() == 1
    assert not Notice.objects.exists()

    talk(90)
    assert note_breaches() == 1
    assert {notice.kind for notice in Notice.objects.all()} == {"promise_broken"}


def test_all_of_it_is_broken_once_however_often_they_write(promised):
    row = talk(25 * 60)
    assert note_breaches() == 2
    reply(row)
    row.waiting_since = timezone.now() - timedelta(minutes=31)
    row.save()
    wind_by_key(row.pk)
    assert note_breaches() == 1
    found = Breach.objects.order_by("pk").values_list("target", flat=True)
    assert list(found) == ["first", "resolve", "next"]


def test_counters_equal_the_lists(promised):
    user = make_user()
    late, soon, fresh = talk(61), talk(50), talk(1)
    counted = counters(user)
    for tab, expected in (("overdue", [late]), ("due_soon", [soon])):
        rows = list_conversations(user=user, tab=tab).rows
        assert list(rows) == expected
        assert counted[tab] == len(rows)
    assert fresh in list_conversations(user=user, tab="all").rows


def test_who_promises_something_else_sets_every_timer_anew(promised):
    row, other = talk(20), talk(90)
    assert note_breaches() == 1
    change_promise(promise=promised, actor="user:1", first_minutes=120)
    assert wind_all_anew() == 2
    for each in (row, other):
        each.refresh_from_db()
    assert (left(row), left(other)) == (100, 30)
    assert note_breaches() == 0  # it stays on record

    drop_promise(promise=promised, actor="user:1")
    assert wind_all_anew() == 2
    row.refresh_from_db()
    assert (row.due_at, row.clock) == (None, {})


def test_timers_are_set_again_until_no_process_remembers_what_was_promised(promised):
    row = talk()
    assert wind_all_anew() == 1
    assert wind_all_anew() == 1
    Profile.objects.update(promised_at=timezone.now() - timedelta(minutes=1))
    assert wind_all_anew() == 0
    change_profile(actor="user:1", opening_hours={"mon": "09:00-17:00"})
    assert wind_all_anew() == 1
    change_promise(promise=promised, actor="user:1", in_hours=True)
    wind_all_anew()
    row.refresh_from_db()
    hours = opening_hours()
    assert hours.seconds_between(row.waiting_since, row.due_at) == 3600
    assert hours.spans_of(row.due_at.astimezone(hours.zone).date())


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"first_minutes": 5}, "connection"),
        ({"name": ""}, "name"),
        ({"connection": "new"}, "first_minutes"),
        ({"connection": "new", "first_minutes": 0}, "first_minutes"),
    ],
)
def test_what_cannot_be_promised_is_said_so(promised, said, field):
    if "connection" in said:
        said = {**said, "connection": make_connection()}
    with pytest.raises(ValidationError) as refused:
        make_promise(actor="user:1", **{"name": "Another", **said})
    assert field in refused.value.message_dict
    assert Promise.objects.count() == 1

"""Polling: no gap, no repeat, whatever happens between two looks."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from channels_app import services
from channels_app.models import ChannelConnection, InboundEvent, Message
from channels_app.providers.custom import Custom
from channels_app.providers.values import Polled, RawItem
from channels_app.services import polling
from channels_app.wire import key_of
from tenants.plugins.errors import CredentialsRejected, RateLimited


class Mailbox:
    """What the network has; the provider below looks into it, three at a time."""

    def __init__(self) -> None:
        self.news: list[str] = []
        self.looks: list[dict] = []
        self.error: Exception | None = None


@pytest.fixture
def mailbox(monkeypatch):
    box = Mailbox()

    def poll(self, cursor):
        box.looks.append(dict(cursor))
        if box.error:
            raise box.error
        seen = cursor.get("seen", 0)
        found = box.news[seen : seen + 3]
        items = tuple(RawItem("", key_of("mail", text), "message", event(text)) for text in found)
        at = seen + len(found)
        return Polled(items, {"seen": at}, more=at < len(box.news))

    monkeypatch.setattr(Custom, "poll", poll)
    monkeypatch.setattr(Custom, "poll_every", lambda self: 60)
    return box


def event(text: str) -> bytes:
    return json.dumps(
        {"type": "message", "id": f"m-{text}", "from": {"id": "u-1"}, "text": text}
    ).encode()


@pytest.fixture
def connection(north, mailbox):
    return services.connect(platform="custom", account_id="box", config={})


def due(connection):
    ChannelConnection.objects.filter(pk=connection.pk).update(poll_due_at=timezone.now())


def texts():
    return sorted(message.text for message in Message.objects.all())


def test_everything_is_read_once_and_in_turns(connection, mailbox, work):
    mailbox.news = [f"n{number}" for number in range(8)]

    assert services.ring_due_polls() == 1
    work()

    assert texts() == mailbox.news
    assert mailbox.looks == [{}, {"seen": 3}, {"seen": 6}]
    connection.refresh_from_db()
    assert connection.poll_cursor == {"seen": 8}
    assert services.ring_due_polls() == 0, "the next look is a minute away"


def test_a_crash_while_keeping_leaves_the_old_cursor_and_no_item(
    connection, mailbox, work, monkeypatch
):
    mailbox.news = ["a", "b"]

    def crash(*args, **kwargs):
        raise DatabaseError("the server went away")

    with monkeypatch.context() as patched:
        patched.setattr(ChannelConnection, "save", crash)
        with pytest.raises(DatabaseError):
            services.poll(connection_id=connection.pk)

    connection.refresh_from_db()
    assert connection.poll_cursor == {}
    assert not InboundEvent.objects.exists(), "items without their cursor would be read twice"

    due(connection)
    services.ring_due_polls()
    work()
    assert texts() == ["a", "b"]


def test_a_look_repeated_with_the_old_cursor_repeats_nothing(connection, mailbox, work):
    mailbox.news = ["a", "b"]
    services.ring_due_polls()
    work()
    ChannelConnection.objects.filter(pk=connection.pk).update(poll_cursor={})
    mailbox.news.append("c")

    due(connection)
    services.ring_due_polls()
    work()

    assert texts() == ["a", "b", "c"]


def test_two_workers_do_not_look_at_once(connection, mailbox, monkeypatch):
    def look_twice(self, cursor):
        mailbox.looks.append(dict(cursor))
        assert services.poll(connection_id=connection.pk) is False
        return Polled((), {"seen": 1})

    monkeypatch.setattr(Custom, "poll", look_twice)

    services.poll(connection_id=connection.pk)

    assert mailbox.looks == [{}]


def test_who_lost_the_lease_moves_no_cursor(connection, mailbox, monkeypatch):
    def look_slowly(self, cursor):
        later = timezone.now() + timedelta(minutes=7)
        ChannelConnection.objects.filter(pk=connection.pk).update(
            poll_cursor={"seen": 5}, poll_due_at=later
        )
        return Polled((RawItem("", key_of("x"), "message", event("x")),), {"seen": 1}, more=True)

    monkeypatch.setattr(Custom, "poll", look_slowly)

    assert services.poll(connection_id=connection.pk) is False
    connection.refresh_from_db()
    assert connection.poll_cursor == {"seen": 5}
    assert not InboundEvent.objects.exists()


def test_it_waits_as_long_as_the_network_asks(connection, mailbox):
    mailbox.error = RateLimited("slow down", retry_after=300)
    services.poll(connection_id=connection.pk)
    connection.refresh_from_db()
    wait = connection.poll_due_at - timezone.now()
    assert timedelta(seconds=290) < wait < timedelta(seconds=301)


def test_refused_access_says_reconnect(connection, mailbox):
    mailbox.error = CredentialsRejected("expired")
    services.poll(connection_id=connection.pk)
    connection.refresh_from_db()
    assert connection.health == ChannelConnection.Health.RECONNECT


def test_failing_again_and_again_is_trouble_and_ever_rarer(connection, mailbox):
    mailbox.error = RateLimited("busy")
    for _ in range(polling.HOPELESS):
        due(connection)
        services.poll(connection_id=connection.pk)
    connection.refresh_from_db()
    assert connection.health == ChannelConnection.Health.TROUBLE
    assert connection.poll_due_at - timezone.now() > timedelta(minutes=25)


def test_trouble_with_looking_is_over_with_a_look_that_succeeds(connection, mailbox):
    ChannelConnection.objects.update(poll_failures=polling.HOPELESS)  # and one was killed since
    mailbox.error = RateLimited("busy")
    due(connection)
    services.poll(connection_id=connection.pk)
    connection.refresh_from_db()
    assert connection.health == ChannelConnection.Health.TROUBLE

    mailbox.error = None
    due(connection)
    services.poll(connection_id=connection.pk)
    connection.refresh_from_db()
    assert (connection.health, connection.health_text) == (ChannelConnection.Health.OK, "")


def test_a_network_may_say_soon_for_as_long_as_it_likes(connection, mailbox):
    most = 32_767  # what the column holds
    mailbox.error = RateLimited("busy", retry_after=1)
    ChannelConnection.objects.update(poll_failures=most)
    due(connection)
    services.poll(connection_id=connection.pk)
    past = timezone.now() - timedelta(seconds=1)
    ChannelConnection.objects.update(poll_failures=most, poll_due_at=past, poll_claimed_until=past)
    assert services.poll(connection_id=connection.pk) is False
    connection.refresh_from_db()
    assert connection.poll_failures == polling.COUNTED


def test_an_account_that_is_connected_anew_amid_a_look_has_failed_at_nothing(connection, mailbox):
    due(connection)
    polling._claim(connection.pk)
    connection.refresh_from_db()
    services.start_polling(connection=connection)
    services.poll(connection_id=connection.pk)
    polling._claim(connection.pk)
    connection.refresh_from_db()
    assert connection.poll_failures == 0


def test_a_disconnected_account_is_left_alone(connection, mailbox):
    services.disconnect(connection=connection)
    assert services.ring_due_polls() == 0
    assert services.poll(connection_id=connection.pk) is False
    assert mailbox.looks == []


def test_a_look_that_ended_without_a_word_counts_as_failed(connection):
    """Its worker was killed, or stumbled over what no network may answer."""
    for count in (1, 2):
        past = timezone.now() - timedelta(seconds=1)
        ChannelConnection.objects.update(poll_due_at=past, poll_claimed_until=past)
        assert polling._claim(connection.pk) is not None
        connection.refresh_from_db()
        assert connection.poll_failures == count

"""Late, doubled and out of order: states go forwards only, and no time is made up."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from channels_app import services, wire
from channels_app.models import InboundEvent, Message
from channels_app.outbox import post_message
from channels_app.providers import CHANNELS
from channels_app.services import sandboxes
from channels_app.services.statuses import RANK, UNKNOWN_DELIVERY, advance
from tenants.plugins import sandbox
from tests.channels_app.conftest import connected

NEWS = ("sent", "delivered", "read")
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@given(
    first=st.sampled_from(["queued", "sending", "unknown", "accepted", "sent"]),
    news=st.lists(st.sampled_from([*NEWS, "accepted", "failed"]), max_size=12),
)
def test_no_news_takes_a_message_back(first, news):
    message = Message(state=first)
    failed = False
    for state in news:
        before = message.state
        is_news = advance(message, state, at=NOW)
        assert is_news == (message.state != before)
        if state == "failed":
            failed |= is_news
            # Who was reached has been reached.
            assert not is_news or RANK[before] <= RANK["sent"]
        elif is_news:
            assert RANK[message.state] > RANK[before]
    highest = max((RANK[state] for state in news if state in RANK), default=0)
    if not failed:
        assert RANK[message.state] == max(highest, RANK[first])


@given(st.sampled_from([*NEWS, "failed"]))
def test_what_we_gave_up_on_is_known_better_by_the_network(state):
    message = Message(state="failed", error_code=UNKNOWN_DELIVERY)
    assert advance(message, state, at=NOW) == (state != "failed")


class Wire:
    """A channel whose events are told in any order, each for itself."""

    def __init__(self) -> None:
        self.connection = connected("custom")
        self.count = 0

    def tell(self, *events: dict) -> list[InboundEvent]:
        told = []
        for event in events:
            self.count += 1
            body = wire.dumps({"event_id": f"n{self.count}", **event})
            items = self.connection.provider().split(body)
            for event_id in services.store(connection_id=self.connection.pk, items=items):
                services.ingest(event_id=event_id)
                told.append(InboundEvent.objects.get(pk=event_id))
        return told

    def heard(self, at: datetime, text: str = "Hello", **more) -> Message:
        self.count += 1
        message = {"type": "message", "id": f"m{self.count}", "text": text, "from": {"id": "u1"}}
        self.tell({**message, "timestamp": at.isoformat(), **more})
        return Message.objects.order_by("-pk")[0]

    def status(self, message: Message, state: str, at: datetime, **more) -> dict:
        reference = str(message.reference)
        return {
            "type": "status",
            "id": "ours",
            "status": state,
            "reference": reference,
            "timestamp": at.isoformat(),
            **more,
        }


@pytest.fixture
def line(north):
    return Wire()


def answered(line: Wire) -> Message:
    heard = line.heard(timezone.now() - timedelta(minutes=5))
    return post_message(conversation=heard.conversation, text="Hi", author="human")


@pytest.mark.parametrize("order", sorted(set(permutations([*NEWS, "read"], 3))))
def test_every_order_of_statuses_ends_at_the_highest(line, order):
    message = answered(line)
    began = timezone.now() - timedelta(minutes=1)
    moments = {state: began + timedelta(seconds=n) for n, state in enumerate(NEWS)}
    line.tell(*(line.status(message, state, moments[state]) for state in order))

    message.refresh_from_db()
    highest = max(order, key=lambda state: RANK[state])
    assert message.state == highest
    assert message.state_at == moments[highest]
    assert message.sent_at in moments.values()


@pytest.mark.parametrize(
    "claimed", [timezone.now() + timedelta(days=9), datetime(1, 1, 1, tzinfo=UTC)]
)
def test_a_time_that_cannot_be_is_the_one_at_which_it_came(line, claimed):
    message = answered(line)
    [event] = line.tell(line.status(message, "delivered", claimed))
    message.refresh_from_db()
    assert message.state_at == event.received_at

    heard = line.heard(claimed)
    assert heard.provider_time == heard.received_at


def test_a_late_message_keeps_its_three_times_and_its_place(line):
    now = timezone.now()
    newest = line.heard(now - timedelta(minutes=1), "newest")
    conversation = newest.conversation
    window = conversation.last_inbound_at

    late = line.heard(now - timedelta(hours=30), "late")

    said_at = now - timedelta(hours=30)
    assert late.provider_time == said_at
    assert said_at < newest.received_at < late.received_at <= late.processed_at
    conversation.refresh_from_db()
    assert [each.text for each in conversation.messages.all()] == ["late", "newest"]
    assert conversation.preview == "newest"
    assert conversation.last_inbound_at == window  # it opens no window again
    assert conversation.last_message_at == newest.provider_time
    [event] = InboundEvent.objects.filter(received_at=late.received_at)
    assert event.processed_at is not None
    assert event.processed_at >= event.received_at


# They do not say when something was written: it was when it came.
TELL_NO_TIME = {"twilio", "twilio_whatsapp", "form"}


@pytest.mark.parametrize("platform", list(CHANNELS))
def test_every_network_keeps_three_times_of_what_comes_late_and_out_of_order(
    north, monkeypatch, platform
):
    """The newest comes first; both wait for two minutes in our queue."""
    connection = sandboxes.open_sandbox(platform=platform)
    person = sandboxes.new_customer(connection=connection)
    now = timezone.now().replace(microsecond=0)
    said = {"newest": now - timedelta(minutes=5), "late": now - timedelta(hours=20)}
    came = {"newest": now - timedelta(minutes=3), "late": now - timedelta(minutes=2)}
    for text, at in said.items():
        with monkeypatch.context() as clock:
            clock.setattr("time.time", at.timestamp)
            clock.setattr("config.simulator.resend._now", at.isoformat)
            knocks = sandbox.vendors().written(
                connection.pretended, person=person, name="Ada", text=text
            )
        items = [item for each in knocks for item in connection.provider().split(each.body)]
        [event_id] = services.store(connection_id=connection.pk, items=items)
        InboundEvent.objects.filter(pk=event_id).update(received_at=came[text])
        services.ingest(event_id=event_id)

    known = {message.text: message for message in Message.objects.all()}
    for text, message in known.items():
        wanted = came[text] if platform in TELL_NO_TIME else said[text]
        assert message.provider_time == wanted
        assert message.received_at == came[text]
        assert message.processed_at > came[text] + timedelta(minutes=1)
    newest = max(known.values(), key=lambda message: message.provider_time)
    conversation = newest.conversation
    assert [each.text for each in conversation.messages.all()][-1] == newest.text
    assert (conversation.preview, conversation.last_message_at) == (
        newest.text,
        newest.provider_time,
    )
    assert conversation.last_inbound_at == newest.provider_time  # a late word opens no window


def test_what_the_network_numbers_within_one_second_keeps_its_order(line):
    at = timezone.now().replace(microsecond=0)
    for number in (3, 1, 2):
        line.heard(at, f"{number}", sequence=number)
    shown = Message.objects.values_list("sequence", flat=True)
    assert list(shown) == [1, 2, 3]


def test_news_that_outruns_its_message_waits_for_it(line):
    now = timezone.now()
    [edit] = line.tell(
        {"type": "edit", "id": "m9", "text": "New words", "timestamp": now.isoformat()}
    )
    assert edit.status == "waiting"
    at = (now - timedelta(minutes=1)).isoformat()
    line.tell({"type": "message", "id": "m9", "text": "Old", "from": {"id": "u"}, "timestamp": at})
    services.ingest(event_id=edit.pk)
    message = Message.objects.get()
    assert (message.text, message.edited_at) == ("New words", now)
    edit.refresh_from_db()
    assert edit.processed_at is not None
    assert edit.processed_at > message.received_at > edit.received_at


def test_a_queue_that_was_slow_is_told_apart_from_a_network_that_was(line):
    sent_at = timezone.now() - timedelta(minutes=9)
    body = wire.dumps(
        {
            "type": "message",
            "id": "m1",
            "text": "Hi",
            "from": {"id": "u"},
            "timestamp": sent_at.isoformat(),
        }
    )
    [event_id] = services.store(
        connection_id=line.connection.pk, items=line.connection.provider().split(body)
    )
    came = timezone.now() - timedelta(minutes=2)
    InboundEvent.objects.filter(pk=event_id).update(received_at=came)
    services.ingest(event_id=event_id)
    message = Message.objects.get()
    assert (message.provider_time, message.received_at) == (sent_at, came)
    assert message.processed_at > came + timedelta(minutes=1)

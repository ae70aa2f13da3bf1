"""What events mean for conversations: each kind keeps its meaning, in any order, only once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from channels_app import services, wire
from channels_app.models import (
    Contact,
    ContactIdentity,
    Conversation,
    InboundEvent,
    Message,
    id_index,
)
from channels_app.outbox import StaleTurn, post_message
from channels_app.providers import values
from channels_app.providers.instagram import FETCHED, Instagram
from tenants.plugins.errors import Unavailable
from tests.channels_app.conftest import connected

THEN = datetime(2026, 11, 19, 10, tzinfo=UTC)
AI = Message.Author.AI


@pytest.fixture
def connection(north):
    return connected("custom", "erp")


@pytest.fixture
def take(connection):
    """Store and read one event of the custom channel; returns its row."""

    def play(**event) -> InboundEvent:
        items = list(connection.provider().split(wire.dumps(event)))
        stored = services.store(connection_id=connection.pk, items=items)
        for event_id in stored:
            services.ingest(event_id=event_id)
        return InboundEvent.objects.get(key=items[0].key)

    return play


def written(identifier: str = "m1", text: str = "Hello", who: str = "u1", at=THEN, **more) -> dict:
    return {
        "type": "message",
        "id": identifier,
        "from": {"id": who, "name": "Ada"},
        "text": text,
        "timestamp": at.isoformat(),
        **more,
    }


def sent(conversation: Conversation, external_id: str = "out1", **state) -> Message:
    message = post_message(conversation=conversation, text="Our answer", author=AI)
    Message.objects.filter(pk=message.pk).update(**{"state": "accepted", "sent_at": THEN, **state})
    message.refresh_from_db()
    message.external_id, message.external_key = external_id, id_index(external_id)
    if external_id:
        message.save(update_fields=["external_id", "external_key"])
    return message


def begin(take, **more) -> Conversation:
    take(**written(at=timezone.now(), **more))
    return Conversation.objects.get()


def test_a_message_makes_contact_identity_and_conversation(take, bell):
    event = take(**written())

    assert (event.status, event.outcome) == ("done", "message")
    contact = Contact.objects.get()
    assert contact.name == "Ada"
    assert ContactIdentity.objects.get().external_id == "u1"
    conversation = Conversation.objects.get()
    assert (conversation.unread_count, conversation.turn_version) == (1, 1)
    assert conversation.preview == "Hello"
    assert conversation.last_inbound_at == THEN
    message = Message.objects.get()
    assert message.provider_time == THEN
    assert message.received_at > THEN


def test_the_bell_rings_once_after_the_commit(take, bell, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        event = take(**written())
        assert bell == []
    with django_capture_on_commit_callbacks(execute=True):
        services.ingest(event_id=event.pk)
        InboundEvent.objects.update(status="pending")
        assert services.ingest(event_id=event.pk) == "duplicate"
    assert [change for change, _ in bell] == ["new"]


def test_people_are_told_apart_by_exact_id(take):
    take(**written("m1", who="Abc"))
    take(**written("m2", who="abc"))
    assert Contact.objects.count() == 2


def test_messages_stand_in_the_networks_order_not_ours(take):
    take(**written("m2", "second", at=THEN + timedelta(minutes=1)))
    take(**written("m1", "first", at=THEN))
    take(**written("m3", "third", at=THEN + timedelta(minutes=1), sequence=9))

    conversation = Conversation.objects.get()
    assert [m.text for m in services.history(conversation=conversation)] == [
        "first",
        "second",
        "third",
    ]
    assert conversation.preview == "third"


def test_a_clock_from_the_future_is_not_believed(take):
    take(**written(at=timezone.now() + timedelta(days=900)))
    assert Message.objects.get().provider_time <= timezone.now()


def test_an_edit_keeps_what_was_said_before(take, bell, django_capture_on_commit_callbacks):
    take(**written())
    with django_capture_on_commit_callbacks(execute=True):
        take(type="edit", id="m1", text="Hello there", timestamp=timezone.now().isoformat())

    message = Message.objects.get()
    assert message.text == "Hello there"
    assert [old["text"] for old in message.earlier_texts] == ["Hello"]
    assert message.conversation.turn_version == 2
    assert [change for change, _ in bell] == ["edited"]


def test_a_network_that_is_away_is_no_failure_of_what_has_to_be_fetched(north, monkeypatch):
    """An hour of it would else end as ten failures, and a customer's mention among the dead."""
    connection = connected("instagram", "1789")
    change = {"field": "mentions", "value": {"media_id": "5"}}
    body = wire.dumps({"object": "instagram", "entry": [{"id": "1789", "changes": [change]}]})
    items = list(connection.provider().split(body))
    [event_id] = services.store(connection_id=connection.pk, items=items)

    def away(self, kind, body):
        raise Unavailable("Nobody answers.")

    def asked() -> InboundEvent:
        with pytest.raises(Unavailable):
            services.ingest(event_id=event_id)
        services.sweep()
        return InboundEvent.objects.get()

    monkeypatch.setattr(Instagram, "fetch", away)
    for _ in range(11):
        event = asked()
    assert (event.status, event.attempts) == ("pending", 0)

    InboundEvent.objects.update(received_at=timezone.now() - timedelta(days=2))
    assert asked().attempts == 1  # by now it counts


def test_who_took_everything_back_waits_for_nothing(take):
    take(**written("m1", "Anybody there?"))
    take(**written("m2", "Hello?", at=THEN + timedelta(minutes=1)))
    take(type="delete", id="m1")
    assert Conversation.objects.get().waiting_since is not None  # for an answer to the other

    take(type="delete", id="m2")
    talk = Conversation.objects.get()
    assert talk.waiting_since is None
    assert talk.closing_reason == "They took back what they had written."


def test_who_wrote_first_and_was_heard_last_waits_on_when_the_other_is_taken_back(take):
    """A network that mixes up the order: the older message came second."""
    take(**written("m2", "Hello?", at=THEN + timedelta(minutes=1)))
    take(**written("m1", "Anybody there?"))
    take(type="delete", id="m2")
    assert Conversation.objects.get().waiting_since is not None


def test_what_was_fetched_and_could_not_be_read_is_fetched_anew_when_it_is_announced_again(north):
    """The announcement is no fetched item: under that name it could never be read."""
    connection = connected("instagram", "1789")
    change = {"field": "mentions", "value": {"media_id": "5"}}
    body = wire.dumps({"object": "instagram", "entry": [{"id": "1789", "changes": [change]}]})
    [item] = connection.provider().split(body)
    services.store(connection_id=connection.pk, items=[item])
    InboundEvent.objects.update(kind=FETCHED, body=b"[]", status="rejected")

    services.store(connection_id=connection.pk, items=[item])

    event = InboundEvent.objects.get()
    assert (event.status, event.kind, bytes(event.body)) == ("pending", item.kind, item.body)


def test_what_was_taken_back_is_not_kept(take, bell, django_capture_on_commit_callbacks):
    take(**written(text="my password"))
    with django_capture_on_commit_callbacks(execute=True):
        take(type="delete", id="m1")
    message = Message.objects.get()
    assert message.deleted_at is not None
    assert message.text == message.conversation.preview == ""
    assert [change for change, _ in bell] == ["deleted"]


def test_reactions_come_and_go(take):
    take(**written())
    take(type="reaction", id="m1", **{"from": {"id": "u1"}}, emoji="👍", event_id="r1")
    assert Message.objects.get().reactions == {"u1": "👍"}
    take(type="reaction", id="m1", **{"from": {"id": "u1"}}, emoji="", event_id="r2")
    assert Message.objects.get().reactions == {}


@pytest.mark.parametrize(
    "early",
    [
        {"type": "edit", "id": "m1", "text": "Changed"},
        {"type": "delete", "id": "m1"},
        {"type": "reaction", "id": "m1", "from": {"id": "u1"}, "emoji": "👍"},
    ],
    ids=lambda event: event["type"],
)
def test_what_outruns_its_message_waits_for_it(take, early, django_capture_on_commit_callbacks):
    event = take(**early)
    assert (event.status, event.outcome) == ("waiting", early["type"])

    with django_capture_on_commit_callbacks() as callbacks:
        take(**written())
    assert callbacks
    assert services.ingest(event_id=event.pk) == early["type"]
    event.refresh_from_db()
    assert event.status == "done"


def test_the_sweeper_lets_go_of_what_waited_in_vain(take):
    event = take(type="status", id="never", status="read")
    InboundEvent.objects.update(received_at=timezone.now() - timedelta(days=2))
    assert services.sweep()["expired"] == 1
    event.refresh_from_db()
    assert (event.status, event.outcome) == ("done", "status")


@pytest.mark.parametrize(
    ("news", "state"),
    [
        (["sent", "delivered", "read"], "read"),
        (["read", "delivered", "sent"], "read"),
        (["delivered", "failed"], "delivered"),
        (["sent", "failed", "sent"], "failed"),
        (["failed", "read"], "failed"),
    ],
)
def test_states_never_move_backwards(take, news, state):
    message = sent(begin(take))
    for status in news:
        take(type="status", id="out1", status=status)
    message.refresh_from_db()
    assert message.state == state


def test_a_status_that_outruns_the_answer_finds_its_message_by_reference(take):
    message = sent(begin(take), "", state="sending")
    take(type="status", id="theirs", status="delivered", reference=str(message.reference))
    message.refresh_from_db()
    assert (message.state, message.external_id) == ("delivered", "theirs")


def test_a_status_without_reference_waits_for_the_answer(take):
    conversation = begin(take)
    event = take(type="status", id="out1", status="read")
    assert event.status == "waiting"
    message = sent(conversation)
    assert services.sweep()["waiting"] == 1
    services.ingest(event_id=event.pk)
    message.refresh_from_db()
    assert message.state == "read"


def test_the_network_knows_better_than_our_giving_up(take):
    message = sent(begin(take), state="failed", error_code="unknown_delivery")
    take(type="status", id="out1", status="delivered")
    message.refresh_from_db()
    assert (message.state, message.error_code) == ("delivered", "")


def echo(identifier: str = "e1", text: str = "I am on it", **more) -> dict:
    return {"type": "echo", "id": identifier, "to": {"id": "u1"}, "text": text, **more}


def test_a_colleague_in_the_networks_own_app_takes_the_conversation(take):
    conversation = begin(take)
    seen = conversation.turn_version
    take(**echo())

    conversation.refresh_from_db()
    assert conversation.controller == "human"
    assert Message.objects.filter(author="echo").count() == 1
    with pytest.raises(StaleTurn):
        post_message(conversation=conversation, text="Hi", author=AI, seen_turn=seen)


@pytest.mark.parametrize("state", ["accepted", "sending", "unknown"])
def test_the_echo_of_our_own_send_is_no_colleague(take, state):
    conversation = begin(take)
    known = "e1" if state == "accepted" else ""
    message = sent(conversation, known, state=state)

    event = take(**echo(text="Our  answer "))

    conversation.refresh_from_db()
    message.refresh_from_db()
    assert event.reason == "Our own message."
    assert conversation.controller == "ai"
    assert (message.state, message.external_id) == ("sent", "e1")


def test_an_echo_taken_for_a_colleague_is_absorbed_by_the_answer(take):
    conversation = begin(take)
    message = sent(conversation, "", state="sending")
    take(**echo(text="Rewritten by the network"))
    assert Message.objects.filter(author="echo").exists()

    services.outcomes.accept(message=message, sent=values.Sent("e1"))

    message.refresh_from_db()
    assert (message.state, message.external_id) == ("sent", "e1")
    assert not Message.objects.filter(author="echo").exists()


def test_a_blocked_contact_is_heard_but_not_announced(
    take, bell, django_capture_on_commit_callbacks
):
    begin(take)
    Contact.objects.update(is_blocked=True)
    with django_capture_on_commit_callbacks(execute=True):
        take(**written("m2"))
    assert Message.objects.count() == 2
    assert bell == []


def test_new_words_open_a_closed_conversation(take):
    conversation = begin(take)
    services.close(conversation=conversation, user=None)
    take(**written("m2", at=timezone.now()))
    conversation.refresh_from_db()
    assert (conversation.status, conversation.turn_version) == ("open", 3)


def test_one_person_under_two_ids_is_one_contact(north):
    connection = connected("whatsapp", "1122")

    def message(identifier: str, **who) -> None:
        value = {
            "metadata": {"phone_number_id": "1122"},
            "messages": [
                {
                    "id": identifier,
                    "timestamp": "1763629200",
                    "type": "text",
                    "text": {"body": "Hi"},
                    **who,
                }
            ],
        }
        body = {"entry": [{"changes": [{"field": "messages", "value": value}]}]}
        items = connection.provider().split(wire.dumps(body))
        for event_id in services.store(connection_id=connection.pk, items=items):
            assert services.ingest(event_id=event_id) == "message"

    message("w1", **{"from": "34600111222"})
    message("w2", **{"from": "34600111222", "from_user_id": "ES.42"})
    message("w3", from_user_id="ES.42")

    assert Contact.objects.get().phone == "+34600111222"
    assert ContactIdentity.objects.count() == 2
    assert Message.objects.values("conversation__contact").distinct().count() == 1


def test_a_poison_event_ends_as_rejected_not_as_a_loop(take):
    begin(take)
    InboundEvent.objects.update(
        status="pending", attempts=10, received_at=timezone.now() - timedelta(hours=1)
    )
    assert services.sweep()["events"] == 0
    assert InboundEvent.objects.get().status == "rejected"


def test_a_replayed_event_doubles_nothing(take):
    begin(take)
    event = InboundEvent.objects.get()
    services.replay(event=event)
    assert services.ingest(event_id=event.pk) == "duplicate"
    assert Message.objects.count() == 1


def test_a_bug_in_one_event_is_counted_and_harms_no_sibling(take, connection, monkeypatch):
    from channels_app.actors import ingest_events
    from channels_app.providers.custom import Custom

    read = Custom.read

    def stumble(self, kind, body):
        if b"poison" in body:
            raise TypeError("a bug of ours")
        return read(self, kind, body)

    monkeypatch.setattr(Custom, "read", stumble)
    texts = ("one", "poison", "two")
    body = wire.dumps({"events": [written(f"m{n}", text) for n, text in enumerate(texts)]})
    stored = services.store(connection_id=connection.pk, items=connection.provider().split(body))

    with pytest.raises(TypeError):
        ingest_events.fn(",".join(stored))

    assert Message.objects.count() == 2
    poison = InboundEvent.objects.get(status="pending")
    assert poison.attempts == 1


def test_a_backlog_is_no_failure(take, connection):
    """However often the sweeper rings an event that no worker has come to, it is not given up."""
    items = connection.provider().split(wire.dumps(written()))
    services.store(connection_id=connection.pk, items=items)
    InboundEvent.objects.update(received_at=timezone.now() - timedelta(hours=1))
    for _ in range(12):
        assert services.sweep()["events"] == 1
    assert InboundEvent.objects.get().status == "pending"


def test_an_id_that_somebody_elses_message_has_is_a_duplicate_not_an_error(take):
    take(**written(who="u1"))
    items = list(connected("custom", "erp").provider().split(wire.dumps(written(who="u2"))))
    event = InboundEvent.objects.create(
        connection=InboundEvent.objects.get().connection,
        key="another",
        kind=items[0].kind,
        body=items[0].body,
    )

    assert services.ingest(event_id=event.pk) == "duplicate"
    assert Message.objects.count() == 1


@pytest.mark.parametrize("year", ["0001", "1969", "9999"])
def test_a_time_that_no_page_can_show_is_not_believed(take, year):
    event = take(**{**written(), "timestamp": f"{year}-01-01T00:00:00+00:00"})

    assert Message.objects.get().provider_time == event.received_at


def test_a_failure_told_in_words_that_no_column_takes_is_kept(take):
    message = sent(begin(take))
    event = take(
        type="status", id="out1", status="failed", event_id="s1", error_text="no\0 \ud800 way"
    )

    message.refresh_from_db()
    assert (event.outcome, message.state) == ("status", "failed")
    assert message.error_text == "no ? way"

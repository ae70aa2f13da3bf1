"""A message's rows by statements that are made once: as few as are needed, and no other meaning."""

from dataclasses import replace

import httpx
import pytest
import respx
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from channels_app import services, wire
from channels_app.models import Conversation, InboundEvent, Message, id_index
from channels_app.outbox import post_message
from channels_app.services import receiving
from channels_app.services.rows import TakenMeanwhile, save_new_message
from tests.channels_app.conftest import connected

AI = Message.Author.AI
HOOK = "https://erp.example/hook"


@pytest.fixture
def connection(north):
    return connected("custom", "erp")


def stored(connection, *, as_if_new: str = "", **event) -> str:
    """Kept as a webhook would; ``as_if_new`` is the key of a copy that does not look like one."""
    (item,) = connection.provider().split(wire.dumps(event))
    item = replace(item, key=as_if_new or item.key)
    (event_id,) = services.store(connection_id=connection.pk, items=[item])
    return event_id


def written(identifier: str, who: str = "u1", **more) -> dict:
    return {
        "type": "message",
        "id": identifier,
        "from": {"id": who, "name": "Ada"},
        "text": "Hello",
        **more,
    }


def read(event_id: str) -> InboundEvent:
    services.ingest(event_id=event_id)
    return InboundEvent.objects.get(pk=event_id)


def statements(queries: CaptureQueriesContext) -> list[str]:
    """What was asked of the database; the test's own savepoints are not."""
    found = (query["sql"] for query in queries.captured_queries)
    return [sql for sql in found if "SAVEPOINT" not in sql]


@pytest.mark.parametrize(
    ("identifier", "who", "least"),
    [
        # event, conversation, lock, identity, is it here; five rows; event
        ("m2", "u2", 10),
        # event, conversation; message, conversation; event
        ("m3", "u1", 5),
    ],
    ids=["a stranger", "somebody known"],
)
def test_reading_a_message_asks_no_more_than_it_needs(connection, identifier, who, least):
    read(stored(connection, **written("m1")))
    event_id = stored(connection, **written(identifier, who))

    with CaptureQueriesContext(database) as queries:
        services.ingest(event_id=event_id)

    asked = statements(queries)
    assert len(asked) <= least, asked


@respx.mock
def test_sending_a_message_asks_no_more_than_it_needs(connection):
    respx.post(HOOK).respond(json={"id": "out1"})
    read(stored(connection, **written("m1")))
    message = post_message(conversation=Conversation.objects.get(), text="Yes", author=AI)
    services.deliver(message_id=message.pk)
    message = post_message(conversation=Conversation.objects.get(), text="Indeed", author=AI)
    respx.post(HOOK).respond(json={"id": "out2"})

    with CaptureQueriesContext(database) as queries:
        services.deliver(message_id=message.pk)

    message.refresh_from_db()
    assert (message.state, message.external_key) == ("accepted", id_index("out2"))
    asked = statements(queries)
    assert len(asked) <= 4, asked  # the row, the claim, what came of it, the follower


def test_a_second_copy_changes_nothing_in_its_conversation(connection):
    read(stored(connection, **written("m1")))
    before = Conversation.objects.values().get()

    again = read(stored(connection, as_if_new="copy", **written("m1", text="Told again")))

    assert again.outcome == "duplicate"
    assert Conversation.objects.values().get() == before
    assert Message.objects.count() == 1


def test_no_conversation_begins_for_a_message_that_is_here_already(connection):
    read(stored(connection, **written("m1")))

    again = read(stored(connection, as_if_new="copy", **written("m1", who="u2")))

    assert again.outcome == "duplicate"
    assert Conversation.objects.count() == 1


def test_messages_that_have_no_name_yet_are_no_copies_of_each_other(connection):
    read(stored(connection, **written("m1")))
    conversation = Conversation.objects.get()

    for text in ("One", "Two"):
        row = Message(
            connection=connection, conversation=conversation, direction="out", state="sent"
        )
        row.text = text
        assert save_new_message(row)

    assert conversation.messages.filter(external_key="").count() == 2


def test_an_echo_whose_name_was_given_meanwhile_is_read_again_as_ours(connection, monkeypatch):
    read(stored(connection, **written("m1")))
    conversation = Conversation.objects.get()
    message = post_message(conversation=conversation, text="Yes", author=AI)
    Message.objects.filter(pk=message.pk).update(external_key=id_index("out1"), state="accepted")
    echo = stored(
        connection, type="echo", id="out1", to={"id": "u1"}, text="Said by somebody in the app"
    )

    with monkeypatch.context() as before:  # the answer came after we had looked
        before.setattr(receiving, "message_by", lambda *asked: None)
        with pytest.raises(TakenMeanwhile):
            services.ingest(event_id=echo)

    conversation.refresh_from_db()
    assert conversation.is_with_ai  # nothing of it was kept
    assert read(echo).reason == "Our own message."
    message.refresh_from_db()
    assert message.state == "sent"


@respx.mock
@pytest.mark.parametrize("named", [True, False], ids=["by name", "by state alone"])
def test_what_was_faster_than_the_answer_is_not_overwritten(connection, named):
    read(stored(connection, **written("m1")))
    message = post_message(conversation=Conversation.objects.get(), text="Yes", author=AI)

    def already_delivered(request):
        known = {"external_id": "out1", "external_key": id_index("out1")} if named else {}
        Message.objects.filter(pk=message.pk).update(state="delivered", **known)
        return httpx.Response(200, json={"id": "out1"})

    respx.post(HOOK).mock(side_effect=already_delivered)
    services.deliver(message_id=message.pk)

    message.refresh_from_db()
    assert (message.state, message.external_key) == ("delivered", id_index("out1"))

"""What somebody wrote and we cannot show: it has its place, waits for a person, and is not lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_app import services, wire
from channels_app.letters import UnsupportedBox
from channels_app.models import Conversation, InboundEvent, Incident, Message, id_index
from channels_app.outbox import post_message
from channels_app.providers.values import UNSHOWN
from channels_app.services import sweep, watch_silence
from channels_app.services.changes import EDIT_PATIENCE
from channels_app.services.incidents import CannotRetry, retry
from tenants.deadletters.boxes import Wanted
from tenants.deadletters.reading import page_of, tallies
from tests.channels_app.conftest import connected
from tests.channels_app.test_inbound import written

ACCOUNT = "1789"
NOW = 1_790_000_000
CHAT = {"id": 23, "type": "private", "first_name": "Ada"}


def telegram(**content):
    said = {"message_id": 7, "from": {**CHAT, "is_bot": False}, "chat": CHAT, "date": NOW}
    return {"update_id": 1, "message": {**said, **content}}


def meta(name, **message):
    event = {"sender": {"id": "9"}, "recipient": {"id": ACCOUNT}, "timestamp": NOW * 1000}
    event["message"] = {"mid": "m_1", **message}
    return {"object": name, "entry": [{"id": ACCOUNT, "time": NOW, "messaging": [event]}]}


def whatsapp(**message):
    value = {
        "metadata": {"phone_number_id": ACCOUNT},
        "contacts": [{"wa_id": "49170", "profile": {"name": "Ada"}}],
        "messages": [{"from": "49170", "id": "wamid.1", "timestamp": str(NOW), **message}],
    }
    return {"object": "whatsapp_business_account", "entry": [{"changes": [
        {"field": "messages", "value": value}]}]}  # fmt: skip


def tiktok(sort):
    content = {
        "message_id": "t1", "conversation_id": "c1", "type": sort, "from": "ada",
        "from_user": {"id": "u1"}, "timestamp": NOW,
    }  # fmt: skip
    return {
        "event": "im_receive_msg",
        "user_openid": ACCOUNT,
        "content": wire.dumps(content).decode(),
    }


def x_chat(kind):
    payload = {"id": "e1", "sender_id": "77", "created_at_msec": str(NOW * 1000)}
    return {"data": {"event_type": kind, "filter": {"user_id": ACCOUNT}, "payload": payload}}


POLL = {"question": "Which?", "options": []}
SAID = {
    "telegram": (telegram(poll=POLL), "poll"),
    "messenger": (meta("page", is_unsupported=True), ""),
    "instagram": (meta("instagram", is_unsupported=True), ""),
    "whatsapp": (whatsapp(type="unsupported", unsupported={"type": "poll"}), "poll"),
    "tiktok": (tiktok("hologram"), "hologram"),
    "x": (x_chat("chat.received"), "encrypted chat"),
    "custom": (written(text=""), ""),
}
# The network's own, our own, or nothing that anybody said.
UNSAID = {
    "telegram": telegram(pinned_message={"message_id": 3}),
    "whatsapp": whatsapp(type="request_welcome"),
    "x": x_chat("chat.sent"),
}


def taken(platform, body) -> InboundEvent:
    connection = connected(platform, ACCOUNT)
    return again(connection, body)


def again(connection, body) -> InboundEvent:
    items = list(connection.provider().split(wire.dumps(body)))
    for event_id in services.store(connection_id=connection.pk, items=items):
        services.ingest(event_id=event_id)
    return InboundEvent.objects.get(connection=connection, key=items[0].key)


@pytest.mark.parametrize("platform", SAID)
def test_it_stands_in_their_conversation_and_a_person_is_fetched(north, bell, platform):
    body, kind = SAID[platform]
    event = taken(platform, body)

    assert (event.status, event.outcome) == ("unsupported", "unsupported")
    message = Message.objects.get()
    assert [(each["kind"], each["name"]) for each in message.attachments] == [(UNSHOWN, kind)]
    talk = message.conversation
    assert (talk.controller, talk.unread_count) == ("human", 1)
    assert talk.waiting_since is not None
    assert talk.escalation_reason == "They sent something that cannot be shown here."


@pytest.mark.parametrize("platform", UNSAID)
def test_what_nobody_said_to_us_begins_no_conversation(north, platform):
    event = taken(platform, UNSAID[platform])

    assert (event.status, event.outcome) == ("unsupported", "unsupported")
    assert not Conversation.objects.exists()


def test_a_colleague_who_sends_such_a_thing_in_the_networks_app_leads_from_then_on(north):
    connection = connected("messenger", ACCOUNT)
    again(connection, meta("page", text="Hello"))
    echo = meta("page", mid="m_2", is_unsupported=True, is_echo=True)
    [event] = echo["entry"][0]["messaging"]
    event["sender"], event["recipient"] = event["recipient"], event["sender"]

    assert again(connection, echo).outcome == "echo"

    talk = Conversation.objects.get()
    assert (talk.controller, talk.waiting_since) == ("human", None)
    assert [each["kind"] for each in talk.messages.get(direction="out").attachments] == [UNSHOWN]


def test_what_the_ai_was_about_to_say_is_not_said_once_a_person_is_fetched(north):
    connection = connected("telegram", ACCOUNT)
    again(connection, telegram(text="Hello"))
    talk = Conversation.objects.get()
    post_message(conversation=talk, text="Hi!", author=Message.Author.AI)

    poll = telegram(poll=POLL)
    poll["update_id"], poll["message"]["message_id"] = 2, 8
    again(connection, poll)

    ours = talk.messages.get(direction="out")
    assert (ours.state, ours.error_code) == ("failed", "taken_over")


@pytest.mark.parametrize("is_answered", [False, True])
def test_it_is_an_incident_unless_somebody_answers(north, is_answered):
    taken("custom", written(text=""))
    Conversation.objects.update(waiting_since=timezone.now() - timedelta(days=1))
    if is_answered:
        Conversation.objects.update(waiting_since=None)

    watch_silence()

    assert Incident.objects.filter(kind="waiting").count() == (0 if is_answered else 1)


def test_a_kind_we_learn_to_read_is_shown_where_it_stands(north):
    connection = connected("telegram", ACCOUNT)
    again(connection, telegram(poll=POLL))
    InboundEvent.objects.update(body=wire.dumps(telegram(text="Which? A or B")))

    (event,) = InboundEvent.objects.all()
    services.replay(event=event)
    services.ingest(event_id=event.pk)

    message = Message.objects.get()
    assert (message.text, message.attachments) == ("Which? A or B", [])
    event.refresh_from_db()
    assert (event.status, event.outcome) == ("done", "message")


# -- words that came as an edit of what never came


EDITS = {
    "telegram": {"update_id": 2, "edited_message": {
        **telegram(text="Now so")["message"], "edit_date": NOW + 9}},
    "messenger": {"object": "page", "entry": [{"id": ACCOUNT, "messaging": [{
        "sender": {"id": "9"}, "recipient": {"id": ACCOUNT}, "timestamp": NOW * 1000,
        "message_edit": {"mid": "m_1", "text": "Now so", "num_edit": 1}}]}]},
    "instagram": {"object": "instagram", "entry": [{"id": ACCOUNT, "changes": [{
        "field": "comments", "value": {"id": "c1", "text": "Now so", "verb": "edited",
        "from": {"id": "9", "username": "ada"}, "media": {"id": "p1"}}}]}]},
    "whatsapp": whatsapp(type="edit", edit={"original_message_id": "wamid.0", "message": {
        "type": "text", "text": {"body": "Now so"}}}),
    "custom": {"type": "edit", "id": "m1", "text": "Now so", "from": {"id": "u1"}},
}  # fmt: skip


@pytest.mark.parametrize("platform", EDITS)
def test_a_lonely_edit_becomes_the_message_it_changes(north, work, platform):
    event = taken(platform, EDITS[platform])
    sweep()
    work()
    assert not Message.objects.exists()  # the message may be on its way

    late = event.received_at - EDIT_PATIENCE - timedelta(seconds=1)
    InboundEvent.objects.update(received_at=late, processed_at=late)
    for _ in range(2):
        sweep()
        work()

    message = Message.objects.get()
    assert message.text == "Now so"
    assert message.conversation.waiting_since is not None
    event.refresh_from_db()
    assert (event.status, event.outcome) == ("done", "edit")


def test_an_edit_of_our_own_sides_is_nobodys_message(north):
    """A colleague's, in the network's own app: the sender is our own number."""
    connection = connected("whatsapp", ACCOUNT)
    [told] = EDITS["whatsapp"]["entry"][0]["changes"][0]["value"]["messages"]
    body = wire.dumps({"echo": told})
    [edit] = connection.provider().read("echo", body)
    assert edit.said is None


def test_its_message_after_all_is_a_second_copy(north, work):
    connection = connected("custom", "erp")
    event = again(connection, EDITS["custom"])
    InboundEvent.objects.update(received_at=event.received_at - 2 * EDIT_PATIENCE)
    services.ingest(event_id=event.pk)

    assert again(connection, written(text="As it was")).outcome == "duplicate"
    assert Message.objects.get().text == "Now so"


def test_an_unknown_message_does_not_keep_its_siblings_from_their_news(north):
    """One webhook, two messages of ours, of which the first is another app's."""
    connection = connected("messenger", ACCOUNT)
    again(connection, meta("page", text="Hello"))
    ours = Message.objects.create(
        connection=connection,
        conversation=Conversation.objects.get(),
        direction="out",
        author="ai",
        state="accepted",
        external_id="mid.2",
        external_key=id_index("mid.2"),
    )
    delivery = {"mids": ["mid.1", "mid.2"], "watermark": NOW * 1000}
    told = {"sender": {"id": "9"}, "timestamp": NOW * 1000, "delivery": delivery}

    event = again(connection, {"object": "page", "entry": [{"id": ACCOUNT, "messaging": [told]}]})

    assert (event.status, event.awaits) == ("waiting", id_index("mid.1"))
    ours.refresh_from_db()
    assert ours.state == "delivered"


# -- somebody wrote, and nobody tells us who

EUROPE = {"event": "im_receive_msg_eu", "user_openid": ACCOUNT, "content": "{}"}


def test_words_that_only_the_network_shows_are_an_incident_until_they_were_seen_there(north):
    event = taken("tiktok", EUROPE)
    watch_silence()
    assert not Incident.objects.exists()
    InboundEvent.objects.update(processed_at=timezone.now() - timedelta(minutes=11))

    watch_silence()
    incident = Incident.objects.get()
    assert (incident.kind, incident.cause, incident.is_open) == ("unread", "events_unseen", True)
    with pytest.raises(CannotRetry, match="seen_elsewhere"):
        retry(incident=incident, actor="user:1")

    assert UnsupportedBox().discard([str(event.pk)]) == 1
    watch_silence()
    incident.refresh_from_db()
    assert incident.resolution == "read"


# -- the box of what is not supported


def test_they_have_a_place_of_their_own_and_are_no_dead_letters(people, north):
    event = taken("telegram", UNSAID["telegram"])
    admin = people["admin"]

    assert page_of(admin, Wanted()).letters == []
    assert tallies(admin, Wanted()) == []
    (letter,) = page_of(admin, Wanted(), kind="unsupported").letters
    assert (letter.id, letter.reason) == (str(event.pk), "A service message.")
    assert [tally.count for tally in tallies(admin, Wanted(), kind="unsupported")] == [1]

    assert UnsupportedBox().replay([letter.id]).done == 1
    assert UnsupportedBox().replay([letter.id]).done == 0
    services.ingest(event_id=event.pk)
    assert UnsupportedBox().discard([letter.id]) == 1
    assert page_of(admin, Wanted(), kind="unsupported").letters == []

"""From the outbox to the network: claimed once, in order, never blindly sent again."""

import json
from datetime import timedelta

import httpx
import pytest
import respx
from django.db import transaction
from django.utils import timezone

from channels_app import services
from channels_app.models import ChannelConnection, Conversation, Message, id_index
from channels_app.outbox import SendRefused, StaleTurn, post_message
from channels_app.providers.values import Person
from channels_app.services.people import conversation_with
from channels_app.services.statuses import UNKNOWN_DELIVERY
from tests.channels_app.conftest import connected
from tests.factories import make_user

AI, HUMAN = Message.Author.AI, Message.Author.HUMAN
GRAPH = "https://graph.facebook.com/v25.0"
WAMID = {"messages": [{"id": "wamid.out1"}]}


def conversation_on(platform: str, *, hours: float = 1, thread: str = "34600111222"):
    connection = connected(platform, "901")
    person = Person(id=thread, name="Ada")
    with transaction.atomic():
        conversation = conversation_with(connection=connection, person=person)
        conversation.save()
    conversation.last_inbound_at = timezone.now() - timedelta(hours=hours)
    conversation.save()
    return conversation


def say(conversation: Conversation, text: str = "Hello", author=AI, **kwargs) -> Message:
    return post_message(conversation=conversation, text=text, author=author, **kwargs)


def send(message: Message) -> Message:
    services.deliver(message_id=message.pk)
    message.refresh_from_db()
    return message


@respx.mock
def test_whatsapp_takes_a_message_with_our_reference(north):
    route = respx.post(f"{GRAPH}/901/messages").respond(json=WAMID)
    message = send(say(conversation_on("whatsapp")))

    assert (message.state, message.external_id) == ("accepted", "wamid.out1")
    sent = json.loads(route.calls.last.request.content)
    assert sent["to"] == "34600111222"
    assert sent["text"]["body"] == "Hello"
    assert sent["biz_opaque_callback_data"] == str(message.reference)
    assert route.calls.last.request.headers["authorization"] == "Bearer t0k"


@respx.mock
def test_the_queue_rings_the_courier(north, work, django_capture_on_commit_callbacks):
    respx.post(f"{GRAPH}/901/messages").respond(json=WAMID)
    conversation = conversation_on("whatsapp")
    with django_capture_on_commit_callbacks(execute=True):
        message = say(conversation)

    assert work() == ["deliver_message"]
    message.refresh_from_db()
    assert message.state == "accepted"


@respx.mock
@pytest.mark.parametrize(
    ("status", "answer", "state", "code"),
    [
        (400, {"error": {"code": 131047, "message": "Re-engagement"}}, "failed", "131047"),
        (400, {"error": {"code": 131026, "message": "Undeliverable"}}, "failed", "131026"),
        (401, {"error": {"code": 190, "message": "Expired"}}, "failed", "190"),
        (429, {"error": {"code": 130429, "message": "Rate"}}, "queued", "130429"),
        (500, {"error": {"code": 131000, "message": "Oops"}}, "queued", "131000"),
        (503, None, "queued", "503"),
        (504, None, "unknown", "answer_lost"),
        (200, {"messages": []}, "unknown", "answer_lost"),
    ],
)
def test_each_refusal_has_its_consequence(north, status, answer, state, code):
    respx.post(f"{GRAPH}/901/messages").respond(status, json=answer)
    message = send(say(conversation_on("whatsapp")))

    assert (message.state, message.error_code) == (state, code)
    assert (message.next_attempt_at is not None) == (state == "queued")


@respx.mock
def test_a_lost_answer_is_never_simply_sent_again(north):
    route = respx.post(f"{GRAPH}/901/messages").mock(side_effect=httpx.ReadTimeout)
    message = send(say(conversation_on("whatsapp")))
    assert message.state == "unknown"

    assert services.deliver(message_id=message.pk) is None
    services.sweep()
    Message.objects.update(state_at=timezone.now() - timedelta(hours=1))
    services.sweep()

    message.refresh_from_db()
    assert (message.state, message.error_code) == ("failed", UNKNOWN_DELIVERY)
    assert route.call_count == 1


@respx.mock
def test_a_connection_that_was_refused_is_tried_again(north):
    respx.post(f"{GRAPH}/901/messages").mock(side_effect=httpx.ConnectError)
    message = say(conversation_on("whatsapp"))

    again = services.deliver(message_id=message.pk)

    message.refresh_from_db()
    assert message.state == "queued"
    assert again is not None
    assert again.message_id == message.pk
    assert again.delay > 1


@respx.mock
def test_it_gives_up_after_eight_attempts(north):
    respx.post(f"{GRAPH}/901/messages").respond(503)
    message = say(conversation_on("whatsapp"))
    for _ in range(8):
        Message.objects.filter(pk=message.pk).update(next_attempt_at=None)
        send(message)
    assert (message.state, message.attempts) == ("failed", 8)


@respx.mock
def test_refused_access_marks_the_connection(north):
    respx.post(f"{GRAPH}/901/messages").respond(401, json={"error": {"code": 190}})
    send(say(conversation_on("whatsapp")))
    assert ChannelConnection.objects.get().health == "reconnect"


@respx.mock
def test_messages_leave_in_the_order_they_were_written(north):
    respx.post(f"{GRAPH}/901/messages").mock(
        side_effect=[
            httpx.Response(503),
            *[httpx.Response(200, json={"messages": [{"id": f"w{n}"}]}) for n in (1, 2)],
        ]
    )
    conversation = conversation_on("whatsapp")
    first, second = say(conversation, "one"), say(conversation, "two")

    assert send(second).state == "queued"
    assert send(first).state == "queued"
    assert send(second).state == "queued"
    Message.objects.update(next_attempt_at=None)
    following = services.deliver(message_id=first.pk)
    assert following is not None
    assert following.message_id == second.pk
    assert send(second).external_id == "w2"


@respx.mock
def test_telegram_sends_and_names_its_message_by_chat(north):
    route = respx.post("https://api.telegram.org/bott0k/sendMessage").respond(
        json={"ok": True, "result": {"message_id": 7}}
    )
    message = send(say(conversation_on("telegram", thread="555")))
    assert message.external_id == "555:7"
    assert json.loads(route.calls.last.request.content) == {"chat_id": 555, "text": "Hello"}


@respx.mock
def test_a_blocked_bot_is_told_apart_and_its_token_never_shown(north):
    respx.post("https://api.telegram.org/bott0k/sendMessage").respond(
        403, json={"ok": False, "description": "Forbidden: bot was blocked by the user"}
    )
    conversation = conversation_on("telegram", thread="555")
    message = send(say(conversation))
    assert (message.state, message.error_code) == ("failed", "403")
    assert "t0k" not in message.error_text
    conversation.refresh_from_db()
    with pytest.raises(SendRefused) as refusal:
        say(conversation)
    assert refusal.value.code == "contact_unreachable"


@respx.mock
def test_telegram_says_how_long_to_wait(north):
    respx.post("https://api.telegram.org/bott0k/sendMessage").respond(
        429, json={"ok": False, "parameters": {"retry_after": 33}}
    )
    again = services.deliver(message_id=say(conversation_on("telegram", thread="5")).pk)
    assert again is not None
    assert 33 <= again.delay < 34


@respx.mock
def test_a_custom_receiver_can_verify_and_know_a_repetition(north):
    route = respx.post("https://erp.example/hook").respond(200, text="ok")
    conversation = conversation_on("custom", thread="u-1")
    message = send(say(conversation))

    request = route.calls.last.request
    conversation.connection.provider().verify(request.headers, request.content)
    assert request.headers["webhook-id"] == str(message.reference)
    assert message.external_id == str(message.reference)
    assert json.loads(request.content)["to"] == "u-1"


@respx.mock
def test_messenger_uses_the_human_tag_for_people_only(north):
    route = respx.post(f"{GRAPH}/901/messages").respond(json={"message_id": "m_out"})
    conversation = conversation_on("messenger", hours=30)
    with pytest.raises(SendRefused) as refusal:
        say(conversation)
    assert refusal.value.code == "window_closed"

    send(say(conversation, author=HUMAN))

    sent = json.loads(route.calls.last.request.content)
    assert (sent["messaging_type"], sent["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


def test_the_window_is_asked_again_when_the_message_leaves(north):
    conversation = conversation_on("whatsapp", hours=23)
    message = say(conversation)
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=25))
    assert (send(message).state, message.error_code) == ("failed", "window_closed")


def test_what_the_ai_queued_is_withdrawn_when_a_person_takes_over(north):
    conversation = conversation_on("whatsapp")
    message = say(conversation, seen_turn=conversation.turn_version)
    services.take_over(conversation=conversation, user=make_user(role="agent"))
    assert (send(message).state, message.error_code) == ("failed", "taken_over")


@pytest.mark.parametrize("deed", ["take_over", "close", "hand_back"])
def test_every_deed_makes_a_draft_stale(north, deed):
    conversation = conversation_on("whatsapp")
    seen = conversation.turn_version
    getattr(services, deed)(conversation=conversation, user=make_user(role="agent"))
    with pytest.raises(StaleTurn):
        say(conversation, seen_turn=seen)
    assert not Message.objects.exists()


def test_handing_over_says_its_words_and_lets_people_lead(north):
    conversation = conversation_on("whatsapp")
    services.hand_over(
        conversation=conversation, reason="asked for a person", text="One moment.", seen_turn=0
    )
    conversation.refresh_from_db()
    assert (conversation.controller, conversation.escalation_reason) == (
        "human",
        "asked for a person",
    )
    assert conversation.waiting_since is not None
    assert Message.objects.get().state == "queued"
    with pytest.raises(StaleTurn):
        services.hand_over(conversation=conversation, reason="again", seen_turn=0)


@respx.mock
def test_a_worker_that_died_leaves_doubt_and_no_second_message(north):
    route = respx.post(f"{GRAPH}/901/messages").respond(json=WAMID)
    message = say(conversation_on("whatsapp"))
    Message.objects.update(state="sending", state_at=timezone.now() - timedelta(minutes=3))
    services.sweep()
    assert send(message).state == "unknown"
    assert route.call_count == 0


def test_a_send_beyond_the_rate_waits_and_is_not_claimed(north, monkeypatch):
    conversation = conversation_on("telegram", thread="5")
    with respx.mock:
        respx.post("https://api.telegram.org/bott0k/sendMessage").mock(
            side_effect=lambda request: httpx.Response(
                200, json={"result": {"message_id": respx.calls.call_count}}
            )
        )
        states = []
        for number in range(8):
            message = say(conversation, f"number {number}")
            following = services.deliver(message_id=message.pk)
            message.refresh_from_db()
            states.append(message.state)
            if message.state == "queued":
                assert following is not None
                assert following.delay > 0
                break
    assert states.count("accepted") >= 5
    assert states[-1] == "queued"


def test_the_index_keeps_case(north):
    assert id_index("AbC") != id_index("abc")

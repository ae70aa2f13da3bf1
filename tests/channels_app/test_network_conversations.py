"""There and back on X, LinkedIn, TikTok and Twilio: said, answered, and what became of it."""

import json
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from channels_app import services
from channels_app.models import Conversation, Message
from channels_app.outbox import post_message

State = Message.State


def now() -> int:
    """When asked: a clock read at import is old by the time a test runs."""
    return int(timezone.now().timestamp())


@pytest.fixture
def say(work, django_capture_on_commit_callbacks):
    """Answer as a colleague, and have it delivered."""

    def post(conversation: Conversation, text: str) -> Message:
        with django_capture_on_commit_callbacks(execute=True):
            message = post_message(
                conversation=conversation, text=text, author=Message.Author.HUMAN
            )
        work()
        message.refresh_from_db()
        return message

    return post


@pytest.fixture
def tell(knock, work):
    def post(connection, body) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        assert knock(connection, raw).status_code == 200
        work()

    return post


def dm(number: str, sender: str, to: str, text: str) -> dict:
    return {
        "type": "message_create",
        "id": number,
        "created_timestamp": str(now() * 1000),
        "message_create": {
            "sender_id": sender,
            "target": {"recipient_id": to},
            "message_data": {"text": text},
        },
    }


def x(events: list[dict]) -> dict:
    return {"for_user_id": "901", "direct_message_events": events}


@pytest.fixture
def on_x(north, simulator):
    config = {"app_secret": "s", "access_token": "t"}
    simulator.account("x", "901", token="t")
    return services.connect(platform="x", account_id="901", config=config)


def test_a_direct_message_is_answered_and_read(on_x, tell, say):
    tell(on_x, x([dm("1", "31", "901", "Do you ship to Spain?")]))
    message = say(Conversation.objects.get(), "Within four days.")
    assert message.state == State.ACCEPTED
    tell(on_x, x([dm(message.external_id, "901", "31", "Within four days.")]))
    message.refresh_from_db()
    assert message.state == State.SENT
    read = {"sender_id": "31", "created_timestamp": str((now() + 60) * 1000)}
    tell(on_x, {"for_user_id": "901", "direct_message_mark_read_events": [read]})
    message.refresh_from_db()
    assert message.state == State.READ
    assert Message.objects.count() == 2


def test_what_a_colleague_writes_on_x_itself_takes_the_lead(on_x, tell):
    tell(on_x, x([dm("1", "31", "901", "Hello?"), dm("2", "901", "31", "I am here")]))
    conversation = Conversation.objects.get()
    assert conversation.controller == Conversation.Controller.HUMAN
    assert list(conversation.messages.values_list("author", flat=True)) == ["contact", "echo"]


def test_a_mention_is_answered_in_public_under_the_last_post(on_x, tell, say, simulator):
    def post(number: str, text: str) -> dict:
        payload = {"id": number, "author_id": "31", "text": text}
        filter_ = {"user_id": "901"}
        return {
            "data": {"event_type": "post.mention.create", "filter": filter_, "payload": payload}
        }

    tell(on_x, post("6001", "@shop are you open?"))
    tell(on_x, post("6002", "@shop on Sunday, I mean"))
    tell(on_x, x([dm("1", "31", "901", "And in private: my order?")]))
    public = Conversation.objects.get(surface=Conversation.Surface.COMMENTS)
    assert public.messages.count() == 2
    assert Conversation.objects.count() == 2
    assert public.contact_id == Conversation.objects.exclude(pk=public.pk).get().contact_id

    say(public, "@ada From ten.")
    [sent] = simulator.sends(platform="x")
    assert sent["path"] == "/2/tweets"
    assert sent["recipient"] == "6002"


def test_a_comment_on_linkedin_is_answered_under_it(north, simulator, tell, say):
    config = {"app_secret": "s", "access_token": "t", "accepts_terms": True}
    connection = services.connect(platform="linkedin", account_id="901", config=config)
    simulator.account("linkedin", "901")
    told = simulator.inbound("linkedin", "901", "How much is it?", sender_id="p9")["item"]
    tell(connection, {"notifications": [told]})
    message = say(Conversation.objects.get(), "Nine euros.")
    assert message.state == State.ACCEPTED
    [sent] = simulator.sends(platform="linkedin")
    assert sent["recipient"] == told["generatedActivity"]

    echo = {**told, "action": "ADMIN_COMMENT", "notificationId": 1}
    comment = {**told["decoratedGeneratedActivity"]["comment"], "entity": message.external_id}
    echo["decoratedGeneratedActivity"] = {"comment": {**comment, "text": "Nine euros."}}
    tell(connection, {"notifications": [echo]})
    message.refresh_from_db()
    assert message.state == State.SENT
    assert Message.objects.count() == 2


@pytest.fixture
def by_text(north, simulator):
    config = {"account_sid": "AC01", "auth_token": "t"}
    return services.connect(platform="twilio", account_id="+15550001234", config=config)


def form(**fields: str) -> bytes:
    return urlencode({"From": "+34600000001", "To": "+15550001234", **fields}).encode()


def test_a_text_message_is_answered_and_its_delivery_reported(by_text, tell, say, simulator):
    tell(by_text, form(MessageSid="SM1", Body="Are you open?"))
    conversation = Conversation.objects.get()
    assert conversation.contact.phone == "+34600000001"
    message = say(conversation, "Until eight.")
    [sent] = simulator.sends(platform="twilio")
    assert f"StatusCallback={urlencode({'': by_text.webhook_url})[1:]}" in sent["request"]

    for status in ("delivered", "sent"):  # out of order
        tell(by_text, form(MessageSid=message.external_id, MessageStatus=status))
    message.refresh_from_db()
    assert message.state == State.DELIVERED


def test_a_number_that_is_gone_is_known_from_its_status(by_text, tell, say):
    tell(by_text, form(MessageSid="SM1", Body="Are you open?"))
    conversation = Conversation.objects.get()
    message = say(conversation, "Until eight.")
    failed = {"MessageStatus": "undelivered", "ErrorCode": "30005"}
    tell(by_text, form(MessageSid=message.external_id, **failed))
    message.refresh_from_db()
    conversation.refresh_from_db()
    assert (message.state, message.error_code) == (State.FAILED, "30005")
    assert conversation.unreachable_at is not None


def test_who_opted_out_at_twilio_is_in_the_ledger(by_text, tell, say, simulator):
    tell(by_text, form(MessageSid="SM1", Body="Are you open?"))
    conversation = Conversation.objects.get()
    simulator.fail("twilio", code=21610)
    assert say(conversation, "Until eight.").state == State.FAILED
    conversation = Conversation.objects.get()
    verdict = services.ask_policy(conversation=conversation, text="Hello?", by_human=True)
    assert getattr(verdict, "code", "") == "opted_out"


def test_a_lost_answer_is_settled_by_the_echo_and_never_sent_twice(
    north, simulator, tell, say, work
):
    config = {"app_secret": "s", "access_token": "t"}
    connection = services.connect(platform="tiktok", account_id="901", config=config)
    person = {"conversation_id": "c1", "timestamp": now() * 1000}
    content = {"type": "text", "message_id": "m1", "text": {"body": "In blue?"}, **person}
    users = {"from": "ada", "from_user": {"id": "u1"}}
    body = {"event": "im_receive_msg", "user_openid": "901"}
    tell(connection, {**body, "content": json.dumps({**content, **users})})

    simulator.fail("tiktok", "drop", match="message/send")
    message = say(Conversation.objects.get(), "Yes, in blue.")
    assert message.state == State.UNKNOWN
    echo = {**content, "message_id": "m2", "text": {"body": "Yes, in blue."}}
    users = {"from_user": {"id": "901"}, "to": "ada", "to_user": {"id": "u1"}}
    tell(connection, {**body, "event": "im_send_msg", "content": json.dumps({**echo, **users})})
    message.refresh_from_db()
    assert (message.state, message.external_id) == (State.SENT, "m2")
    assert len(simulator.sends(platform="tiktok")) == 1
    assert Message.objects.count() == 2

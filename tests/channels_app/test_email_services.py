"""The six services: what they sign, what we send them, what their events do to our messages."""

import base64
import json
from datetime import datetime

import httpx
import jsonschema
import pytest
import respx

from channels_app import services
from channels_app.models import Conversation, InboundEvent, Message
from channels_app.outbox import post_message
from channels_app.providers import CHANNELS
from channels_app.providers.email.mailgun import signature
from tenants.plugins.errors import SignatureMismatch
from tests.channels_app.conftest import outcomes
from tests.conftest import SHARED

VECTORS = SHARED / "signatures" / "vectors.json"
SPEC = SHARED / "specs" / "resend.json"
RESEND = "https://api.resend.com"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def vectors(scheme: str) -> list:
    if not VECTORS.exists():
        return []
    found = [each for each in json.loads(VECTORS.read_text()) if each["scheme"] == scheme]
    return [pytest.param(vector, id=vector["name"]) for vector in found]


@pytest.mark.parametrize("vector", vectors("svix_resend"))
def test_resends_signatures_verify_as_others_say(vector, monkeypatch):
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(vector["verify_at_unix"] or 0, tz)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Clock)
    config = {"inbound": "resend", "webhook_secret": vector["secret"]}
    speaker, body = CHANNELS.get("email")(config), base64.b64decode(vector["body_b64"])
    if vector["expect_valid"]:
        speaker.verify(vector["headers"], body)
    else:
        with pytest.raises(SignatureMismatch):
            speaker.verify(vector["headers"], body)


@pytest.mark.parametrize("vector", vectors("mailgun"))
def test_mailguns_signatures_verify_as_others_say(vector):
    """Each by itself: that a token counts once is shown in test_email_signed."""
    config = {"inbound": "mailgun", "webhook_secret": vector["secret"]}
    speaker, body = CHANNELS.get("email")(config), base64.b64decode(vector["body_b64"])
    speaker.verify(vector["headers"], body)
    with pytest.raises(SignatureMismatch):
        speaker.verify({}, body.replace(b"3b754b7c", b"3b754b7d"))
    wrong = CHANNELS.get("email")({**config, "webhook_secret": "other"})
    with pytest.raises(SignatureMismatch):
        wrong.verify(vector["headers"], body)


@pytest.fixture
def mailgun(north):
    config = {"inbound": "mailgun", "webhook_secret": "key"}
    return services.connect(platform="email", account_id="shop@north.example", config=config)


def test_a_replayed_token_with_another_body_changes_nothing(mailgun, knock, work):
    signed = {"timestamp": "1", "token": "t", "signature": signature(b"key", "1", "t")}
    for event, status in (("accepted", 200), ("complained", 403), ("accepted", 200)):
        body = json.dumps({"signature": signed, "event-data": {"event": event}}).encode()
        assert knock(mailgun, body, headers={}).status_code == status
    assert InboundEvent.objects.count() == 1


def test_an_upload_with_files_is_a_letter_with_attachments(mailgun, client, north, work):
    from tenants import context

    fields = {
        "timestamp": "1",
        "token": "t",
        "signature": signature(b"key", "1", "t"),
        "sender": "ada@example.com",
        "from": "Ada <ada@example.com>",
        "subject": "Plan",
        "body-plain": "See the plan.",
        "message-headers": json.dumps([["Message-Id", "<1@example.com>"]]),
    }
    lines = []
    for name, value in fields.items():
        lines.append(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n')
    body = "".join(lines).encode()
    body += (
        b'--x\r\nContent-Disposition: form-data; name="attachment-1"; filename="plan.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n%PDF\xff\r\n--x--\r\n"
    )
    path = services.webhook_url(mailgun).partition("://")[2].partition("/")[2]
    kind = "multipart/form-data; boundary=x"
    response = client.post(f"/{path}", body, content_type=kind, HTTP_HOST="localhost")
    context.enter_company(north)
    work()

    assert response.status_code == 200
    message = Message.objects.get()
    assert message.text == "Plan\n\nSee the plan."
    [attachment] = message.attachments
    assert (attachment["name"], attachment["mime"], attachment["size"]) == (
        "plan.pdf",
        "application/pdf",
        5,
    )


# -- Resend


@pytest.fixture
def resend(north):
    config = {
        "inbound": "resend",
        "outbound": "resend",
        "webhook_secret": SECRET,
        "api_key": "re_1",
        "sender_name": "North",
    }
    return services.connect(platform="email", account_id="shop@north.example", config=config)


@pytest.fixture
def wire():
    with respx.mock(base_url=RESEND, assert_all_called=False) as router:
        yield router


def letter_api() -> dict:
    return {
        "id": "56761188-7520-42d8-8898-ff6fc54ce618",
        "from": "Ada <ada@example.com>",
        "to": ["shop@north.example"],
        "subject": "Rooms",
        "text": "Two, please.",
        "html": None,
        "headers": {},
        "message_id": "<1@example.com>",
        "created_at": "2026-11-20T08:00:00Z",
        "attachments": [],
    }


def announce(resend, knock):
    body = {"type": "email.received", "data": {"email_id": letter_api()["id"]}}
    assert knock(resend, json.dumps(body).encode()).status_code == 200


def test_an_announced_letter_is_fetched_and_read(resend, wire, knock, work):
    asked = wire.get(f"/emails/receiving/{letter_api()['id']}").respond(json=letter_api())
    announce(resend, knock)
    announce(resend, knock)
    work()
    assert Message.objects.get().text == "Rooms\n\nTwo, please."
    assert asked.call_count == 1
    assert asked.calls[0].request.headers["Authorization"] == "Bearer re_1"


def test_a_letter_that_cannot_be_fetched_says_why(resend, wire, knock, work):
    wire.get(path__startswith="/emails/receiving/").respond(404, json={"message": "gone"})
    announce(resend, knock)
    work()
    event = InboundEvent.objects.get()
    assert (event.status, event.outcome) == (InboundEvent.Status.REJECTED, "rejected")
    assert "404" in event.reason


@pytest.fixture
def conversation(resend, wire, knock, work):
    wire.get(path__startswith="/emails/receiving/").respond(json=letter_api())
    announce(resend, knock)
    work()
    return Conversation.objects.get()


def answered(conversation):
    message = post_message(conversation=conversation, text="Yes <3", author=Message.Author.HUMAN)
    services.deliver(message_id=message.pk)
    message.refresh_from_db()
    return message


@pytest.mark.skipif(not SPEC.exists(), reason="Resend's schema is not on this machine")
def test_what_we_send_fits_resends_own_schema(conversation, wire):
    sending = wire.post("/emails").respond(json={"id": "e-1"})
    message = answered(conversation)

    assert (message.state, message.external_id) == (Message.State.ACCEPTED, "e-1")
    request = sending.calls[0].request
    body = json.loads(request.content)
    spec = json.loads(SPEC.read_text())
    schema = {"$ref": "#/components/schemas/SendEmailRequest", "components": spec["components"]}
    jsonschema.validate(body, schema)
    assert request.headers["Idempotency-Key"] == str(message.reference)
    assert body["headers"]["In-Reply-To"] == "<1@example.com>"
    assert body["tags"] == [{"name": "reference", "value": str(message.reference)}]


def test_a_lost_answer_is_asked_for_again_under_the_same_key(conversation, wire):
    sending = wire.post("/emails").mock(
        side_effect=[httpx.ReadTimeout("lost"), httpx.Response(200, json={"id": "e-1"})]
    )
    message = answered(conversation)
    assert message.state == Message.State.QUEUED
    Message.objects.filter(pk=message.pk).update(next_attempt_at=None)
    services.deliver(message_id=message.pk)
    message.refresh_from_db()
    assert message.state == Message.State.ACCEPTED
    keys = {call.request.headers["Idempotency-Key"] for call in sending.calls}
    assert keys == {str(message.reference)}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (429, Message.State.QUEUED),
        (500, Message.State.QUEUED),
        (401, Message.State.FAILED),
        (422, Message.State.FAILED),
    ],
)
def test_what_resend_refuses(conversation, wire, status, state):
    wire.post("/emails").respond(status, json={"message": "no"}, headers={"Retry-After": "7"})
    assert answered(conversation).state == state


def test_events_move_our_message_and_a_complaint_ends_it(conversation, resend, wire, knock, work):
    wire.post("/emails").respond(json={"id": "e-1"})
    message = answered(conversation)

    def tell(kind, **more):
        data = {"email_id": "e-1", "to": ["ada@example.com"], **more}
        assert knock(resend, json.dumps({"type": kind, "data": data}).encode()).status_code == 200
        work()
        message.refresh_from_db()
        return message.state

    assert tell("email.delivered") == Message.State.DELIVERED
    assert tell("email.sent") == Message.State.DELIVERED, "never backwards"
    assert tell("email.opened") == Message.State.DELIVERED
    tell("email.complained")
    assert outcomes(resend)[-1][2] == "opt_out"
    with pytest.raises(services.SendRefused):
        answered(conversation)


def test_an_event_may_outrun_the_answer_to_the_send(conversation, resend, wire, knock, work):
    wire.post("/emails").mock(side_effect=httpx.ReadTimeout("lost"))
    message = answered(conversation)
    data = {"email_id": "e-9", "to": ["x"], "tags": {"reference": str(message.reference)}}
    body = {"type": "email.delivered", "data": data}
    knock(resend, json.dumps(body).encode())
    work()
    message.refresh_from_db()
    assert (message.state, message.external_id) == (Message.State.DELIVERED, "e-9")


@pytest.mark.parametrize(
    "body",
    [
        {"body-mime": "From: a@b.example\n\n\ud800", "recipient": "x"},
        {"RecordType": "Inbound", "RawEmail": "From: a@b.example\n\n\ud800\udce9"},
        {"envelope": "{}", "to": "x", "email": "From: \ud800 <a@b.example>\n\nx"},
        {"notificationType": "Received", "content": "From: a@b.example\n\n\ud800"},
        {"envelope": "{}", "to": "x", "headers": "From: a@b.example\n\ud800", "text": "\ud800"},
    ],
)
def test_broken_characters_do_not_stop_a_letter(north, knock, work, body):
    connection = services.connect(
        platform="email", account_id="s@n.example", config={"webhook_secret": "s"}
    )
    assert knock(connection, json.dumps(body).encode()).status_code == 200
    work()
    assert outcomes(connection)[0][2] == "message"

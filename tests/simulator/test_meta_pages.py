"""Pages, Instagram and WhatsApp's library in the simulator, asked by our own providers."""

import json
import time

import httpx
import pytest

from channels_app.providers import CHANNELS
from channels_app.providers.values import InboundEcho, InboundMessage, Outgoing
from tenants.plugins.errors import Rejected, TemplateRefused, WindowClosed
from tests.simulator.listener import Listener
from tests.simulator.test_messaging import wait_for

SECRETS = {"app_secret": "s3cret", "page_token": "t", "access_token": "t"}


@pytest.fixture
def listener():
    listener = Listener(verify_token="let me in")
    yield listener
    listener.close()


def provider(platform: str, account_id: str = "901"):
    return CHANNELS.get(platform)({**SECRETS, "account_id": account_id})


def outgoing(text: str = "Hello", to: str = "4242", **more) -> Outgoing:
    return Outgoing(recipient_id=to, text=text, reference="r1", **more)


def read(platform: str, body: bytes) -> list:
    speaker = provider(platform)
    return [each for item in speaker.split(body) for each in speaker.read(item.kind, item.body)]


@pytest.fixture(params=["messenger", "instagram"])
def platform(request, simulator, listener) -> str:
    simulator.account(request.param, "901", webhook_url=listener.url, secret="s3cret")
    return request.param


def commented(simulator, platform: str, **more) -> InboundMessage:
    said = simulator.inbound(platform, "901", "Price?", sender_id="4242", post="77", **more)
    [comment] = read(platform, said["body"].encode())
    return comment


def test_a_comment_is_written_and_answered_in_public(simulator, listener, platform):
    comment = commented(simulator, platform)
    assert (comment.text, comment.surface, comment.sender.id) == ("Price?", "comments", "4242")

    answer = outgoing("20 €", surface="comments", answers=comment.external_id)
    sent = provider(platform).send(answer)

    assert simulator.sends()[0]["comment"] == comment.external_id
    wait_for(lambda: len(listener.received) == 2)
    [echo] = read(platform, listener.received[1][1])
    assert isinstance(echo, InboundEcho)
    assert (echo.external_id, echo.reply_to) == (sent.external_id, comment.external_id)


def test_in_private_once_and_in_time(simulator, platform):
    fresh = commented(simulator, platform)
    old = commented(simulator, platform, at=time.time() - 8 * 24 * 3600)
    private = {"surface": "comments", "is_private": True}

    sent = provider(platform).send(outgoing(answers=fresh.external_id, **private))

    assert sent.recipient_id == "psid-4242"
    for comment, code in ((fresh, "10900"), (old, "10903")):
        with pytest.raises(Rejected) as refused:
            provider(platform).send(outgoing(answers=comment.external_id, **private))
        assert refused.value.code == code


def test_hidden_and_shown(simulator, platform):
    comment = commented(simulator, platform)
    for hidden in (True, False):
        provider(platform).hide(comment.external_id, hidden=hidden)
    assert [each["hidden"] for each in simulator.journal(kind="hide")] == [True, False]
    with pytest.raises(Rejected):
        provider(platform).hide("77_0", hidden=True)


def test_instagram_counts_bytes_and_knows_no_delivered(simulator, listener):
    simulator.account("instagram", "901", webhook_url=listener.url, secret="s3cret")
    with pytest.raises(Rejected):
        provider("instagram").send(outgoing("é" * 501))
    mid = provider("instagram").send(outgoing("é" * 500)).external_id

    def told() -> list:
        bodies = b"".join(body for _, body in listener.received)
        return [word for word in (b"is_echo", b'"read"') if word in bodies]

    wait_for(lambda: len(told()) == 2)
    bodies = [json.loads(body) for _, body in listener.received]
    assert {body["object"] for body in bodies} == {"instagram"}
    events = [event for body in bodies for event in body["entry"][0]["messaging"]]
    assert not any("delivery" in event for event in events)
    assert {"mid": mid} in [event.get("read") for event in events]
    simulator.person("instagram", "901", "4242", last_wrote=0)
    with pytest.raises(WindowClosed):
        provider("instagram").send(outgoing())


def test_templates_go_out_when_they_are_approved(simulator):
    base = f"{simulator.settings['META_GRAPH_URL']}/WABA/message_templates"
    token = {"authorization": "Bearer t"}
    made = [
        {"name": "order_ready", "language": "es", "category": "UTILITY"},
        {"name": "promo", "language": "es", "category": "MARKETING", "status": "PAUSED"},
    ]
    for each in made:
        assert httpx.post(base, json=each, headers=token).json()["id"]
    whatsapp = CHANNELS.get("whatsapp")(
        {**SECRETS, "account_id": "phone1", "business_account_id": "WABA"}
    )

    assert [(each.name, each.status) for each in whatsapp.templates()] == [
        ("order_ready", "APPROVED"),
        ("promo", "PAUSED"),
    ]
    simulator.person("whatsapp", "phone1", "34600111222", last_wrote=0)
    send = {"text": "", "to": "34600111222"}
    sent = whatsapp.send(outgoing(**send, template={"name": "order_ready", "language": "es"}))
    assert sent.external_id
    for name in ("promo", "unheard_of"):
        with pytest.raises(TemplateRefused):
            whatsapp.send(outgoing(**send, template={"name": name, "language": "es"}))


def test_media_are_uploaded_described_and_fetched(simulator):
    graph, token = simulator.settings["META_GRAPH_URL"], {"authorization": "Bearer t"}
    content = bytes(range(256)) * 4
    made = httpx.post(
        f"{graph}/phone1/media",
        data={"messaging_product": "whatsapp"},
        files={"file": ("one.png", content, "image/png")},
        headers=token,
    ).json()
    found = httpx.get(f"{graph}/{made['id']}", headers=token).json()

    assert (found["mime_type"], found["file_size"]) == ("image/png", 1024)
    assert httpx.get(found["url"], headers=token).content == content
    assert httpx.get(found["url"]).status_code == 401

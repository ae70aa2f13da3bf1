"""Files in and out, as the vendors document it: looked up, fetched, uploaded, and gone wrong."""

import base64
import hashlib
import json
import time

import pytest

from channels_app.media import fetching
from channels_app.media.services import read, store_upload
from channels_app.models import InboundEvent, Media, Message
from channels_app.outbox import post_with_files
from channels_app.services import connect, deliver, ingest
from channels_app.services.intake import store
from tests.media.conftest import OGG, PDF, PNG
from tests.simulator.listener import Listener

ACCOUNTS = {
    "whatsapp": ("104", {"access_token": "t0k", "app_secret": "s"}),
    "messenger": ("105", {"page_token": "t0k", "app_secret": "s"}),
    "instagram": ("106", {"page_token": "t0k", "app_secret": "s"}),
    "telegram": ("77", {"bot_token": "77:t0k", "secret_token": "s"}),
    "x": ("901", {"access_token": "t0k", "app_secret": "s"}),
    "tiktok": ("biz", {"access_token": "t0k", "app_secret": "s"}),
    "twilio": ("+15550001111", {"account_sid": "AC00", "auth_token": "t0k"}),
}
SENDERS = {"twilio": "+34600000001", "tiktok": "conv-1", "whatsapp": "34600000001"}


@pytest.fixture
def vendors(simulator, settings):
    """With somebody who takes its webhooks, so that it tells us what was in them."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    listener = Listener()
    simulator.listener = listener
    yield simulator
    listener.close()


def arrives(vendors, platform, content=PNG, mime="image/png", text="", **file):
    """A person sends a file; what our door would have stored is read, as far as the row."""
    account_id, config = ACCOUNTS[platform]
    connection = connect(platform=platform, account_id=account_id, config=config, vouched=True)
    secret = config.get("auth_token", "s")
    vendors.account(platform, account_id, webhook_url=vendors.listener.url, secret=secret)
    told = {"content": base64.b64encode(content).decode(), "mime": mime, "name": "bike.png"}
    sender = SENDERS.get(platform, "42")
    sent = vendors.inbound(platform, account_id, text, sender_id=sender, file={**told, **file})
    items = list(connection.provider().split(sent["body"].encode()))
    for event_id in store(connection_id=connection.pk, items=items):
        ingest(event_id=event_id)
    assert not InboundEvent.objects.filter(status="rejected").exists()
    return Media.objects.get()


def fetched(media) -> Media:
    fetching.fetch(media_id=media.pk)
    media.refresh_from_db()
    return media


@pytest.mark.parametrize("platform", list(ACCOUNTS))
def test_a_picture_comes_in(north, vendors, platform):
    media = fetched(arrives(vendors, platform))

    assert (media.state, media.mime, media.reason) == ("stored", "image/png", "")
    assert b"".join(read(media)) == PNG
    assert media.message.direction == "in"


@pytest.mark.parametrize("platform", ["whatsapp", "telegram", "messenger"])
def test_words_come_with_it(north, vendors, platform):
    media = arrives(vendors, platform, OGG, "audio/ogg", text="Listen")

    assert fetched(media).kind == "audio"
    assert media.message.text == "Listen"


@pytest.mark.parametrize(
    ("fault", "state", "reason"),
    [
        ("gone", "failed", "expired"),
        ("words", "refused", "mismatch"),
        ("large", "refused", "too_large"),
        ("short", "pending", ""),
    ],
)
@pytest.mark.parametrize("platform", ["telegram", "messenger", "twilio", "x"])
def test_what_goes_wrong_says_why(north, vendors, platform, fault, state, reason):
    media = fetched(arrives(vendors, platform, fault=fault))

    assert (media.state, media.reason) == (state, reason)


def test_whatsapp_shows_nothing_without_the_token(north, vendors):
    media = arrives(vendors, "whatsapp")
    vendors.fail("meta", status=401, code=190, match=media.source["ref"])

    assert (fetched(media).state, media.reason) == ("failed", "credentials")
    assert fetching.try_again(media=media)
    assert fetched(media).state == "stored"


def test_telegram_keeps_what_is_larger_than_twenty_megabytes(north, vendors, settings):
    settings.MEDIA_MAX_BYTES = 50 * 1024 * 1024
    media = fetched(arrives(vendors, "telegram", b"x" * (20 * 1024 * 1024 + 1), "text/plain"))

    assert (media.state, media.reason) == ("refused", "too_large")


def test_a_slow_server_is_waited_for(north, vendors):
    media = fetched(arrives(vendors, "messenger", seconds=1.5))

    assert media.state == "stored"


def test_an_outage_is_sat_out(north, vendors):
    media = arrives(vendors, "whatsapp")
    vendors.fail("meta", status=503, count=1)

    assert fetched(media).state == "pending"
    Media.objects.update(next_attempt_at=None)
    assert fetched(media).state == "stored"


@pytest.mark.parametrize("platform", ["whatsapp", "telegram", "x", "tiktok"])
def test_a_picture_goes_out_by_upload(north, vendors, platform):
    conversation = arrives(vendors, platform).message.conversation
    upload = store_upload(content=PNG, name="offer.png")

    [message] = post_with_files(
        conversation=conversation, text="", files=[upload], author=Message.Author.HUMAN
    )
    deliver(message_id=message.pk)

    message.refresh_from_db()
    assert (message.state, message.error_text) == ("accepted", "")
    [sent] = vendors.sends(platform=platform)
    if platform != "tiktok":
        assert sent["file"]


@pytest.mark.parametrize(
    ("platform", "content"), [("messenger", PDF), ("instagram", PNG), ("twilio", PNG)]
)
def test_a_file_goes_out_by_a_link_that_the_vendor_follows(north, vendors, platform, content):
    conversation = arrives(vendors, platform).message.conversation
    upload = store_upload(content=content, name="offer")

    [message] = post_with_files(
        conversation=conversation, text="", files=[upload], author=Message.Author.HUMAN
    )
    deliver(message_id=message.pk)

    message.refresh_from_db()
    assert message.state == "accepted"
    until = time.monotonic() + 10
    while not (fetches := vendors.journal(kind="fetch")) and time.monotonic() < until:
        time.sleep(0.05)
    assert fetches[0]["url"].startswith("http://localhost:8000/media/")


def test_what_was_uploaded_is_what_arrives(north, vendors):
    conversation = arrives(vendors, "whatsapp").message.conversation
    upload = store_upload(content=PNG, name="offer.png")
    [message] = post_with_files(
        conversation=conversation, text="Look", files=[upload], author=Message.Author.HUMAN
    )
    deliver(message_id=message.pk)

    [sent] = vendors.sends(platform="whatsapp")
    assert json.loads(sent["request"])["image"] == {"id": sent["file"], "caption": "Look"}
    look_up = connect_whatsapp().provider()
    from channels_app.providers.values import Attachment

    with look_up.open_attachment(
        Attachment(kind="image", ref=sent["file"]), None, limit=10**6
    ) as back:
        content = b"".join(back.chunks)
    assert content == PNG
    assert back.sha256 == hashlib.sha256(PNG).hexdigest()


def connect_whatsapp():
    from channels_app.models import ChannelConnection

    return ChannelConnection.objects.get(platform="whatsapp")

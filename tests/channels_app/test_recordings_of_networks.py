"""What comes of every recorded webhook of X, LinkedIn, TikTok and Twilio, by the kind in its name.

An answer of an API among them is no webhook: it is kept, unsupported, and visible.
"""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from channels_app import services
from channels_app.models import InboundEvent, Message
from tests.channels_app.conftest import outcomes
from tests.channels_app.expected_outcomes import expected_of
from tests.conftest import SHARED

PAYLOADS = SHARED / "payloads"
PLATFORMS = ("x", "linkedin", "tiktok", "twilio")


def recorded() -> list:
    if not PAYLOADS.exists():
        return []
    return [
        pytest.param(platform, file, id=f"{platform}-{file.stem}")
        for platform in PLATFORMS
        for file in sorted((PAYLOADS / platform).iterdir())
    ]


def account_of(platform: str, payload: dict) -> str:
    if platform == "x":
        data = payload.get("data")
        data = data if isinstance(data, dict) else {}
        revoked = data.get("payload", {}).get("user_id", "")
        return payload.get("for_user_id") or data.get("filter", {}).get("user_id") or revoked
    if platform == "linkedin":
        first = (payload.get("notifications") or [{}])[0]
        owner = first.get("organizationalEntity") or payload.get("owner", {}).get("organization")
        return (owner or "").rpartition(":")[2]
    return payload.get("user_openid") or payload.get("To") or ""


def connect(platform: str, account_id: str):
    config = {"app_secret": "s", "access_token": "t", "accepts_terms": True}
    if platform == "twilio":
        config = {"account_sid": "AC01", "auth_token": "t"}
    return services.connect(platform=platform, account_id=account_id or "901", config=config)


needs_recordings = pytest.mark.skipif(
    not PAYLOADS.exists(), reason="the recorded webhooks are not on this machine"
)


@needs_recordings
@pytest.mark.parametrize(("platform", "file"), recorded())
def test_a_recording_is_taken_and_has_an_outcome(platform, file: Path, knock, work):
    payload = json.loads(file.read_bytes())
    body = urlencode(payload).encode() if platform == "twilio" else file.read_bytes()
    connection = connect(platform, account_of(platform, payload))

    assert knock(connection, body, headers={}).status_code == 403
    assert InboundEvent.objects.count() == 0
    for _ in range(2):  # the second delivery changes nothing
        assert knock(connection, body).status_code == 200
    work()

    found = outcomes(connection)
    assert {outcome for _, _, outcome in found} == expected_of(file)
    if file.stem.startswith("notification_duplicate_id"):
        assert len(found) == Message.objects.count() == 1


def test_one_message_between_two_connected_accounts_is_one_item_for_each(north, knock, work):
    event = {
        "type": "message_create",
        "id": "77",
        "created_timestamp": "1763629200000",
        "message_create": {
            "sender_id": "1",
            "target": {"recipient_id": "2"},
            "message_data": {"text": "Hello from next door"},
        },
    }
    for account in ("1", "2"):
        connection = connect("x", account)
        body = json.dumps({"for_user_id": account, "direct_message_events": [event]}).encode()
        for _ in range(2):
            assert knock(connection, body).status_code == 200
    work()
    assert sorted(Message.objects.values_list("direction", "author")) == [
        ("in", "contact"),
        ("out", "echo"),
    ]


def test_stop_and_start_are_kept_in_the_ledger(north, knock, work):
    connection = connect("twilio", "+15550001234")

    def says(sid: str, text: str) -> None:
        form = {"MessageSid": sid, "From": "+34600000001", "To": "+15550001234", "Body": text}
        assert knock(connection, urlencode(form).encode()).status_code == 200
        work()

    says("SM1", "Hello")
    says("SM2", "Stop")
    conversation = connection.conversations.get()
    verdict = services.ask_policy(conversation=conversation, text="Still there?", by_human=True)
    assert verdict.code == "opted_out"
    says("SM3", "START")
    conversation = connection.conversations.get()
    verdict = services.ask_policy(conversation=conversation, text="Still there?", by_human=True)
    assert not hasattr(verdict, "code")


def test_tiktok_takes_ten_messages_until_they_write_again(
    north, knock, work, monkeypatch, django_capture_on_commit_callbacks
):
    from channels_app.outbox import post_message
    from channels_app.providers.tiktok import TikTok
    from channels_app.providers.values import Sent
    from channels_app.services import SendRefused

    sent = []

    def take(self, message):
        sent.append(message)
        return Sent(f"t{len(sent)}")

    monkeypatch.setattr(TikTok, "send", take)
    connection = connect("tiktok", "901")

    def writes(number: int) -> None:
        from django.utils import timezone

        content = {
            "type": "text",
            "message_id": f"m{number}",
            "text": {"body": "Hi"},
            "conversation_id": "c1",
            "timestamp": int(timezone.now().timestamp() * 1000),
            "from": "Ada",
            "from_user": {"id": "u1"},
        }
        body = {"event": "im_receive_msg", "user_openid": "901", "content": json.dumps(content)}
        assert knock(connection, json.dumps(body).encode()).status_code == 200
        work()

    writes(1)
    conversation = connection.conversations.get()
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(10):
            post_message(
                conversation=conversation, text=f"No. {number}", author=Message.Author.HUMAN
            )
    work()
    assert len(sent) == 10
    assert {message.recipient_id for message in sent} == {"c1"}
    with pytest.raises(SendRefused) as refused:
        post_message(conversation=conversation, text="One more", author=Message.Author.HUMAN)
    assert refused.value.code == "window_used_up"
    writes(2)
    conversation.refresh_from_db()
    post_message(conversation=conversation, text="One more", author=Message.Author.HUMAN)

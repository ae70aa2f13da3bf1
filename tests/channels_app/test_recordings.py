"""Every recorded and every hostile webhook we have: taken, never lost, each with an outcome."""

import json
from pathlib import Path

import pytest

from channels_app.models import InboundEvent
from tests.channels_app.conftest import connected, outcomes
from tests.channels_app.expected_outcomes import expected_of, unrecorded
from tests.conftest import SHARED

PAYLOADS = SHARED / "payloads"
FOLDERS = {
    "messenger": "messenger",
    "facebook_feed": "messenger",
    "instagram": "instagram",
    "whatsapp": "whatsapp",
    "telegram": "telegram",
    "telegram_current": "telegram",
}


def recorded() -> list:
    if not PAYLOADS.exists():
        return []
    return [
        pytest.param(platform, file, id=f"{folder}-{file.stem}")
        for folder, platform in FOLDERS.items()
        for file in sorted((PAYLOADS / folder).iterdir())
    ]


def hostile() -> list:
    if not PAYLOADS.exists():
        return []
    return [
        pytest.param(file, id=file.stem)
        for file in sorted((PAYLOADS / "hostile").iterdir())
        if file.suffix != ".eml"
    ]


@pytest.fixture(autouse=True)
def mentions(monkeypatch):
    """What Instagram answers when it is asked what was said."""
    said = {"text": "What does it cost, @acme?", "username": "jane", "caption": "With @acme"}
    found = {"id": "901", "mentioned_comment": said, "mentioned_media": said}
    monkeypatch.setattr("channels_app.graph.get", lambda *asked, **at: found)


needs_recordings = pytest.mark.skipif(
    not PAYLOADS.exists(), reason="the recorded webhooks are not on this machine"
)


def account_of(platform: str, body: bytes) -> str:
    """The account a recording was made for, so that it is connected here."""
    try:
        payload = json.loads(body)
        payload = payload[0] if isinstance(payload, list) else payload
        entry = payload["entry"][0]
        if platform in {"messenger", "instagram"}:
            return str(entry["id"])
        return str(entry["changes"][0]["value"]["metadata"]["phone_number_id"])
    except (KeyError, TypeError, ValueError, IndexError, RecursionError):
        return ""


def platform_of(body: bytes) -> str:
    """Which of our addresses a hostile body is aimed at."""
    if b"update_id" in body:
        return "telegram"
    return "whatsapp" if b"whatsapp_business_account" in body else "messenger"


@needs_recordings
@pytest.mark.parametrize(("platform", "file"), recorded())
def test_a_recording_is_taken_and_has_an_outcome(platform, file: Path, knock, work):
    body = file.read_bytes()
    connection = connected(platform, account_of(platform, body))

    assert knock(connection, body, headers={}).status_code == 403
    assert InboundEvent.objects.count() == 0
    assert knock(connection, body).status_code == 200
    work()

    found = {outcome for _, _, outcome in outcomes(connection)}
    assert found == expected_of(file)


@needs_recordings
@pytest.mark.parametrize("file", hostile())
def test_a_hostile_body_is_taken_and_has_an_outcome(file: Path, knock, work):
    body = file.read_bytes()
    platform = platform_of(body)
    connection = connected(platform, account_of(platform, body)[:190])

    assert knock(connection, body, headers={}).status_code == 403
    assert knock(connection, body).status_code == 200
    work()

    found = {outcome for _, _, outcome in outcomes(connection)}
    assert found == expected_of(file)
    reasons = InboundEvent.objects.filter(outcome="rejected").values_list("reason", flat=True)
    assert all(reasons)


@needs_recordings
def test_the_table_of_outcomes_states_nothing_that_nobody_recorded():
    assert unrecorded(PAYLOADS) == []

"""What we send to X and Telegram fits the schemas they publish."""

import json
from typing import Any

import httpx
import jsonschema
import pytest

from channels_app.providers import CHANNELS
from channels_app.providers.values import Outgoing
from tests.conftest import SHARED

SPECS = SHARED / "specs"
PICTURE = ({"kind": "image", "url": "https://shop.example/blue.jpg"},)
FILE = ({"kind": "file", "url": "https://shop.example/list.pdf"},)
pytestmark = pytest.mark.skipif(
    not SPECS.exists(), reason=f"the vendors' published schemas are not at {SPECS}"
)
SENDS: list[tuple[str, str, dict[str, Any]]] = [
    ("x", "/2/dm_conversations/with/{participant_id}/messages", {"recipient_id": "31"}),
    ("x", "/2/tweets", {"recipient_id": "post:31", "answers": "6001"}),
    ("telegram", "/bot{token}/sendMessage", {"recipient_id": "55"}),
    ("telegram", "/bot{token}/sendMessage", {"recipient_id": "business1|55"}),
    ("telegram", "/bot{token}/sendPhoto", {"recipient_id": "55", "attachments": PICTURE}),
    ("telegram", "/bot{token}/sendDocument", {"recipient_id": "-77", "attachments": FILE}),
]
ANSWERS = {
    "x": {"data": {"id": "1", "dm_event_id": "1", "dm_conversation_id": "31-901"}},
    "telegram": {"ok": True, "result": {"message_id": 1}},
}


def speaker(kind: str):
    config = {"account_id": "901", "access_token": "t", "bot_token": "901:abc", "secret_token": "s"}
    return CHANNELS.get(kind)(config)


def outgoing(more: dict) -> Outgoing:
    return Outgoing(text="Hello Ada 👋", reference="ref", **more)


@pytest.fixture
def caught(monkeypatch):
    """Every request's address and body, caught before it leaves."""
    requests = []

    def exchange(method, url, **rest):
        requests.append((url, rest.get("json")))
        kind = "x" if "api.x.com" in url else "telegram"
        return httpx.Response(200, json=ANSWERS[kind])

    monkeypatch.setattr("tenants.plugins.http.exchange", exchange)
    return requests


def fits(kind: str, path: str, body: object) -> None:
    document = json.loads((SPECS / f"{kind}.json").read_text())
    content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    schema = {**content["schema"], "components": document["components"]}
    jsonschema.validate(body, schema, cls=jsonschema.Draft7Validator)


@pytest.mark.parametrize(("kind", "path", "more"), SENDS)
def test_a_send_fits(kind, path, more, caught):
    speaker(kind).send(outgoing(more))
    [(_, body)] = caught
    fits(kind, path, body)


def test_setting_up_telegram_fits(caught):
    speaker("telegram").subscribe("https://crm.example/webhooks/telegram/abc/")
    speaker("telegram").unsubscribe()
    (_, first), (_, second) = caught
    fits("telegram", "/bot{token}/setWebhook", first)
    fits("telegram", "/bot{token}/deleteWebhook", second)

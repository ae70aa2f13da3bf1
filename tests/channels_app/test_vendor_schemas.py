"""What we send to X and Telegram fits the schemas they publish."""

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from channels_app.providers import CHANNELS
from channels_app.providers.values import Outgoing
from tests.conftest import SHARED

SPECS = SHARED / "specs"
ROOT = Path(__file__).resolve().parent.parent.parent
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


# -- the same, against Prism, where it is installed


@pytest.fixture(scope="module", params=["x", "telegram"])
def prism(request):
    """Prism, which refuses what does not fit; ``npm i @stoplight/prism-cli`` brings it."""
    places = f"{ROOT / 'node_modules' / '.bin'}"
    program = shutil.which("prism", path=places) or shutil.which("prism")
    if program is None:
        pytest.skip("prism is not installed: npm i @stoplight/prism-cli")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spec = SPECS / f"{request.param}.json"
    command = [program, "mock", "-h", "127.0.0.1", "-p", str(port), str(spec)]
    with subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        for _ in range(150):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield request.param, f"http://127.0.0.1:{port}"
        process.terminate()


def test_prism_takes_what_we_send(prism, settings):
    kind, url = prism
    settings.ALLOW_PRIVATE_ADDRESSES = True
    settings.X_API_URL = settings.TELEGRAM_API_URL = url
    for _, _, more in [each for each in SENDS if each[0] == kind]:
        assert speaker(kind).send(outgoing(more)).external_id

"""What we send to WhatsApp fits the published schema of its Cloud API."""

import json

import jsonschema
import pytest

from channels_app.providers import CHANNELS
from channels_app.providers.values import Outgoing
from tenants.plugins.errors import Rejected
from tests.conftest import SHARED

SPEC = SHARED / "specs" / "meta-whatsapp.json"
REFERENCE = "0190c0de-0000-7000-8000-000000000001"

pytestmark = pytest.mark.skipif(
    not SPEC.exists(), reason=f"the published schema of WhatsApp is not at {SPEC}"
)


def outgoing(text: str = "", to: str = "34600111222", **more) -> Outgoing:
    return Outgoing(recipient_id=to, text=text, reference=REFERENCE, **more)


def file(kind: str, **more) -> dict:
    return {"attachments": ({"kind": kind, **more},)}


ADDRESS = "https://files.example/one"
PARAMETERS = [{"type": "body", "parameters": [{"type": "text", "text": "Ada"}]}]
MESSAGES = {
    "text": outgoing("Hello 😀"),
    "text to a group": outgoing("Hello", to="Y2FwaV9ncm91cDoxOTUwNTU1MDA3OToxMjA"),
    "image by address": outgoing("Look", **file("image", url=ADDRESS)),
    "image by id": outgoing(**file("image", ref="1037543291543636")),
    "audio": outgoing(**file("audio", url=ADDRESS)),
    "audio with words": outgoing("Listen", **file("audio", url=ADDRESS)),
    "video": outgoing("Look", **file("video", url=ADDRESS)),
    "document": outgoing("Your offer", **file("file", url=ADDRESS, name="offer.pdf")),
    "document by id": outgoing(**file("file", ref="1037543291543636", name="offer.pdf")),
    "template": outgoing(template={"name": "order_ready", "language": "en_US"}),
    "template with words of ours": outgoing(
        template={"name": "order_ready", "language": "es", "components": PARAMETERS}
    ),
}
messages = pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)


def whatsapp():
    return CHANNELS.get("whatsapp")({"account_id": "106540352242922", "access_token": "t"})


def components() -> dict:
    """The schema's parts, of which each kind of message is put together.

    A part that forbids further properties would forbid those of the others, too.
    """
    found = json.loads(SPEC.read_text())["components"]
    for schema in found["schemas"].values():
        for part in schema.get("allOf", ()):
            part.pop("additionalProperties", None)
    return found


@messages
def test_every_kind_fits_the_schema(message, monkeypatch):
    sent = []

    def request(method, url, *, json, headers):
        sent.append(json)
        return {"messages": [{"id": "wamid.1"}]}

    monkeypatch.setattr("tenants.plugins.http.request", request)
    whatsapp().send(message)
    schema = {"$ref": "#/components/schemas/Message", "components": components()}
    jsonschema.validate(sent[0], schema, cls=jsonschema.Draft7Validator)


def test_somebody_without_a_number_is_written_to_by_id(monkeypatch):
    """Newer than the published schema."""
    sent = []

    def request(*asked, json, headers):
        sent.append(json)
        return {"messages": [{"id": "wamid.1"}]}

    monkeypatch.setattr("tenants.plugins.http.request", request)
    whatsapp().send(outgoing("Hello", to="ES.13491208655302741918"))
    assert sent[0]["recipient"] == "ES.13491208655302741918"
    assert "to" not in sent[0]


@pytest.mark.parametrize(
    "attachments",
    [({"kind": "image"},), ({"kind": "image", "url": ADDRESS},) * 2],
    ids=["without an address", "two"],
)
def test_what_cannot_be_sent_is_not_sent_in_part(attachments):
    with pytest.raises(Rejected):
        whatsapp().send(outgoing("Look", attachments=attachments))

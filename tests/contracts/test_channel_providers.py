"""What every messaging network must keep, whichever it is.

A new channel brings ``fixtures/channels/<kind>/*.json`` (source, body, and what is to be read
in it) and passes here unchanged.
"""

import base64
import json
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.capabilities import CAPABILITIES
from channels_app.providers import CHANNELS
from channels_app.providers.values import Inbound, Outgoing, RawItem
from tenants.plugins.errors import PayloadRejected, Rejected, SignatureMismatch
from tests.conftest import SHARED

FIXTURES = Path(__file__).parent.parent / "fixtures" / "channels"
VECTORS = SHARED / "signatures" / "vectors.json"


def recordings() -> list:
    return [
        pytest.param(kind, json.loads(file.read_text()), id=f"{kind}-{file.stem}")
        for kind in CHANNELS
        for file in sorted((FIXTURES / kind).glob("*.json"))
    ]


def provider(kind: str):
    """A provider with every secret it has a word for, made up where the network gives it."""
    made = CHANNELS.get(kind)
    config = {key: made.new_secret(word) or "given" for word, key in made.secret_names.items()}
    return made({**config, "account_id": "901"})


def read(kind: str, body: bytes) -> list[Inbound]:
    speaker = provider(kind)
    return [each for item in speaker.split(body) for each in speaker.read(item.kind, item.body)]


def plain(value: object) -> dict:
    assert is_dataclass(value)
    assert not isinstance(value, type)
    fields = {
        name: found.isoformat() if isinstance(found, datetime) else found
        for name, found in asdict(value).items()
    }
    return {"is": type(value).__name__, **fields}


@pytest.mark.parametrize("kind", list(CHANNELS))
class TestEverySocket:
    def test_has_recordings(self, kind):
        assert list((FIXTURES / kind).glob("*.json"))

    def test_has_its_row_in_the_capability_table_with_sources(self, kind):
        assert CAPABILITIES[kind].sources
        assert CAPABILITIES[kind].max_text > 0

    def test_asks_for_every_secret_it_reads(self, kind):
        made = CHANNELS.get(kind)
        assert set(made.secret_names.values()) <= set(made.ConfigForm.base_fields)
        assert made.how_to_connect

    def test_without_a_secret_nothing_verifies(self, kind):
        with pytest.raises(SignatureMismatch):
            CHANNELS.get(kind)({}).verify({}, b"{}")

    def test_a_changed_byte_or_a_strange_header_is_refused(self, kind):
        speaker = provider(kind)
        signed = speaker.signed(b'{"a": 1}')
        for name in signed:
            for claimed in ("", "é" * 64, "sha256=" + "é" * 64, "x" * 100_000, signed[name][:-1]):
                with pytest.raises(SignatureMismatch):
                    speaker.verify({**signed, name: claimed}, b'{"a": 1}')

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        body=st.one_of(
            st.binary(max_size=300),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
                lambda inner: (
                    st.lists(inner, max_size=4)
                    | st.dictionaries(
                        st.sampled_from(
                            [
                                "object", "entry", "id", "messaging", "message", "mid", "text",
                                "sender", "changes", "value", "messages", "statuses", "type",
                                "from", "metadata", "phone_number_id", "update_id", "chat",
                                "message_id", "photo", "events", "attachments", "payload",
                                "timestamp", "date", "reaction", "delivery", "mids", "read",
                                "watermark", "contacts", "profile", "errors", "status", "edit",
                            ]
                        ),
                        inner,
                        max_size=5,
                    )
                ),
                max_leaves=25,
            ).map(lambda value: json.dumps(value).encode()),
        )
    )  # fmt: skip
    def test_whatever_is_sent_is_split_and_read_or_rejected(self, kind, body):
        for item in items_of(kind, body):
            assert isinstance(item, RawItem)
            assert len(item.key) == 64
            assert len(item.kind) <= 64
            assert len(item.account_id) <= 190
            assert all(is_dataclass(each) for each in meaning_of(kind, item))


def items_of(kind: str, body: bytes) -> list[RawItem]:
    """The items, of which there is at least one; none where it is rejected with a reason."""
    try:
        items = list(provider(kind).split(body))
    except PayloadRejected as error:
        return [] if str(error) else [pytest.fail("rejected without a reason")]
    return items or [pytest.fail("an envelope without an item would leave no trace")]


def meaning_of(kind: str, item: RawItem) -> list[Inbound]:
    try:
        return provider(kind).read(item.kind, item.body)
    except PayloadRejected as error:
        return [] if "\0" not in str(error) else [pytest.fail("PostgreSQL takes no NUL")]


@pytest.mark.parametrize(("kind", "recorded"), recordings())
class TestEveryRecording:
    def body(self, recorded) -> bytes:
        body = recorded["body"]  # a text is sent as it is: a form, a mail
        return body.encode() if isinstance(body, str) else json.dumps(body).encode()

    def test_accepts_what_the_network_signed(self, kind, recorded):
        speaker, body = provider(kind), self.body(recorded)
        speaker.verify(speaker.signed(body), body)

    def test_refuses_what_it_did_not_sign(self, kind, recorded):
        speaker, body = provider(kind), self.body(recorded)
        with pytest.raises(SignatureMismatch):
            speaker.verify({}, body)

    def test_reads_what_is_in_it(self, kind, recorded):
        found = [plain(each) for each in read(kind, self.body(recorded))]
        assert [{**have, **want} for have, want in zip(found, recorded["read"], strict=True)] == (
            found
        )

    def test_splits_a_repetition_into_the_same_keys(self, kind, recorded):
        speaker, body = provider(kind), self.body(recorded)
        assert [item.key for item in speaker.split(body)] == [
            item.key for item in provider(kind).split(body)
        ]

    def test_keys_tell_the_items_apart(self, kind, recorded):
        keys = [item.key for item in provider(kind).split(self.body(recorded))]
        assert len(keys) == len(set(keys))


# -- what others computed

SCHEMES = {
    "meta_x_hub_signature_256": ("messenger", "app_secret"),
    "telegram_secret_token": ("telegram", "secret_token"),
    "svix_resend": ("custom", "secret"),
    "x_webhook_signature": ("x", "app_secret"),
    "tiktok_signature": ("tiktok", "app_secret"),
    "linkedin_x_li_signature": ("linkedin", "app_secret"),
}


def vectors(*schemes: str) -> list:
    if not VECTORS.exists():
        return []
    return [
        pytest.param(vector, id=f"{vector['scheme']}-{vector['name']}")
        for vector in json.loads(VECTORS.read_text())
        if vector["scheme"] in schemes
    ]


needs_vectors = pytest.mark.skipif(
    not VECTORS.exists(), reason="the signature vectors are not on this machine"
)


@needs_vectors
@pytest.mark.parametrize("vector", vectors(*SCHEMES))
def test_signatures_verify_as_others_say(vector, monkeypatch):
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(vector["verify_at_unix"] or 0, tz)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Clock)
    monkeypatch.setattr("channels_app.providers.tiktok.datetime", Clock)
    kind, name = SCHEMES[vector["scheme"]]
    speaker = CHANNELS.get(kind)({name: vector["secret"]})
    body = base64.b64decode(vector["body_b64"])
    if vector["expect_valid"]:
        speaker.verify(vector["headers"], body)
    else:
        with pytest.raises(SignatureMismatch):
            speaker.verify(vector["headers"], body)


@needs_vectors
@pytest.mark.parametrize("vector", vectors("meta_verify_handshake"))
def test_handshakes_are_answered_as_others_say(vector):
    query = dict(pair.split("=", 1) for pair in vector["url"].partition("?")[2].split("&"))
    speaker = CHANNELS.get("whatsapp")({"verify_token": vector["secret"]})
    if vector["expect_valid"]:
        assert speaker.handshake(query) == query["hub.challenge"]
    else:
        with pytest.raises(SignatureMismatch):
            speaker.handshake(query)


@needs_vectors
@pytest.mark.parametrize("vector", vectors("x_crc", "linkedin_challenge"))
def test_challenges_are_answered_as_others_say(vector):
    query = dict(pair.split("=", 1) for pair in vector["url"].partition("?")[2].split("&"))
    kind = "x" if vector["scheme"] == "x_crc" else "linkedin"
    speaker = CHANNELS.get(kind)({"app_secret": vector["secret"]})
    documented = json.loads(vector["note"][vector["note"].index("{") :].partition("}")[0] + "}")
    assert json.loads(speaker.handshake(query)) == documented
    assert speaker.handshake_type == "application/json"
    for silent in ({}, {next(iter(query)): ""}):
        with pytest.raises(SignatureMismatch):
            speaker.handshake(silent)


def test_the_header_of_linkedin_may_name_its_method():
    speaker = CHANNELS.get("linkedin")({"app_secret": "s"})
    digest = speaker.signed(b"{}")["X-LI-Signature"]
    speaker.verify({"X-LI-Signature": f"hmacsha256={digest}"}, b"{}")


# The example of https://www.twilio.com/docs/usage/security
TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TWILIO_FORM = (
    b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309"
    b"&To=%2B18005551212"
)
TWILIO_SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_twilio_signs_address_and_form_as_documented():
    speaker = CHANNELS.get("twilio")({"auth_token": "12345"})
    speaker.verify_at(TWILIO_URL, {"X-Twilio-Signature": TWILIO_SIGNATURE}, TWILIO_FORM)
    with pytest.raises(SignatureMismatch):
        speaker.verify_at(f"{TWILIO_URL}3", {"X-Twilio-Signature": TWILIO_SIGNATURE}, TWILIO_FORM)


def test_twilio_may_have_named_the_port():
    signer = CHANNELS.get("twilio")(
        {"auth_token": "12345", "webhook_url": "https://example.com:443/hook"}
    )
    speaker = CHANNELS.get("twilio")({"auth_token": "12345"})
    speaker.verify_at("https://example.com/hook", signer.signed(TWILIO_FORM), TWILIO_FORM)


@pytest.mark.parametrize("kind", ["messenger", "instagram", "whatsapp", "telegram"])
def test_a_second_file_is_refused_and_not_left_out(kind):
    files = tuple({"kind": "image", "url": f"https://shop.example/{n}.jpg"} for n in (1, 2))
    speaker = CHANNELS.get(kind)({"account_id": "901", "bot_token": "901:abc"})
    with pytest.raises(Rejected) as refusal:
        speaker.send(Outgoing(recipient_id="55", text="", reference="ref", attachments=files))
    assert refusal.value.code == "attachments"

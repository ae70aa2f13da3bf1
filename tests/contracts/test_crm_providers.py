"""What every CRM must keep, whichever it is.

A new CRM brings fixtures/crms/<kind>/*.json and passes here unchanged.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import respx

from crm.mapping import SHAPES, LeadCard, Reason, properties
from crm.providers import CRMS
from crm.providers.base import Upsert
from tenants.plugins.errors import (
    CredentialsRejected,
    ProviderError,
    RateLimited,
    Rejected,
    Unavailable,
)

FIXTURES = Path(__file__).parent.parent / "fixtures" / "crms"
NOON = datetime(2026, 11, 20, 8, tzinfo=UTC)
CARD = LeadCard(
    key="north-1",
    version=3,
    name="Ada Augusta Byron",
    email="Ada@Acme.example",
    phone="+34 600 000 000",
    score=83,
    tier="hot",
    stage="new",
    owner_email="eva@north.example",
    facts={"budget": "900 EUR", "interest": "two rooms\nwith a view", "role": "CEO"},
    reasons=(Reason(label="Budget", points=20, quote="about 900 euros"),),
    created_at=NOON,
    updated_at=NOON,
)


def recordings() -> list:
    return [
        pytest.param(kind, json.loads(file.read_text()), id=f"{kind}-{file.stem}")
        for kind in CRMS
        for file in sorted((FIXTURES / kind).glob("*.json"))
    ]


def upserts(recorded) -> list[Upsert]:
    return [
        Upsert(
            key=record["key"],
            delivery_id=f"msg_{record['key']}",
            changed_at=NOON,
            properties=record["properties"],
        )
        for record in recorded["records"]
    ]


def answering(exchange) -> httpx.Response:
    response = exchange["response"]
    return httpx.Response(
        response["status"], headers=response.get("headers"), json=response.get("json")
    )


def plain(outcome) -> dict:
    shown = {
        "key": outcome.key,
        "external_id": outcome.external_id,
        "status": outcome.status,
        "request_id": outcome.request_id,
    }
    return shown | ({"error": type(outcome.error).__name__} if outcome.error else {})


def test_every_crm_has_recordings():
    assert [kind for kind in CRMS if not list((FIXTURES / kind).glob("*.json"))] == []


@pytest.fixture
def wire():
    with respx.mock(assert_all_called=False) as mock:
        yield mock


@pytest.fixture(autouse=True)
def open_network(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True  # nothing is dialled: respx stands in


@pytest.mark.parametrize(("kind", "recorded"), recordings())
class TestEveryRecording:
    def test_it_asks_and_reads_as_recorded(self, kind, recorded, wire):
        exchanges = recorded["exchanges"]
        route = wire.route().mock(side_effect=[answering(one) for one in exchanges])

        outcomes = CRMS.get(kind)(recorded["config"]).push(upserts(recorded))

        assert [plain(outcome) for outcome in outcomes] == recorded["outcomes"]
        assert route.call_count == len(exchanges)
        for call, exchange in zip(route.calls, exchanges, strict=True):
            asked = exchange["request"]
            assert (call.request.method, str(call.request.url)) == (asked["method"], asked["url"])
            for name, value in asked.get("headers", {}).items():
                assert call.request.headers[name] == value
            if "json" in asked:
                assert json.loads(call.request.content) == asked["json"]

    def test_it_asks_for_every_setting_it_reads(self, kind, recorded):
        form = CRMS.get(kind).ConfigForm(recorded["config"])
        assert form.is_valid(), form.errors


@pytest.fixture(params=list(CRMS))
def kind(request):
    return request.param


@pytest.fixture
def provider(kind):
    recorded = json.loads(sorted((FIXTURES / kind).glob("*.json"))[-1].read_text())
    return CRMS.get(kind)(recorded["config"])


def one_record(provider) -> list[Upsert]:
    made = properties(CARD, provider.fields)
    return [Upsert(key=CARD.key, delivery_id="msg_1", changed_at=NOON, properties=made)]


def error_of(provider) -> ProviderError:
    try:
        (outcome,) = provider.push(one_record(provider))
    except ProviderError as error:
        return error
    assert outcome.error is not None
    return outcome.error


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (400, {}, Rejected),
        (401, {}, CredentialsRejected),
        (403, {}, CredentialsRejected),
        (429, {"retry-after": "7"}, RateLimited),
        (500, {}, Unavailable),
        (502, {}, Unavailable),
        (503, {"retry-after": "7"}, Unavailable),
    ],
)
def test_every_crm_says_what_went_wrong(provider, wire, status, headers, expected):
    wire.route().respond(status, headers=headers, json={"message": "no", "category": "X"})
    error = error_of(provider)
    assert type(error) is expected
    assert error.status == status
    assert error.retry_after == (7 if headers else None)


@pytest.mark.parametrize("trouble", [httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError])
def test_an_upsert_whose_answer_is_lost_may_be_asked_again(provider, wire, trouble):
    wire.route().mock(side_effect=trouble("gone"))
    assert error_of(provider).retryable


def test_a_redirect_is_not_followed(provider, wire):
    wire.route().respond(302, headers={"location": "https://elsewhere.example/"})
    assert isinstance(error_of(provider), Rejected)


def test_the_card_fits_its_fields(provider):
    made = properties(CARD, provider.fields)
    assert {field.kind for field in provider.fields} <= set(SHAPES)
    for field in provider.fields:
        if field.max_length and field.name in made:
            assert len(made[field.name]) <= field.max_length
    json.dumps(made)


def test_secrets_are_asked_for_as_passwords(provider):
    secret = [
        name
        for name, field in type(provider).ConfigForm.base_fields.items()
        if any(word in name for word in ("token", "secret", "password", "key"))
        and field.widget.input_type != "password"
    ]
    assert secret == []

"""What we send to HubSpot fits HubSpot's own published schema."""

import json
from datetime import UTC, datetime

import httpx
import jsonschema
import pytest

from crm.mapping import LeadCard, Reason, properties
from crm.providers.base import Upsert
from crm.providers.hubspot import HubSpot
from tenants.plugins.errors import CredentialsRejected, RateLimited, Rejected, Unavailable
from tests.conftest import SHARED
from tests.prism_fixture import free_port

SPECS = SHARED / "specs"
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not SPECS.exists(), reason=f"HubSpot's published schemas are not at {SPECS}"
)


def cards() -> list[LeadCard]:
    full = LeadCard(
        key="north-1",
        version=3,
        name="Ada Augusta Byron",
        email="ada@acme.example",
        phone="+34 600 000 000",
        score=83,
        tier="hot",
        stage="new",
        facts={"budget": "900 EUR", "interest": "two rooms", "role": "CEO", "company": "Acme"},
        reasons=(Reason(label="Budget", points=20, quote="about 900 euros"),),
        created_at=NOW,
        updated_at=NOW,
    )
    bare = LeadCard(key="north-2", version=1, created_at=NOW, updated_at=NOW)
    odd = LeadCard(
        key="north-3",
        version=1,
        name="\x00\n " * 50,
        email="not an address",
        facts={"budget": "9" * 5_000, "interest": "\ud800x"},
        created_at=NOW,
        updated_at=NOW,
    )
    return [full, bare, odd]


def upserts() -> list[Upsert]:
    return [
        Upsert(
            key=card.key,
            delivery_id="msg_1",
            changed_at=NOW,
            properties=properties(card, HubSpot.fields),
        )
        for card in cards()
    ]


def fits(spec: str, path: str, body: object) -> None:
    document = json.loads((SPECS / spec).read_text())
    content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    schema = {**content["schema"], "components": document["components"]}
    jsonschema.validate(body, schema, cls=jsonschema.Draft7Validator)


@pytest.fixture
def sent(monkeypatch):
    """Every request, caught before it leaves."""
    requests = []

    def exchange(method, url, *, json, **rest):
        requests.append((method, url, json))
        missing = sum("batch/upsert" in one[1] for one in requests) == 1
        if missing and "batch/upsert" in url:
            text = "Property values were not valid: PROPERTY_DOESNT_EXIST leadwire_id"
            return httpx.Response(400, json={"message": text})
        return httpx.Response(200, json={"results": [], "id": "1"})

    monkeypatch.setattr("tenants.plugins.http.exchange", exchange)
    return requests


def test_upserts_and_the_properties_they_need_fit_the_schema(sent):
    HubSpot({"token": "t"}).push(upserts()[:1])
    made = [body["name"] for _, url, body in sent if url.endswith("/properties/contacts")]
    assert made[0] == "leadwire_id"
    assert set(made[1:]) == {f.name for f in HubSpot.fields if f.name.startswith("leadwire_")}
    for _, url, body in sent:
        if "batch/upsert" in url:
            fits("hubspot-contacts.v3.json", "/crm/v3/objects/contacts/batch/upsert", body)
        else:
            fits("hubspot-properties.v3.json", "/crm/v3/properties/{objectType}", body)


@pytest.fixture
def hubspot(prism, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    return HubSpot({"token": "t", "base_url": prism("hubspot-contacts.v3")})


def test_prism_takes_what_we_send(hubspot):
    assert all(outcome.status == 200 for outcome in hubspot.push(upserts()[:1]))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Rejected),
        (401, CredentialsRejected),
        (404, Rejected),
        (429, RateLimited),
    ],
)
def test_prism_refuses_and_we_understand(hubspot, monkeypatch, status, expected):
    headers = {**hubspot._headers(), "Prefer": f"code={status}"}
    monkeypatch.setattr(hubspot, "_headers", lambda: headers)
    with pytest.raises(expected) as error:
        hubspot.push(upserts()[1:2])
    assert hubspot.request_id_of(error.value) == "aeb5f871-7f07-4993-9211-075dc63e7cbf"


def test_prism_reports_a_conflict_and_we_ask_by_email(hubspot, monkeypatch):
    headers = {**hubspot._headers(), "Prefer": "code=409"}
    monkeypatch.setattr(hubspot, "_headers", lambda: headers)
    (outcome,) = hubspot.push(upserts()[:1])
    assert (outcome.status, type(outcome.error)) == (409, Rejected)


def test_a_vendor_that_is_not_there_is_unavailable(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    provider = HubSpot({"token": "t", "base_url": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(Unavailable):
        provider.push(upserts()[:1])

"""What we send to HubSpot fits HubSpot's own published schemas, and its errors are understood."""

import pytest

from crm.providers.base import Part
from crm.providers.hubspot import HubSpot
from tenants.plugins.errors import CredentialsRejected, RateLimited, Rejected, Unavailable
from tests.crm.samples import BARE, FULL, ODD, upsert_of
from tests.prism_fixture import CRM_SCHEMAS, free_port

OBJECTS = "/crm/v3/objects"
LINKS = "/crm/v4/associations"


@pytest.fixture
def hubspot(prism, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    return HubSpot({"token": "t", "base_url": prism(*CRM_SCHEMAS["hubspot"])})


def made(**ids: str) -> dict:
    """HubSpot's answer to a batch: our keys and its ids."""
    results = [{"id": number, "objectWriteTraceId": key} for key, number in ids.items()]
    return {"status": "COMPLETE", "results": results}


def told(**headers):
    """The provider's headers, with what Prism is asked to answer."""
    return lambda self, token: {"Authorization": "Bearer t", **headers}


def test_contact_company_deal_note_and_their_links_fit(hubspot, judge):
    judge.answers = {
        f"POST {OBJECTS}/contacts/batch/upsert": made(**{"north-1": "501"}),
        f"POST {OBJECTS}/companies/search": {
            "results": [{"id": "7", "properties": {"name": "ACME"}}]
        },
        "GET /crm/v3/pipelines/deals": {"results": []},
        f"POST {OBJECTS}/deals/batch/upsert": made(**{"north-1": "77"}),
        f"POST {OBJECTS}/notes/batch/upsert": made(**{"north-1": "88"}),
    }
    (outcome,) = hubspot.push([upsert_of(FULL, hubspot)])

    assert [each.path for each in judge.judged if each.status >= 400] == []
    assert [f"{each.method} {each.path}" for each in judge.judged] == [
        f"POST {OBJECTS}/contacts/batch/upsert",
        f"POST {OBJECTS}/companies/search",
        "GET /crm/v3/pipelines/deals",
        f"POST {OBJECTS}/deals/batch/upsert",
        f"POST {OBJECTS}/notes/batch/upsert",
        f"POST {LINKS}/companies/contacts/batch/associate/default",
        f"POST {LINKS}/deals/contacts/batch/associate/default",
        f"POST {LINKS}/deals/companies/batch/associate/default",
        f"POST {LINKS}/notes/contacts/batch/associate/default",
    ]
    assert {name: part.id for name, part in outcome.parts.items()} == {
        "company": "7",
        "deal": "77",
        "note": "88",
    }

    judge.judged.clear()  # nothing of it has changed since: the contact alone is told
    hubspot.push([upsert_of(FULL, hubspot, external_id="501", known=outcome.parts)])
    assert [each.path for each in judge.judged] == [f"{OBJECTS}/contacts/batch/upsert"]


@pytest.mark.parametrize("card", [BARE, ODD], ids=["bare", "odd"])
def test_whatever_a_lead_holds_fits(hubspot, judge, card):
    keys = {card.key: "1"}
    judge.answers = {
        f"POST {OBJECTS}/{kind}/batch/upsert": made(**keys) for kind in ("contacts", "notes")
    }
    hubspot.push([upsert_of(card, hubspot)])
    assert {each.status for each in judge.judged} == {200}


def test_a_company_nobody_has_is_made_with_a_key_of_ours(hubspot, judge):
    judge.answers = {
        f"POST {OBJECTS}/contacts/batch/upsert": made(**{"north-1": "501"}),
        f"POST {OBJECTS}/companies/search": {"results": []},
    }
    note = {"deal": Part("77", ""), "note": Part("88", "")}
    hubspot.push([upsert_of(FULL, hubspot, known=note)])
    by_path = {each.path: each.status for each in judge.judged}
    assert by_path[f"{OBJECTS}/companies/batch/upsert"] == 200


@pytest.mark.parametrize("kind", ["contacts", "companies", "deals", "notes"])
def test_the_properties_of_ours_fit(hubspot, judge, kind):
    fields = hubspot.fields if kind == "contacts" else ()
    asked = judge.taken(lambda: hubspot.wire.make_properties(kind, fields))
    ours = {one.name for one in fields if one.name.startswith("leadwire_")}
    group = [] if kind == "contacts" else [f"POST /crm/v3/properties/{kind}/groups"]
    assert asked == [*group, *[f"POST /crm/v3/properties/{kind}"] * (len(ours) + 1)]


def test_what_is_read_before_a_push_fits(hubspot, judge):
    records = [upsert_of(FULL, hubspot, external_id="501"), upsert_of(FULL, hubspot)]
    assert judge.taken(lambda: hubspot.read(records, ["leadwire_stage", "jobtitle"])) == (
        [f"POST {OBJECTS}/contacts/batch/read"] * 2
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, Rejected), (401, CredentialsRejected), (404, Rejected), (429, RateLimited)],
)
def test_prism_refuses_and_we_understand(hubspot, monkeypatch, status, expected):
    monkeypatch.setattr(type(hubspot.wire), "headers", told(Prefer=f"code={status}"))
    with pytest.raises(expected) as error:
        hubspot.push([upsert_of(BARE, hubspot)])
    assert hubspot.request_id_of(error.value) == "aeb5f871-7f07-4993-9211-075dc63e7cbf"


def test_prism_reports_a_conflict_and_we_ask_by_email(hubspot, monkeypatch):
    monkeypatch.setattr(type(hubspot.wire), "headers", told(Prefer="code=409"))
    (outcome,) = hubspot.push([upsert_of(FULL, hubspot)])
    assert (outcome.status, type(outcome.error)) == (409, Rejected)


def test_a_vendor_that_is_not_there_is_unavailable(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    provider = HubSpot({"token": "t", "base_url": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(Unavailable):
        provider.push([upsert_of(FULL, provider)])

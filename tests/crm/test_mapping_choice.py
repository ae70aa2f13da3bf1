"""Which of our fields goes into which of theirs: judged by the CRM's own description."""

import httpx
import pytest
from django.core.exceptions import ValidationError

from crm.mapping import misfit
from crm.providers.base import Property
from crm.services import (
    change_mapping,
    connect,
    mark_dirty,
    properties_of,
    push_due,
    rehearse,
)
from leads.services import correct_facts
from tests.factories import make_contact, make_lead

KINDS = {
    "hubspot": {"token": "pat"},
    "salesforce": {"client_id": "3MVG9", "client_secret": "s3cret"},
    "pipedrive": {"token": "pd"},
}


@pytest.fixture
def crm_of(north, simulator, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True

    def made(kind: str):
        where = {"base_url": f"{simulator.url}/{kind}"}
        if kind == "pipedrive":
            for name, type_, options in (
                (
                    "Temperature",
                    "enum",
                    [
                        {"id": 7, "label": "Hot"},
                        {"id": 8, "label": "Warm"},
                        {"id": 9, "label": "Cold"},
                    ],
                ),
                ("Points", "double", None),
                ("Is hot", "boolean", None),
                ("Since", "date", None),
            ):
                httpx.post(
                    f"{where['base_url']}/api/v2/personFields",
                    json={
                        "field_name": name,
                        "field_type": type_,
                        "options": options,
                        "is_custom_field": True,
                    },
                    headers={"x-api-token": "pd"},
                )
        return connect(kind=kind, name="", config={**KINDS[kind], **where})

    return made


def there(crm) -> dict[str, str]:
    return {row.label: row.name for row in properties_of(connection=crm)}


def chosen(crm, **targets: str) -> None:
    rows = [{"source": source, "target": name} for name, source in targets.items()]
    change_mapping(connection=crm, rows=rows, there=properties_of(connection=crm), actor="user:1")
    crm.refresh_from_db()


@pytest.fixture
def lead(north):
    lead = make_lead(contact=make_contact(name="Ada Byron", email="ada@acme.example"))
    return correct_facts(lead=lead, facts={"company": "Acme"}, actor="user:1")


@pytest.mark.parametrize(
    ("source", "type_", "choices", "fits"),
    [
        ("name", "text", (), True),
        ("score", "text", (), True),
        ("score", "number", (), True),
        ("name", "number", (), False),
        ("tier", "choice", ("Hot", "Warm", "Cold", "Dead"), True),
        ("tier", "choice", ("Hot",), False),
        ("fact:budget", "choice", ("High",), False),
        ("is_hot", "flag", (), True),
        ("is_hot", "text", (), False),
        ("created_at", "day", (), True),
        ("created_at", "moment", (), True),
        ("email", "email", (), True),
        ("name", "email", (), False),
        ("phone", "phone", (), True),
        ("email", "phone", (), False),
        ("fact:shoe_size", "text", (), False),
        ("name", "other", (), False),
    ],
)
def test_types_are_judged(source, type_, choices, fits):
    said = misfit(source, Property("x", "X", type_, type_, choices))
    assert (said == "") is fits, said


def test_a_mapping_of_salesforce_reaches_it_in_its_own_types(crm_of, lead, simulator):
    crm = crm_of("salesforce")
    chosen(
        crm,
        LastName="last_name",
        Company="fact:company",
        Rating="tier",
        DoNotCall="is_hot",
        AnnualRevenue="score",
        LastTransferDate="created_at",
    )
    mark_dirty(leads=[lead])
    push_due(connection=crm)
    (one,) = simulator.objects("salesforce:Lead")
    day = lead.created_at.date().isoformat()
    assert (one["Rating"], one["DoNotCall"], one["AnnualRevenue"]) == ("Cold", False, lead.score)
    assert (one["LastName"], one["LastTransferDate"]) == ("Byron", day)
    assert "Leadwire_Score__c" not in one


def test_options_of_pipedrive_are_sent_by_their_number(crm_of, lead, simulator):
    crm = crm_of("pipedrive")
    names = there(crm)
    targets = {names["Temperature"]: "tier", names["Points"]: "score", names["Since"]: "created_at"}
    chosen(crm, name="name", email="email", **targets)
    mark_dirty(leads=[lead])
    push_due(connection=crm)
    (person,) = simulator.objects("pipedrive:persons")
    assert person["custom_fields"][names["Temperature"]] == 9
    assert person["custom_fields"][names["Points"]] == lead.score


def test_each_wrong_row_says_why(crm_of):
    crm = crm_of("hubspot")
    rows = [
        {"source": "name", "target": "firstname"},
        {"source": "email", "target": "firstname"},
        {"source": "name", "target": "shoe_size"},
        {"source": "tier", "target": "hs_lead_status"},
        {"source": "score", "target": "city", "policy": "theirs"},
        {"source": "name", "target": "city", "policy": "loudest"},
        {"source": "owner", "target": "", "policy": "theirs"},
    ]
    with pytest.raises(ValidationError) as error:
        change_mapping(
            connection=crm, rows=rows, there=properties_of(connection=crm), actor="user:1"
        )
    assert set(error.value.message_dict) == {"1", "2", "3", "4", "5"}
    crm.refresh_from_db()
    assert crm.mapping == []


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_is_rehearsed_is_what_is_sent_and_nothing_is(crm_of, lead, simulator, kind):
    crm = crm_of(kind)
    before = len(simulator.journal())
    asked = rehearse(connection=crm, lead=lead)
    assert len(simulator.journal()) == before
    assert "s3cret" not in str(asked)

    mark_dirty(leads=[lead])
    push_due(connection=crm)
    sent = {
        (one["method"], one["path"])
        for one in simulator.journal()[before:]
        if one["vendor"] == kind
    }
    said = {(one.method, one.url.partition(f"/{kind}")[2].partition("?")[0]) for one in asked}
    if kind == "hubspot":  # its properties are made when it says that it has none
        sent = {each for each in sent if "/properties/" not in each[1]}
    if kind == "pipedrive":  # its ids are its own to give
        said, sent = (
            {each for each in some if "personFields" not in each[1]} for some in (said, sent)
        )
    assert said == sent


def test_a_webhook_is_rehearsed_too(north, settings, lead):
    crm = connect(kind="webhook", name="", config={"base_url": "https://crm.example/hook"})
    (asked,) = rehearse(connection=crm, lead=lead)
    assert (asked.url, asked.body["data"]["name"]) == ("https://crm.example/hook", "Ada Byron")

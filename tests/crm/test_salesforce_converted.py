"""A lead that people in Salesforce have converted: told through what became of it, and followed."""

import pytest
from django.utils import timezone

from crm.models import FieldLedger, SyncRecord
from crm.providers.salesforce import Salesforce
from crm.services import connect, mark_dirty, pull_changes, push_due
from leads.models import Lead
from leads.services import correct_facts, set_stage
from tests.crm.salesforce_org import Org
from tests.factories import make_contact, make_lead, make_user


@pytest.fixture
def crm(north, simulator, settings, monkeypatch):
    monkeypatch.setattr(Salesforce, "rate", (100, 1.0))  # no test waits for an allowance
    settings.ALLOW_PRIVATE_ADDRESSES = True  # the simulator listens on loopback
    config = {"client_id": "3MVG9", "client_secret": "s3cret"}
    config["base_url"] = f"{simulator.url}/salesforce"
    return connect(kind="salesforce", name="", config=config)


@pytest.fixture
def org(crm, simulator):
    return Org(simulator)


def pushed(crm, lead: Lead, stage: str = "") -> Lead:
    if stage:
        lead = set_stage(lead=lead, stage=stage, actor="user:1")
    mark_dirty(leads=[Lead.objects.get(pk=lead.pk)])
    SyncRecord.objects.update(next_attempt_at=timezone.now())
    push_due(connection=crm)
    return lead


@pytest.fixture
def lead(crm):
    lead = make_lead(contact=make_contact(name="Ada Byron", email="ada@acme.example"))
    return pushed(crm, lead, "contacted")


@pytest.fixture
def opportunity(org, lead, simulator):
    (there,) = simulator.objects("salesforce:Lead")
    return org.convert(there, stage="Needs Analysis")


def test_what_we_know_goes_on_reaching_it(crm, org, lead, opportunity, simulator):
    lead = correct_facts(lead=lead, facts={"budget": "900 EUR"}, actor="user:1")
    pushed(crm, lead)
    record = SyncRecord.objects.get()
    assert (record.state, record.error_code) == ("clean", "")
    # Where people have put it when they made it; none of ours says otherwise.
    assert org.deal()["StageName"] == "Needs Analysis"
    (task,) = simulator.objects("salesforce:Task")
    assert "Budget: 900 EUR" in task["Description"]
    assert set(FieldLedger.objects.get().parts) == {"company", "contact", "deal", "note"}

    for stage, there in (
        ("qualified", "Qualification"),
        ("proposal", "Proposal/Price Quote"),
        ("won", "Closed Won"),
    ):
        lead = pushed(crm, lead, stage)
        assert org.deal()["StageName"] == there
        assert SyncRecord.objects.get().state == "clean"
    assert len(simulator.objects("salesforce:Task")) == 1
    assert pull_changes(connection=crm) == 0  # our own push is no news


def test_a_note_that_was_deleted_is_made_anew_on_the_contact(crm, lead, opportunity, simulator):
    FieldLedger.objects.update(parts={})
    (task,) = simulator.objects("salesforce:Task")
    pushed(crm, correct_facts(lead=lead, facts={"budget": "900 EUR"}, actor="user:1"))
    (contact,) = simulator.objects("salesforce:Contact")
    fresh = [one for one in simulator.objects("salesforce:Task") if one["Id"] != task["Id"]]
    assert [one["WhoId"] for one in fresh] == [contact["Id"]]


@pytest.mark.parametrize(
    ("there", "ours"),
    [
        ("Proposal/Price Quote", "proposal"),
        ("Closed Won", "won"),
        ("Closed Lost", "lost"),
        ("Negotiation/Review", "contacted"),  # none of ours
    ],
)
def test_the_stage_of_the_opportunity_comes_home_and_does_not_go_back(
    crm, org, lead, opportunity, there, ours
):
    pushed(crm, lead)
    org.write("Opportunity", id=opportunity, StageName=there)
    assert pull_changes(connection=crm) == (ours != "contacted")
    lead.refresh_from_db()
    assert lead.stage == ours
    pushed(crm, lead)
    assert org.deal()["StageName"] == there
    assert pull_changes(connection=crm) == 0


def test_the_owner_of_the_opportunity_owns_the_lead_here(crm, org, lead, opportunity):
    owner = make_user(email="owner@salesforce.example")
    make_user(email="api@salesforce.example")
    pull_changes(connection=crm)
    assert Lead.objects.get().owner is None  # whoever made it owns it until somebody says otherwise
    org.write("Opportunity", id=opportunity, OwnerId="005B", Owner={"Email": owner.email})
    assert pull_changes(connection=crm) == 1
    assert Lead.objects.get().owner == owner

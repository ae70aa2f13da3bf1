"""Many records that people change in one and the same moment: none of them is left out."""

import httpx
import pytest
from django.utils import timezone

from crm.models import SyncRecord
from crm.providers.hubspot import batches
from crm.providers.salesforce import Salesforce
from crm.services import connect, mark_dirty, pull_changes, push_due
from leads.models import Lead
from tests.crm.salesforce_org import KEY, Org
from tests.factories import make_contact, make_lead

LATER = 4_070_908_800  # 2099


@pytest.fixture
def crm(north, request, simulator, settings, monkeypatch):
    settings.ALLOW_PRIVATE_ADDRESSES = True  # the simulator listens on loopback
    monkeypatch.setattr(Salesforce, "rate", (100, 1.0))
    config = {"client_id": "3MVG9", "client_secret": "s3cret", "token": "pat"}
    if request.param == "salesforce":
        config["base_url"] = f"{simulator.url}/salesforce"
    crm = connect(kind=request.param, name="", config=config)
    target = {"hubspot": "leadwire_stage", "salesforce": "Leadwire_Stage__c"}[crm.kind]
    email = {"hubspot": "email", "salesforce": "Email"}[crm.kind]
    crm.mapping = [
        {"target": email, "source": "email", "kind": "text", "policy": "ours"},
        {"target": target, "source": "stage", "kind": "text", "policy": "theirs"},
    ]
    crm.save()
    return crm


def pushed(crm, leads):
    mark_dirty(leads=leads)
    SyncRecord.objects.update(next_attempt_at=timezone.now())
    push_due(connection=crm)
    assert set(SyncRecord.objects.values_list("state", flat=True)) == {"clean"}


def proposed(crm, simulator):
    """People there move all of them to another stage, at once."""
    if crm.kind == "hubspot":
        root = f"{simulator.settings['HUBSPOT_API_URL']}/crm/v3/objects/contacts"
        change = {"properties": {"leadwire_stage": "proposal"}}
        for there in simulator.objects():
            to_us = {"authorization": "Bearer pat"}
            httpx.patch(f"{root}/{there['id']}", json=change, headers=to_us).raise_for_status()
        return
    org = Org(simulator)
    url = f"{org.root}/data/v64.0/composite/sobjects/Lead/{KEY}"
    records = [
        {KEY: there[KEY], "Leadwire_Stage__c": "proposal"}
        for there in simulator.objects("salesforce:Lead")
    ]
    httpx.patch(url, json={"records": records}, headers=org.headers)


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"], indirect=True)
def test_none_is_left_out(crm, simulator, monkeypatch):
    leads = [make_lead(contact=make_contact(email=f"p{n}@acme.example")) for n in range(5)]
    pushed(crm, leads)
    simulator.behave(crm.kind, clock=LATER)
    proposed(crm, simulator)
    monkeypatch.setattr(Salesforce, "batch_size", 2)
    monkeypatch.setattr(batches, "MOST", 2)

    assert pull_changes(connection=crm) == len(leads)
    assert set(Lead.objects.values_list("stage", flat=True)) == {"proposal"}

"""The whole way to a CRM, over real HTTP, with the platform simulator as the vendor."""

import pytest
from django.utils import timezone

from crm.mapping import SHAPES
from crm.models import SyncRecord
from crm.services import connect, mark_dirty, push_due, sweep
from leads.services import apply_understanding, set_stage
from tests.factories import make_contact, make_lead, make_message

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
State = SyncRecord.State


@pytest.fixture
def hubspot(north, simulator):
    return connect(kind="hubspot", name="", config={"token": "pat"})


def states():
    return set(SyncRecord.objects.values_list("state", flat=True))


def test_leads_reach_hubspot_once_each(hubspot, simulator):
    leads = [make_lead(contact=make_contact(name=f"Ada {n}")) for n in range(5)]
    mark_dirty(leads=leads)
    push_due(connection=hubspot)
    assert states() == {State.CLEAN}
    assert {one["writes"] for one in simulator.objects()} == {1}
    assert set(sweep().values()) == {0}
    assert push_due(connection=hubspot).synced == 0


def test_a_worker_killed_after_the_push_makes_no_second_contact(hubspot, simulator):
    mark_dirty(leads=[make_lead()])
    push_due(connection=hubspot)
    # What the dead worker left behind: pushed, and nothing written down.
    SyncRecord.objects.update(
        state=State.DIRTY, synced_version=0, external_id="", next_attempt_at=timezone.now()
    )
    push_due(connection=hubspot)
    assert len(simulator.objects()) == 1
    assert states() == {State.CLEAN}


def test_a_contact_hubspot_knew_before_us_becomes_ours(hubspot, simulator):
    first, second = (make_lead(contact=make_contact(email="ada@acme.example")) for _ in range(2))
    mark_dirty(leads=[first])
    push_due(connection=hubspot)
    mark_dirty(leads=[second])
    push_due(connection=hubspot)
    (contact,) = simulator.objects()
    assert contact["properties"]["leadwire_id"] == f"north-{second.pk}"
    assert set(SyncRecord.objects.values_list("external_id", flat=True)) == {contact["id"]}


def test_one_refused_record_of_a_batch_leaves_the_others(hubspot, simulator, monkeypatch):
    monkeypatch.setitem(SHAPES, "email", lambda value, _: value)
    good = make_lead()
    bad = make_lead(contact=make_contact(email="no address"))
    mark_dirty(leads=[good, bad])
    push_due(connection=hubspot)
    assert SyncRecord.objects.get(lead=good).state == State.CLEAN
    assert SyncRecord.objects.get(lead=bad).state == State.DEAD


def test_hubspot_down_and_up_again(hubspot, simulator):
    lead = make_lead()
    mark_dirty(leads=[lead])
    simulator.fail("hubspot", status=503)
    push_due(connection=hubspot)
    assert states() == {State.FAILED}
    mark_dirty(leads=[set_stage(lead=lead, stage="won", actor="user:1")])
    SyncRecord.objects.update(next_attempt_at=timezone.now())
    push_due(connection=hubspot)
    (contact,) = simulator.objects()
    assert (contact["properties"]["leadwire_stage"], contact["writes"]) == ("won", 1)


def test_a_message_becomes_a_delivery_with_its_reasons(north, simulator, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True  # the simulator lives on loopback
    simulator.account("custom", "crm", secret=SECRET)
    webhook = connect(
        kind="webhook",
        name="n8n",
        config={"base_url": simulator.hook_url("crm"), "secret": SECRET},
    )
    message = make_message(text="I want to buy for 900 euros")
    lead = apply_understanding(
        conversation=message.conversation,
        message=message,
        facts={"budget": "900 euros"},
        intent="sales",
    )
    assert lead is not None
    mark_dirty(leads=[lead])
    push_due(connection=webhook)
    (delivery,) = simulator.journal(kind="hook")
    assert delivery["verified"] is True
    assert states() == {State.CLEAN}


def test_a_company_cannot_reach_our_own_network(north, simulator):
    webhook = connect(
        kind="webhook",
        name="",
        config={"base_url": simulator.hook_url("crm").replace("127.0.0.1", "127.0.0.2")},
    )
    mark_dirty(leads=[make_lead()])
    push_due(connection=webhook)
    webhook.refresh_from_db()
    assert (webhook.health, states()) == ("reconnect", {State.DIRTY})
    assert "not public" in webhook.health_text
    assert simulator.journal(kind="hook") == []

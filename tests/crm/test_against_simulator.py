"""The whole way to a CRM, over real HTTP, with the platform simulator as the vendor."""

import httpx
import pytest
from django.utils import timezone

from crm.mapping import SHAPES
from crm.models import FieldLedger, SyncRecord
from crm.providers.pipedrive import Pipedrive
from crm.services import connect, mark_dirty, push_due, reconnect, sweep
from leads.services import apply_understanding, correct_facts, set_stage
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


BESIDE = ("companies", "deals", "notes")


def beside(simulator):
    """How many of each, and each link there is."""
    links = {(one["from"], one["to"]) for one in simulator.objects("hubspot:associations")}
    return [len(simulator.objects(kind)) for kind in BESIDE], links


def buyer(**facts):
    lead = make_lead(contact=make_contact(name="Ada Byron"), stage="qualified")
    return correct_facts(lead=lead, facts={"company": "Acme", **facts}, actor="user:1")


class TestBesideTheContact:
    """Company, deal and note: made once, linked, and told only what changed."""

    def test_all_of_it_arrives_linked_and_once(self, hubspot, simulator):
        mark_dirty(leads=[buyer(interest="two rooms"), buyer()])
        push_due(connection=hubspot)
        assert states() == {State.CLEAN}
        counts, links = beside(simulator)
        assert counts == [1, 2, 2]  # both work for one company
        (company,) = simulator.objects("companies")
        contacts = [f"contacts/{one['id']}" for one in simulator.objects()]
        assert {(f"companies/{company['id']}", one) for one in contacts} < links
        assert len(links) == 2 + 2 + 2 + 2  # company, deal, deal and company, note
        deals = simulator.objects("deals")
        assert {one["properties"]["dealstage"] for one in deals} == {"qualifiedtobuy"}
        assert "Ada Byron: two rooms" in {one["properties"]["dealname"] for one in deals}

        # What the dead worker left behind: pushed, and nothing written down.
        FieldLedger.objects.all().delete()
        SyncRecord.objects.update(
            state=State.DIRTY, synced_version=0, external_id="", next_attempt_at=timezone.now()
        )
        push_due(connection=hubspot)
        assert beside(simulator) == (counts, links)

    @pytest.mark.parametrize(
        "where",
        [
            *(f"objects/{kind}/batch/upsert" for kind in ("contacts", *BESIDE)),
            "associations/companies/contacts",
            "associations/notes/contacts",
        ],
    )
    def test_an_answer_lost_anywhere_makes_nothing_twice(self, hubspot, simulator, where):
        mark_dirty(leads=[buyer()])
        simulator.fail("hubspot", kind="drop", match=where)
        push_due(connection=hubspot)
        assert states() == {State.FAILED}
        SyncRecord.objects.update(next_attempt_at=timezone.now())
        push_due(connection=hubspot)
        assert states() == {State.CLEAN}
        assert len(simulator.objects()) == 1
        counts, links = beside(simulator)
        assert (counts, len(links)) == ([1, 1, 1], 4)

    def test_people_move_a_deal_and_we_close_it(self, hubspot, simulator):
        lead = buyer()
        mark_dirty(leads=[lead])
        push_due(connection=hubspot)
        for stage, there in (("proposal", "qualifiedtobuy"), ("won", "closedwon")):
            lead = set_stage(lead=lead, stage=stage, actor="user:1")
            mark_dirty(leads=[lead])
            push_due(connection=hubspot)
            (deal,) = simulator.objects("deals")
            assert deal["properties"]["dealstage"] == there
        (note,) = simulator.objects("notes")
        assert "Stage: won" in note["properties"]["hs_note_body"]

    def test_a_company_of_theirs_is_linked_and_left_as_it_is(self, hubspot, simulator):
        theirs = {"properties": {"name": "ACME", "city": "Oslo"}}
        where = f"{simulator.settings['HUBSPOT_API_URL']}/crm/v3/objects/companies"
        httpx.post(where, json=theirs, headers={"authorization": "Bearer pat"})
        mark_dirty(leads=[buyer()])
        push_due(connection=hubspot)
        (company,) = simulator.objects("companies")
        assert (company["properties"], company["writes"]) == (theirs["properties"], 1)

    def test_a_company_may_want_none_of_it(self, hubspot, simulator):
        reconnect(connection=hubspot, config={"beside": "nothing"})
        mark_dirty(leads=[buyer()])
        push_due(connection=hubspot)
        assert beside(simulator) == ([0, 0, 0], set())


# What the documentation says of each refusal: where the record ends, and how the CRM stands.
REFUSALS = {
    400: ("dead", "ok"),
    401: ("dirty", "reconnect"),
    404: ("dead", "ok"),
    409: ("dead", "ok"),
    429: ("dirty", "trouble"),
}


@pytest.mark.parametrize("status", list(REFUSALS))
@pytest.mark.parametrize("kind", ["contacts", *BESIDE])
def test_each_refusal_of_hubspot_ends_where_it_is_documented(hubspot, simulator, kind, status):
    mark_dirty(leads=[buyer()])
    simulator.fail("hubspot", match=f"objects/{kind}/batch/upsert", status=status)
    push_due(connection=hubspot)
    hubspot.refresh_from_db()
    assert (SyncRecord.objects.get().state, hubspot.health) == REFUSALS[status]


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


@pytest.fixture
def unhurried(monkeypatch, simulator):
    """Pipedrive's smallest plan takes two leads in three seconds; no test waits for that."""
    simulator.behave("pipedrive", limits=False)
    monkeypatch.setattr(Pipedrive, "rate", (100, 1.0))


class TestOtherCrms:
    """Salesforce upserts by our key; Pipedrive is searched first. Neither gets anything twice."""

    KINDS = {
        "salesforce": ("salesforce:Lead", {"client_id": "3MVG9", "client_secret": "s3cret"}),
        "pipedrive": ("pipedrive:persons", {"token": "pd"}),
    }

    @pytest.fixture(params=list(KINDS))
    def kind(self, request):
        return request.param

    @pytest.fixture
    def crm(self, kind, north, simulator, settings, unhurried):
        settings.ALLOW_PRIVATE_ADDRESSES = True  # the simulator listens on loopback
        where = {"base_url": f"{simulator.url}/{kind}"}
        return connect(kind=kind, name="", config={**self.KINDS[kind][1], **where})

    @pytest.fixture
    def there(self, kind, simulator):
        return lambda: simulator.objects(self.KINDS[kind][0])

    def test_leads_arrive_once_each(self, crm, there):
        leads = [
            make_lead(contact=make_contact(name="Ada Byron", email="ada@acme.example")),
            make_lead(contact=make_contact(name="")),  # nothing but our key
        ]
        mark_dirty(leads=leads)
        push_due(connection=crm)
        assert states() == {State.CLEAN}
        assert len(there()) == 2
        assert push_due(connection=crm).synced == 0

    def test_a_worker_killed_after_the_push_makes_nothing_twice(self, crm, kind, there, simulator):
        mark_dirty(leads=[make_lead(contact=make_contact(email="ada@acme.example"))])
        push_due(connection=crm)
        # What the dead worker left behind: pushed, and nothing written down.
        SyncRecord.objects.update(
            state=State.DIRTY, synced_version=0, external_id="", next_attempt_at=timezone.now()
        )
        push_due(connection=crm)
        assert states() == {State.CLEAN}
        assert len(there()) == 1
        if kind == "pipedrive":
            counts = {each: len(simulator.objects(f"pipedrive:{each}")) for each in PIPEDRIVE}
            assert counts == {"leads": 1, "notes": 1, "personFields": 1}
        else:
            (task,) = simulator.objects("salesforce:Task")
            assert task["WhoId"] == there()[0]["Id"]

    def test_an_answer_lost_half_way_makes_nothing_twice(self, crm, kind, there, simulator):
        half = {"salesforce": "composite/sobjects", "pipedrive": "v1/leads"}[kind]
        mark_dirty(leads=[make_lead(contact=make_contact(email="ada@acme.example"))])
        simulator.fail(kind, kind="drop", match=half)
        for _ in range(2):
            SyncRecord.objects.update(next_attempt_at=timezone.now())
            push_due(connection=crm)
        assert states() == {State.CLEAN}
        assert len(there()) == 1
        beside_it = {"salesforce": ["Task"], "pipedrive": ["leads", "notes"]}[kind]
        assert [len(simulator.objects(f"{kind}:{each}")) for each in beside_it] == (
            [1] * len(beside_it)
        )

    def test_a_change_reaches_the_same_record(self, crm, kind, there, simulator):
        lead = make_lead(contact=make_contact(email="ada@acme.example"))
        mark_dirty(leads=[lead])
        push_due(connection=crm)
        known = SyncRecord.objects.get().external_id
        mark_dirty(leads=[set_stage(lead=lead, stage="won", actor="user:1")])
        push_due(connection=crm)
        assert SyncRecord.objects.get().external_id == known
        (one,) = there()
        if kind == "pipedrive":
            (note,) = simulator.objects("pipedrive:notes")
            assert "<b>Stage</b>: won" in note["content"]
        else:
            assert (one["Leadwire_Stage__c"], one["writes"]) == ("won", 2)
            (task,) = simulator.objects("salesforce:Task")
            assert "Stage: won" in task["Description"]

    @pytest.mark.parametrize(
        ("status", "state", "health"),
        [(503, "failed", "trouble"), *((status, *ends) for status, ends in REFUSALS.items())],
    )
    def test_trouble_there_and_over_again(self, crm, kind, there, simulator, status, state, health):
        mark_dirty(leads=[make_lead()])
        where = {"salesforce": "composite", "pipedrive": "persons"}[kind]
        simulator.fail(kind, match=where, status=status, count=2)
        push_due(connection=crm)
        crm.refresh_from_db()
        assert (SyncRecord.objects.get().state, crm.health) == (state, health)
        assert there() == []


PIPEDRIVE = ("leads", "notes", "personFields")


def test_somebody_pipedrive_knew_keeps_what_people_typed(north, simulator, settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    where = f"{simulator.url}/pipedrive"
    theirs = {"name": "A. Byron (VIP)", "emails": [{"value": "ada@acme.example", "label": "home"}]}
    httpx.post(f"{where}/api/v2/persons", json=theirs, headers={"x-api-token": "pd"})
    crm = connect(kind="pipedrive", name="", config={"token": "pd", "base_url": where})
    contact = make_contact(name="Ada", email="Ada@acme.example", phone="+34 600 000 000")
    mark_dirty(leads=[make_lead(contact=contact)])
    push_due(connection=crm)
    (person,) = simulator.objects("pipedrive:persons")
    assert person["name"] == "A. Byron (VIP)"
    assert person["emails"] == theirs["emails"]
    assert [each["value"] for each in person["phones"]] == ["+34 600 000 000"]


def test_a_person_deleted_in_pipedrive_is_made_anew(north, simulator, settings, unhurried):
    settings.ALLOW_PRIVATE_ADDRESSES = True
    where = f"{simulator.url}/pipedrive"
    crm = connect(kind="pipedrive", name="", config={"token": "pd", "base_url": where})
    lead = make_lead(contact=make_contact(email="ada@acme.example"))
    mark_dirty(leads=[lead])
    push_due(connection=crm)
    (person,) = simulator.objects("pipedrive:persons")
    httpx.delete(f"{where}/api/v2/persons/{person['id']}", headers={"x-api-token": "pd"})
    mark_dirty(leads=[set_stage(lead=lead, stage="won", actor="user:1")])
    push_due(connection=crm)
    (again,) = simulator.objects("pipedrive:persons")
    assert again["id"] != person["id"]
    assert states() == {State.CLEAN}

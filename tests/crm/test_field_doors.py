"""Fields, conflicts, rehearsals and leads from before: on the pages and over the API."""

import pytest

from crm.models import Backfill, FieldConflict, SyncRecord
from crm.services import connect, mark_dirty, push_due
from leads.services import correct_facts
from tenants import context
from tests.factories import make_contact, make_crm, make_lead


@pytest.fixture
def hubspot(north, simulator):
    return connect(kind="hubspot", name="HubSpot", config={"token": "pat"})


@pytest.fixture
def admin(client, people):
    client.force_login(people["admin"])
    return client


@pytest.fixture
def lead(hubspot):
    lead = make_lead(contact=make_contact(name="Ada Byron", email="ada@acme.example"))
    return correct_facts(lead=lead, facts={"role": "Owner"}, actor="user:1")


def conflict_of(record: SyncRecord) -> FieldConflict:
    return FieldConflict.objects.create(
        record=record, field="jobtitle", source="fact:role", ours="Owner", theirs="CTO"
    )


def call(client, address, body=None):
    path = f"/api/v1/{address}"
    answer = client.get(path) if body is None else client.post(path, body, "application/json")
    return answer.status_code, answer.json()


class TestPages:
    def test_a_mapping_is_chosen_from_the_crms_own_names(self, admin, hubspot, lead):
        page = admin.get(f"/crm/{hubspot.pk}/").content.decode()
        assert 'value="jobtitle"' in page
        names = admin.get(f"/crm/{hubspot.pk}/there/").content.decode()
        assert '<option value="hs_lead_status">' in names
        rows = {
            "source": ["fact:role", "name", ""],
            "target": ["jobtitle", "hs_lead_status", ""],
            "policy": ["ask", "ours", "ours"],
        }
        refused = admin.post(f"/crm/{hubspot.pk}/fields/", rows)
        assert refused.status_code == 422
        assert "takes one of several" in refused.content.decode()
        rows["target"][1] = "city"
        assert admin.post(f"/crm/{hubspot.pk}/fields/", rows).status_code == 302
        hubspot.refresh_from_db()
        chosen = [(row["source"], row["target"], row["policy"]) for row in hubspot.mapping]
        assert chosen == [("fact:role", "jobtitle", "ask"), ("name", "city", "ours")]
        admin.post(f"/crm/{hubspot.pk}/fields/", {"as_it_came": "1"})
        hubspot.refresh_from_db()
        assert hubspot.mapping == []

    def test_what_would_be_sent_is_shown(self, admin, hubspot, lead, simulator):
        page = admin.get(f"/crm/{hubspot.pk}/?lead={lead.pk}").content.decode()
        assert "/crm/v3/objects/contacts/batch/upsert" in page
        assert "ada@acme.example" in page
        assert "Bearer" not in page
        assert simulator.objects() == []

    def test_leads_from_before_are_brought_in_and_stopped(self, admin, hubspot, lead):
        SyncRecord.objects.all().delete()
        admin.post(f"/crm/{hubspot.pk}/leads/", {"tiers": ["hot"]})
        assert Backfill.objects.first().total == 0
        admin.post(f"/crm/{hubspot.pk}/leads/", {})
        assert SyncRecord.objects.count() == 1
        admin.post(f"/crm/{hubspot.pk}/leads/", {"cancel": "1"})
        assert SyncRecord.objects.count() == 0
        assert "Canceled" in admin.get(f"/crm/{hubspot.pk}/").content.decode()

    def test_an_agent_decides_and_sees_both_sides(self, sign_in, hubspot, lead):
        mark_dirty(leads=[lead])
        push_due(connection=hubspot)
        conflict = conflict_of(SyncRecord.objects.get())
        agent = sign_in("agent")
        assert "CTO" in agent.get("/crm/conflicts/").content.decode()
        agent.post(f"/crm/conflicts/{conflict.pk}/", {"winner": "theirs"})
        conflict.refresh_from_db()
        assert conflict.state == "theirs"
        page = agent.get(f"/crm/records/{conflict.record_id}/").content.decode()
        assert "jobtitle" in page
        assert "CTO" in page


class TestApi:
    def test_mapping_properties_and_rehearsal(self, admin, hubspot, lead):
        at = f"crm-connections/{hubspot.pk}/"
        status, found = call(admin, f"{at}properties/")
        assert (status, "jobtitle" in {one["name"] for one in found}) == (200, True)
        rows = [{"source": "fact:role", "target": "jobtitle", "policy": "theirs"}]
        status, answer = call(admin, f"{at}map/", {"rows": rows})
        assert (status, answer["rows"][0]) == (200, rows[0])
        assert call(admin, f"{at}mapping/")[1] == answer
        wrong = [{"source": "name", "target": "hs_lead_status"}]
        assert call(admin, f"{at}map/", {"rows": wrong})[0] == 400
        status, asked = call(admin, f"{at}rehearse/", {"lead": lead.pk})
        assert status == 200
        assert asked[0]["body"]["inputs"][0]["properties"]["jobtitle"] == "Owner"

    def test_a_crm_that_is_silent_is_said_to_be(self, admin, hubspot, simulator):
        simulator.fail("hubspot", status=503)
        status, answer = call(admin, f"crm-connections/{hubspot.pk}/properties/")
        assert (status, answer["errors"][0]["attr"]) == (400, "connection")

    def test_orders_conflicts_and_both_sides(self, admin, hubspot, lead):
        at = f"crm-connections/{hubspot.pk}/"
        status, order = call(admin, f"{at}backfill/", {"again": True, "stages": ["new"]})
        assert (status, order["state"], order["lined_up"]) == (201, "done", 1)
        push_due(connection=hubspot)
        assert call(admin, f"{at}backfills/")[1][0]["arrived"] == 1
        assert call(admin, f"{at}cancel_backfill/", {})[1][0]["state"] == "done"

        record = SyncRecord.objects.get()
        conflict = conflict_of(record)
        (listed,) = call(admin, "crm-conflicts/?state=open")[1]["results"]
        assert (listed["lead"], listed["ours"], listed["theirs"]) == (lead.pk, "Owner", "CTO")
        where = f"crm-conflicts/{conflict.pk}/decide/"
        assert call(admin, where, {"winner": "both"})[0] == 400
        assert call(admin, where, {"winner": "ours"})[1]["state"] == "ours"
        fields = {one["field"]: one for one in call(admin, f"sync-records/{record.pk}/fields/")[1]}
        assert (fields["jobtitle"]["synced"], fields["jobtitle"]["winner"]) == ("CTO", "ours")
        push_due(connection=hubspot)
        assert call(admin, f"sync-records/{record.pk}/resend/", {})[1]["state"] == "dirty"


def test_nothing_of_this_is_seen_by_another_company(admin, north, south):
    with context.inside(south):
        crm = make_crm()
        conflict = conflict_of(SyncRecord.objects.create(connection=crm, lead=make_lead()))
    for address in (
        f"/crm/{crm.pk}/",
        f"/crm/records/{conflict.record_id}/",
        f"/api/v1/crm-conflicts/{conflict.pk}/",
        f"/api/v1/sync-records/{conflict.record_id}/fields/",
    ):
        assert admin.get(address).status_code == 404
    assert admin.post(f"/crm/conflicts/{conflict.pk}/", {"winner": "ours"}).status_code == 404

"""A lead of the Leads Inbox becomes a deal, and what people do with that comes home."""

import httpx
import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.deals import OPEN, chosen_stages, places
from crm.models import FieldLedger, SyncRecord
from crm.providers.pipedrive import Pipedrive
from crm.services import connect, mark_dirty, pull_changes, push_due, reconnect, rehearse
from leads.models import Lead
from leads.services import correct_facts, set_stage
from tests.factories import make_contact, make_lead, make_user

State = SyncRecord.State
THEIRS = [(1, "Qualified"), (2, "Contact Made"), (3, "Demo"), (4, "Proposal Made"), (5, "Talks")]


@pytest.fixture
def crm(north, simulator, settings, monkeypatch):
    settings.ALLOW_PRIVATE_ADDRESSES = True  # the simulator listens on loopback
    monkeypatch.setattr(Pipedrive, "rate", (100, 1.0))  # no test waits for the smallest plan
    simulator.behave("pipedrive", limits=False)
    config = {"token": "pd", "base_url": f"{simulator.url}/pipedrive"}
    return connect(kind="pipedrive", name="", config=config)


@pytest.fixture
def there(simulator):
    """``there("deals")``: what the account holds."""
    return lambda kind: simulator.objects(f"pipedrive:{kind}")


@pytest.fixture
def change(simulator):
    """``change("deals", deal, status="won")``: somebody there does that."""

    def changed(kind: str, one: dict, **values) -> None:
        version = "v1" if kind == "leads" else "api/v2"
        url = f"{simulator.url}/pipedrive/{version}/{kind}/{one['id']}"
        httpx.patch(url, json=values, headers={"x-api-token": "pd"}).raise_for_status()

    return changed


def buyer() -> Lead:
    lead = make_lead(contact=make_contact(name="Ada", email="ada@acme.example"))
    return correct_facts(lead=lead, facts={"company": "Acme"}, actor="user:1")


def pushed(crm, lead: Lead, stage: str = "") -> Lead:
    if stage:
        lead = set_stage(lead=lead, stage=stage, actor="user:1")
    mark_dirty(leads=[Lead.objects.get(pk=lead.pk)])
    SyncRecord.objects.update(next_attempt_at=timezone.now())
    push_due(connection=crm)
    return lead


def test_a_lead_that_is_qualified_becomes_a_deal_with_all_that_hangs_on_it(crm, there):
    lead = pushed(crm, buyer())
    (waiting,) = there("leads")
    assert there("deals") == []

    lead = pushed(crm, lead, "qualified")
    ((deal,), (note,), (person,)) = there("deals"), there("notes"), there("persons")
    assert there("leads") == []
    assert (deal["source_lead_id"], deal["person_id"], deal["org_id"]) == (
        waiting["id"],
        person["id"],
        waiting["organization_id"],
    )
    assert (deal["status"], deal["stage_id"], note["deal_id"]) == ("open", 1, deal["id"])
    assert deal["custom_fields"] == {there("dealFields")[0]["field_code"]: f"north-{lead.pk}"}
    assert set(FieldLedger.objects.get().parts) == {"deal", "company"}

    for stage, place in (
        ("proposal", ("open", 4)),
        ("won", ("won", 4)),
        ("contacted", ("open", 4)),
    ):
        lead = pushed(crm, lead, stage)
        (deal,) = there("deals")
        assert (deal["status"], deal["stage_id"]) == place
    assert "<b>Stage</b>: contacted" in there("notes")[0]["content"]
    assert (len(there("deals")), len(there("notes")), len(there("leads"))) == (1, 1, 0)


@pytest.mark.parametrize(
    ("beside", "stage", "expected"),
    [
        ("always", "", (0, 1)),
        ("always", "lost", (0, 1)),
        ("qualified", "lost", (1, 0)),
        ("never", "won", (1, 0)),
    ],
)
def test_a_company_says_from_when_on_there_are_deals(crm, there, beside, stage, expected):
    reconnect(connection=crm, config={"beside": beside})
    lead = pushed(crm, buyer())
    pushed(crm, lead, stage)
    assert (len(there("leads")), len(there("deals"))) == expected


@pytest.mark.parametrize(
    "where", ["convert/deal", "convert/status", "v2/deals", "dealFields", "v1/notes", "pipelines"]
)
@pytest.mark.parametrize("beside", ["qualified", "always"])
def test_an_answer_lost_anywhere_makes_no_second_deal(crm, there, simulator, where, beside):
    reconnect(connection=crm, config={"beside": beside})
    lead = buyer()
    if beside == "qualified":
        lead = pushed(crm, lead)
    simulator.fail("pipedrive", kind="drop", match=where)
    lead = pushed(crm, lead, "qualified")
    pushed(crm, lead)
    assert SyncRecord.objects.get().state == State.CLEAN
    ((deal,), (note,)) = there("deals"), there("notes")
    assert (there("leads"), note["deal_id"], len(there("dealFields"))) == ([], deal["id"], 1)


@pytest.mark.parametrize(
    ("status", "state", "health"),
    [
        (400, "dead", "ok"),
        (401, "dirty", "reconnect"),
        (404, "clean", "ok"),  # the lead is gone: the deal is made by itself
        (409, "failed", "trouble"),  # it is being converted already
        (429, "dirty", "trouble"),
    ],
)
def test_each_refusal_of_a_conversion_ends_where_it_is_documented(
    crm, there, simulator, status, state, health
):
    lead = pushed(crm, buyer())
    simulator.fail("pipedrive", match="convert/deal", status=status)
    pushed(crm, lead, "qualified")
    crm.refresh_from_db()
    assert (SyncRecord.objects.get().state, crm.health) == (state, health)
    assert len(there("deals")) == (state == "clean")


def test_a_worker_killed_after_the_push_makes_no_second_deal(crm, there):
    lead = pushed(crm, pushed(crm, buyer()), "qualified")
    # What the dead worker left behind: pushed, and nothing written down.
    FieldLedger.objects.all().delete()
    SyncRecord.objects.update(external_id="", synced_version=0)
    pushed(crm, lead)
    assert SyncRecord.objects.get().state == State.CLEAN
    assert [len(there(kind)) for kind in ("persons", "leads", "deals", "notes")] == [1, 0, 1, 1]


def test_a_deal_somebody_deleted_is_made_anew_once_it_is_told_of_again(crm, there, simulator):
    lead = pushed(crm, pushed(crm, buyer()), "qualified")
    (deal,) = there("deals")
    url = f"{simulator.url}/pipedrive/api/v2/deals/{deal['id']}"
    httpx.delete(url, headers={"x-api-token": "pd"})
    pushed(crm, lead, "proposal")
    (again,) = there("deals")
    assert (again["id"] != deal["id"], again["stage_id"]) == (True, 4)
    assert SyncRecord.objects.get().state == State.CLEAN


class TestPullingBack:
    """Stage and owner, as people there set them: of a deal, and of a lead."""

    @pytest.mark.parametrize(
        ("theirs", "ours"),
        [
            ({"status": "won"}, "won"),
            ({"status": "lost"}, "lost"),
            ({"stage_id": 4}, "proposal"),
            ({"stage_id": 3}, "qualified"),  # a place that is none of ours changes nothing
        ],
    )
    def test_a_deal_that_people_move_moves_the_lead_and_is_left_alone(
        self, crm, there, change, theirs, ours
    ):
        lead = pushed(crm, pushed(crm, buyer()), "qualified")
        (deal,) = there("deals")
        change("deals", deal, **theirs)
        assert pull_changes(connection=crm) == (ours != "qualified")
        lead.refresh_from_db()
        assert lead.stage == ours
        pushed(crm, lead)
        pushed(crm, lead)
        (deal,) = there("deals")
        assert {name: deal[name] for name in theirs} == theirs
        assert pull_changes(connection=crm) == 0

    def test_a_lead_that_people_convert_is_followed(self, crm, there, simulator):
        lead = pushed(crm, buyer())
        (waiting,) = there("leads")
        url = f"{simulator.url}/pipedrive/api/v2/leads/{waiting['id']}/convert/deal"
        httpx.post(url, json={"stage_id": 4}, headers={"x-api-token": "pd"})
        assert pull_changes(connection=crm) == 1
        lead.refresh_from_db()
        assert lead.stage == "proposal"
        pushed(crm, lead)
        assert [len(there(kind)) for kind in ("leads", "deals", "notes")] == [0, 1, 1]

    @pytest.mark.parametrize("kind", ["leads", "deals"])
    def test_whoever_it_is_given_to_owns_it_here(self, crm, there, change, kind):
        owner, maker = (
            make_user(email="owner@pipedrive.example"),
            make_user(email="api@pipedrive.example"),
        )
        lead = pushed(crm, buyer())
        if kind == "deals":
            lead = pushed(crm, lead, "qualified")
        assert pull_changes(connection=crm) == 0  # whose token it is owns what it makes
        change(kind, there(kind)[0], owner_id=2)
        assert pull_changes(connection=crm) == 1
        lead.refresh_from_db()
        assert (lead.owner, maker.pk != owner.pk) == (owner, True)
        assert pull_changes(connection=crm) == 0

    def test_another_deal_of_the_same_person_says_nothing(self, crm, there, simulator):
        lead = pushed(crm, pushed(crm, buyer()), "qualified")
        (person,) = there("persons")
        for more in ({}, {"source_lead_id": "5f0cd4a4-0000-4000-8000-000000000000"}):
            body = {"title": "Bikes", "person_id": person["id"], "status": "lost", **more}
            url = f"{simulator.url}/pipedrive/api/v2/deals"
            httpx.post(url, json=body, headers={"x-api-token": "pd"})
        assert pull_changes(connection=crm) == 0
        lead.refresh_from_db()
        assert lead.stage == "qualified"


class TestPlaces:
    """Which of their stages is which of ours."""

    def test_by_name_then_by_order_then_as_the_company_says(self):
        usual = places(THEIRS, chosen={}, stages=OPEN).ids
        assert usual == {"new": 1, "contacted": 2, "qualified": 1, "proposal": 4}
        nameless = places([(7, "A"), (8, "B"), (9, "C")], chosen={}, stages=OPEN).ids
        assert nameless == {"new": 7, "contacted": 7, "qualified": 8, "proposal": 9}
        chosen = places(THEIRS, chosen={"qualified": "demo", "new": "Gone"}, stages=OPEN).ids
        assert (chosen["qualified"], chosen["new"]) == (3, 1)
        assert places([], chosen={}, stages=OPEN).ids == {}

    def test_a_place_of_two_of_ours_does_not_say_which(self):
        there = places(THEIRS, chosen={}, stages=OPEN)
        assert [there.stage_of(number) for number, _name in THEIRS] == [
            *("", "contacted", "", "proposal", "")
        ]

    def test_what_is_typed_is_understood_or_refused(self, crm):
        assert chosen_stages("qualified = Demo = 1\n\n proposal=Talks ") == {
            "qualified": "Demo = 1",
            "proposal": "Talks",
        }
        for wrong in ("won = Talks", "qualified", "qualified ="):
            with pytest.raises(ValidationError):
                reconnect(connection=crm, config={"stages": wrong})


def test_a_rehearsed_push_makes_a_deal_of_the_lead_and_nothing_is_sent(crm, there):
    lead = set_stage(lead=buyer(), stage="qualified", actor="user:1")
    asked = [
        f"{each.method} {each.url.partition('/pipedrive')[2]}"
        for each in rehearse(connection=crm, lead=lead)
    ]
    assert "POST /api/v2/deals" in asked
    assert there("persons") == []

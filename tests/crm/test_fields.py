"""What both sides have in each field, who wins, and what waits for a person."""

from datetime import timedelta

import httpx
import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.ledger import Entry, Policy, Verdict, judge
from crm.models import FieldConflict, FieldLedger, SyncRecord
from crm.services import connect, decide_conflict, mark_dirty, pull_changes, push_due
from leads.models import Lead
from leads.services import correct_facts, set_stage
from tests.factories import make_contact, make_lead, make_user

NOW = timezone.now()
AGREED = Entry(source="fact:role", ours="CEO", theirs="CEO", synced="CEO")
EARLIER, LATER = NOW - timedelta(minutes=2), NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("entry", "ours", "theirs", "policy", "verdict"),
    [
        (AGREED, "CEO", "CEO", Policy.ASK, Verdict.SAME),
        (AGREED, "CEO", " ceo ", Policy.THEIRS, Verdict.SAME),
        (AGREED, "CEO", "", Policy.THEIRS, Verdict.OURS),  # an empty field wipes nobody's
        (AGREED, "Owner", "CEO", Policy.THEIRS, Verdict.OURS),  # only we have changed it
        (AGREED, "CEO", "CTO", Policy.ASK, Verdict.THEIRS),  # only they have
        (AGREED, "CEO", "CTO", Policy.NEWEST, Verdict.THEIRS),
        (AGREED, "CEO", "CTO", Policy.OURS, Verdict.OURS),
        (AGREED, "Owner", "CTO", Policy.THEIRS, Verdict.THEIRS),
        (AGREED, "Owner", "CTO", Policy.OURS, Verdict.OURS),
        (AGREED, "Owner", "CTO", Policy.ASK, Verdict.ASK),
        (AGREED, "Owner", "CTO", Policy.NEWEST, Verdict.THEIRS),
        (None, "Owner", "CTO", Policy.ASK, Verdict.ASK),  # known there before we came
        (None, "", "CTO", Policy.ASK, Verdict.THEIRS),
        (None, "", "CTO", Policy.OURS, Verdict.OURS),
        (None, "+34 600 000 000", "+34600000000", Policy.ASK, Verdict.SAME),
    ],
)
def test_who_wins(entry, ours, theirs, policy, verdict):
    said = judge(entry, ours=ours, theirs=theirs, policy=policy, ours_at=EARLIER, theirs_at=LATER)
    assert said == verdict


def test_the_newest_is_ours_where_theirs_is_older_or_has_no_time():
    both = {"ours": "Owner", "theirs": "CTO", "policy": Policy.NEWEST, "ours_at": LATER}
    assert judge(AGREED, **both, theirs_at=EARLIER) == Verdict.OURS
    assert judge(AGREED, **both, theirs_at=None) == Verdict.OURS


def rows(**policies: str) -> list[dict]:
    """A mapping of stage, role and name, with who wins in each."""
    sources = {"leadwire_stage": "stage", "jobtitle": "fact:role", "email": "email"}
    return [
        {"target": target, "source": source, "kind": "text", "policy": policies.get(target, "ours")}
        for target, source in sources.items()
    ]


@pytest.fixture
def hubspot(north, simulator):
    return connect(kind="hubspot", name="", config={"token": "pat"})


@pytest.fixture
def there(simulator):
    """``there(jobtitle="CTO")``: somebody changes the one contact in HubSpot."""

    def change(**properties) -> None:
        (contact,) = simulator.objects()
        where = f"{simulator.settings['HUBSPOT_API_URL']}/crm/v3/objects/contacts/{contact['id']}"
        body = {"properties": properties}
        httpx.patch(where, json=body, headers={"authorization": "Bearer pat"})

    return change


@pytest.fixture
def lead(hubspot):
    lead = make_lead(contact=make_contact(name="Ada", email="ada@acme.example"))
    lead = correct_facts(lead=lead, facts={"role": "CEO"}, actor="user:1")
    pushed(hubspot, lead)
    return lead


def pushed(crm, lead) -> None:
    mark_dirty(leads=[Lead.objects.get(pk=lead.pk)])
    push_due(connection=crm)


def by(crm, **policies: str) -> None:
    crm.mapping = rows(**policies)
    crm.save()


def role(lead) -> str:
    return str(Lead.objects.get(pk=lead.pk).facts["role"])


def there_now(simulator) -> dict:
    (contact,) = simulator.objects()
    return contact["properties"]


def test_a_push_is_noted_field_by_field(hubspot, lead):
    entry = FieldLedger.objects.get().entry("jobtitle")
    assert (entry.source, entry.ours, entry.theirs, entry.synced) == ("fact:role", *["CEO"] * 3)
    assert entry.winner == "ours"
    assert entry.synced_at
    assert set(FieldLedger.objects.get().parts) == {"note"}


@pytest.mark.parametrize(
    ("policy", "here", "afterwards"),
    [("ours", "Owner", "Owner"), ("theirs", "Owner", "CTO"), ("newest", "Owner", "CTO")],
)
def test_both_have_changed_it(hubspot, lead, there, simulator, policy, here, afterwards):
    by(hubspot, jobtitle=policy)
    lead = correct_facts(lead=lead, facts={"role": here}, actor="user:1")
    there(jobtitle="CTO")
    pushed(hubspot, lead)
    assert (role(lead), there_now(simulator)["jobtitle"]) == (afterwards, afterwards)
    assert SyncRecord.objects.get().state == "clean"
    assert not FieldConflict.objects.exists()


@pytest.mark.parametrize(("winner", "afterwards"), [("ours", "Owner"), ("theirs", "CTO")])
def test_a_person_is_asked_and_meanwhile_neither_goes_anywhere(
    hubspot, lead, there, simulator, winner, afterwards
):
    by(hubspot, jobtitle="ask")
    lead = correct_facts(lead=lead, facts={"role": "Owner"}, actor="user:1")
    there(jobtitle="CTO")
    pushed(hubspot, lead)
    pushed(hubspot, set_stage(lead=lead, stage="contacted", actor="user:1"))
    conflict = FieldConflict.objects.get()
    assert (conflict.state, conflict.ours, conflict.theirs) == ("open", "Owner", "CTO")
    now = there_now(simulator)
    assert (now["jobtitle"], now["leadwire_stage"]) == ("CTO", "contacted")
    assert role(lead) == "Owner"

    decide_conflict(conflict=conflict, winner=winner, actor="user:1")
    decide_conflict(conflict=conflict, winner="ours", actor="user:2")  # the first word stands
    push_due(connection=hubspot)
    assert (role(lead), there_now(simulator)["jobtitle"]) == (afterwards, afterwards)
    conflict.refresh_from_db()
    assert (conflict.state, conflict.decided_by) == (winner, "user:1")
    assert FieldLedger.objects.get().entry("jobtitle").winner == winner


def test_a_conflict_that_is_none_any_more_settles_by_itself(hubspot, lead, there):
    by(hubspot, jobtitle="ask")
    lead = correct_facts(lead=lead, facts={"role": "Owner"}, actor="user:1")
    there(jobtitle="CTO")
    pushed(hubspot, lead)
    there(jobtitle="owner")
    pull_changes(connection=hubspot)
    assert FieldConflict.objects.get().state == "settled"


def test_what_does_not_fit_here_stays_theirs_and_is_not_taken(hubspot, lead, there, simulator):
    by(hubspot, leadwire_stage="theirs")
    there(leadwire_stage="On hold")
    pushed(hubspot, lead)
    assert Lead.objects.get().stage == "new"
    assert there_now(simulator)["leadwire_stage"] == "On hold"
    conflict = FieldConflict.objects.create(
        record=SyncRecord.objects.get(), field="leadwire_stage", source="stage", theirs="On hold"
    )
    with pytest.raises(ValidationError):
        decide_conflict(conflict=conflict, winner="theirs", actor="user:1")


def test_whom_they_knew_first_keeps_what_they_say(hubspot, simulator):
    by(hubspot, jobtitle="theirs")
    where = f"{simulator.settings['HUBSPOT_API_URL']}/crm/v3/objects/contacts"
    body = {"properties": {"email": "eva@acme.example", "jobtitle": "CTO"}}
    httpx.post(where, json=body, headers={"authorization": "Bearer pat"})
    eva = make_lead(contact=make_contact(name="Eva", email="eva@acme.example"))
    pushed(hubspot, correct_facts(lead=eva, facts={"role": "CEO"}, actor="user:1"))
    assert (role(eva), there_now(simulator)["jobtitle"]) == ("CTO", "CTO")


class TestPulling:
    """What is asked for every five minutes, of whoever does not tell by itself."""

    def test_a_change_comes_home_once_and_does_not_go_back(self, hubspot, lead, there, simulator):
        by(hubspot, jobtitle="newest")
        there(jobtitle="CTO")
        assert pull_changes(connection=hubspot) == 1
        assert role(lead) == "CTO"
        change = Lead.objects.get().changes.filter(field="fact:role").first()
        assert (change.actor, change.after) == (f"crm:{hubspot.pk}", "CTO")
        push_due(connection=hubspot)
        assert pull_changes(connection=hubspot) == 0  # our own push is no news
        writes = simulator.objects()[0]["writes"]
        for _ in range(2):
            push_due(connection=hubspot)
            pull_changes(connection=hubspot)
        assert simulator.objects()[0]["writes"] == writes

    @pytest.mark.parametrize(
        ("kind", "config", "objects", "change"),
        [
            (
                "salesforce",
                {"client_id": "3MVG9", "client_secret": "s3cret"},
                "salesforce:Lead",
                {"Leadwire_Stage__c": "won"},
            ),
            ("pipedrive", {"token": "pd"}, "pipedrive:persons", {"name": "Ada King"}),
        ],
    )
    def test_those_that_tell_nothing_are_asked(
        self, north, simulator, settings, kind, config, objects, change
    ):
        settings.ALLOW_PRIVATE_ADDRESSES = True
        root = f"{simulator.url}/{kind}"
        crm = connect(kind=kind, name="", config={**config, "base_url": root})
        if kind == "pipedrive":
            crm.mapping = [{"target": "name", "source": "name", "policy": "newest"}]
            crm.save()
        lead = make_lead(contact=make_contact(name="Ada", email="ada@acme.example"))
        pushed(crm, lead)
        (one,) = simulator.objects(objects)
        self._change_there(simulator, kind, root, one, change)
        assert pull_changes(connection=crm) == 1
        lead.refresh_from_db()
        assert lead.stage == "won" if kind == "salesforce" else lead.name == "Ada King"
        assert pull_changes(connection=crm) == 0

    def _change_there(self, simulator, kind, root, one, change):
        if kind == "pipedrive":
            where = f"{root}/api/v2/persons/{one['id']}"
            httpx.patch(where, json=change, headers={"x-api-token": "pd"})
            return
        begun = {"grant_type": "client_credentials", "client_secret": "s3cret"}
        token = httpx.post(f"{root}/services/oauth2/token", data=begun).json()["access_token"]
        record = {**{k: v for k, v in one.items() if k not in {"Id", "writes"}}, **change}
        httpx.patch(
            f"{root}/services/data/v64.0/composite/sobjects/Lead/Leadwire_Id__c",
            json={"records": [record]},
            headers={"authorization": f"Bearer {token}"},
        )

    @pytest.mark.parametrize(("status", "health"), [(401, "reconnect"), (503, "ok")])
    def test_one_that_cannot_be_asked_says_so_and_is_asked_again(
        self, hubspot, lead, there, simulator, status, health
    ):
        by(hubspot, jobtitle="newest")
        there(jobtitle="CTO")
        simulator.fail("hubspot", status=status)
        assert pull_changes(connection=hubspot) == 0
        hubspot.refresh_from_db()
        assert hubspot.health == health
        if health == "ok":
            assert pull_changes(connection=hubspot) == 1

    def test_an_owner_is_pulled_by_their_address(self, hubspot, lead, there):
        owner = make_user(email="owner@hubspot.example")
        there(hubspot_owner_id="1")
        assert pull_changes(connection=hubspot) == 1
        assert Lead.objects.get().owner == owner

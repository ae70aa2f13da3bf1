"""HubSpot is down for an hour, in which leads change a thousand times.

The clock is ours to move: each minute the sweeper's stroke, each fifth the beat's, and every wait
between two tries is as long as it really is. Requests go over real HTTP to the simulator.
"""

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import dramatiq
import httpx
import pytest
from django.utils import timezone

from crm.models import CrmConnection, FieldConflict, SyncAttempt, SyncRecord
from crm.providers.hubspot import HubSpot
from crm.services import connect, sweep
from leads.models import Lead
from leads.services import correct_facts, set_stage
from tenants.plugins import http
from tests.factories import make_contact, make_lead

LEADS, CHANGES, MINUTES = 125, 1_000, 60  # more leads than HubSpot takes in a batch
BOTH, THEIRS_ALONE = 5, 5  # whose role people at HubSpot change too, and whose they alone change
# (our field, theirs, who wins where both have changed it)
FIELDS = (
    ("name", "firstname", "ours"),
    ("email", "email", "ours"),
    ("stage", "leadwire_stage", "newest"),
    ("fact:budget", "leadwire_budget", "ours"),
    ("fact:role", "jobtitle", "ask"),
)
State = SyncRecord.State


class Killed(BaseException):
    """The worker's process ends here; what it has committed stays."""


class Clock:
    """What everybody takes for now."""

    def __init__(self) -> None:
        self.at = timezone.now()

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def crm(north, simulator, monkeypatch, clock):
    # How many a second each side takes is measured by clocks that are not ours to move.
    monkeypatch.setattr(HubSpot, "rate", (10_000, 1.0))
    simulator.behave("hubspot", limits=False)
    crm = connect(kind="hubspot", name="", config={"token": "pat"})
    crm.mapping = [
        {"target": target, "source": source, "kind": "text", "policy": policy}
        for source, target, policy in FIELDS
    ]
    crm.save()
    return crm


# What HubSpot is asked on the way of a batch, as far as anything is new of it.
ASKED = (
    "contacts/batch/read",
    "contacts/batch/upsert",
    "v3/pipelines/deals",
    "properties/deals",
    "deals/batch/upsert",
    "notes/batch/upsert",
    "deals/contacts/batch/associate/default",
    "contacts/search",
)


class Worker:
    """Dies after each kind of request once, as soon as it was answered."""

    def __init__(self) -> None:
        self.dies_after: list[str] = []
        self.left_behind: Counter[str] = Counter()  # whom it had told of, and written down nowhere
        self._exchange = http.exchange
        self._told: set[str] = set()

    def exchange(self, method: str, url: str, **content: Any) -> httpx.Response:
        answer = self._exchange(method, url, **content)
        if url.endswith("/contacts/batch/upsert"):
            self._told = {one["id"] for one in content["json"]["inputs"]}
        if doom := next(filter(url.endswith, self.dies_after), ""):
            self.dies_after.remove(doom)
            held = SyncRecord.objects.filter(state=State.SYNCING).values_list("lead", flat=True)
            self.left_behind.update(self._told & {f"north-{lead_id}" for lead_id in held})
            raise Killed
        return answer


@pytest.fixture
def worker(monkeypatch):
    worker = Worker()
    monkeypatch.setattr(http, "exchange", worker.exchange)
    return worker


@pytest.fixture
def stroke(clock, work, django_capture_on_commit_callbacks):
    """``stroke(7)``: what starts by itself in the seventh minute, and all that follows."""

    def strike(minute: int) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            sweep()
        if minute % 5 == 0:
            dramatiq.get_broker().get_actor("push_everywhere").send()
        work(5_000)

    return strike


@pytest.fixture
def leads(crm, clock, stroke, simulator):
    """They are at HubSpot already, where people have just changed the roles of some."""
    leads = [
        make_lead(contact=make_contact(name=f"Ada{n}", email=f"a{n}@acme.example"))
        for n in range(LEADS)
    ]
    for place in range(BOTH + THEIRS_ALONE):
        leads[place] = correct_facts(lead=leads[place], facts={"role": "CEO"}, actor="user:1")
    Lead.objects.update(updated_at=clock())
    clock.move(seconds=30)
    stroke(0)
    assert in_step() == LEADS
    contacts = {one["properties"]["email"]: one["id"] for one in simulator.objects()}
    theirs = [
        {"id": contacts[f"a{n}@acme.example"], "properties": {"jobtitle": "CTO"}}
        for n in range(BOTH + THEIRS_ALONE)
    ]
    url = f"{simulator.settings['HUBSPOT_API_URL']}/crm/v3/objects/contacts/batch/update"
    httpx.post(url, json={"inputs": theirs}, headers={"authorization": "Bearer pat"})
    return leads


def in_step() -> int:
    return SyncRecord.objects.filter(state=State.CLEAN).count()


STAGES = ("contacted", "qualified", "proposal", "won")


def change(leads: list[Lead], number: int) -> None:
    """One of the thousand: each lead is moved four times and learnt about as often."""
    place, turn = number % LEADS, number // LEADS
    lead, facts = leads[place], {"budget": f"{number} EUR"}
    if turn % 2:
        facts = {"role": "Owner"} if turn == 3 and place < BOTH else facts
        lead = correct_facts(lead=lead, facts=facts, actor="user:1")
    else:
        lead = set_stage(lead=lead, stage=STAGES[turn // 2], actor="user:1")
    leads[place] = lead


@pytest.fixture
def outage(leads, clock, stroke, simulator, django_capture_on_commit_callbacks):
    """An hour: first nobody answers, then it is busy with itself."""
    simulator.fail("hubspot", kind="refuse", count=10**6)
    done = 0
    for minute in range(1, MINUTES + 1):
        if minute == MINUTES // 2:
            simulator.recover("hubspot")
            simulator.fail("hubspot", status=503, count=10**6)
        with django_capture_on_commit_callbacks(execute=True):
            while done < CHANGES * minute // MINUTES:
                change(leads, done)
                done += 1
        clock.move(minutes=1)
        stroke(minute)
    assert done == CHANGES
    versions = Lead.objects.values_list("version", flat=True)
    assert sum(versions) == LEADS + BOTH + THEIRS_ALONE + CHANGES
    simulator.recover("hubspot")
    return CrmConnection.objects.get()


def contacts_by_lead(simulator) -> dict[str, dict]:
    contacts = simulator.objects()
    assert len(contacts) == LEADS
    return {one["properties"]["leadwire_id"]: one for one in contacts}


def assert_all_is_there(leads, simulator) -> None:
    """Each lead once, with its newest state; who is asked about, as each side had it."""
    contacts = contacts_by_lead(simulator)
    for place, lead in enumerate(Lead.objects.order_by("pk")):
        there = contacts[f"north-{lead.pk}"]["properties"]
        told = {name: there.get(name) for name in ("leadwire_stage", "leadwire_budget")}
        assert told == {"leadwire_stage": "won", "leadwire_budget": lead.facts["budget"]}
        role = "CTO" if place < BOTH + THEIRS_ALONE else None
        assert there.get("jobtitle") == role
        assert lead.facts.get("role") == ("Owner" if place < BOTH else role)
    notes = [one["properties"]["leadwire_id"] for one in simulator.objects("notes")]
    deals = [one["properties"]["leadwire_id"] for one in simulator.objects("deals")]
    assert sorted(notes) == sorted(deals) == sorted(contacts)  # made once, each


def open_conflicts() -> set[tuple[int, str, str, str]]:
    rows = FieldConflict.objects.filter(state=FieldConflict.State.OPEN)
    return {(row.record.lead_id, row.source, row.ours, row.theirs) for row in rows}


def test_a_thousand_changes_of_an_hour_without_crm(outage, leads, clock, stroke, simulator, worker):
    """On the way back the worker is killed after each kind of request in turn."""
    assert outage.health == CrmConnection.Health.TROUBLE
    tries = Counter(SyncAttempt.objects.exclude(error_code="").values_list("record", flat=True))
    assert len(tries) == LEADS
    assert max(tries.values()) <= 7  # 1, 2, 4, 8, 16, 32 minutes apart
    before = {key: one["writes"] for key, one in contacts_by_lead(simulator).items()}

    worker.dies_after = list(ASKED)
    for minute in range(MINUTES + 1, 2 * MINUTES):
        clock.move(minutes=1.1)  # longer than a dead worker's claim
        with suppress(Killed):
            stroke(minute)
        if in_step() == LEADS and not worker.dies_after:
            break

    assert in_step() == LEADS
    assert_all_is_there(leads, simulator)
    told = {key: one["writes"] - before[key] for key, one in contacts_by_lead(simulator).items()}
    # All of the hour in one go; once more for who was in a dead worker's hands by then.
    assert told == {key: 1 + worker.left_behind[key] for key in before}
    asked = {(lead.pk, "fact:role", "Owner", "CTO") for lead in leads[:BOTH]}
    assert open_conflicts() == asked

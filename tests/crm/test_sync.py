from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from crm.models import CrmConnection, SyncAttempt, SyncRecord
from crm.services import mark_dirty, push_due, reconnect, retry_dead, sweep
from crm.services.outcomes import MAX_ATTEMPTS
from leads.models import Lead
from leads.services import correct_facts, set_stage
from leads.signals import lead_changed
from tenants import context
from tenants.audit.models import AuditEntry
from tests.factories import make_contact, make_crm, make_lead

State = SyncRecord.State


@pytest.fixture(params=["hubspot", "webhook"])
def crm(request, north, crm_server):
    return make_crm(kind=request.param)


@pytest.fixture
def hubspot(north, crm_server):
    return make_crm(kind="hubspot")


def dirty_lead(**kwargs):
    lead = make_lead(**kwargs)
    mark_dirty(leads=[lead])
    return lead


def record_of(lead) -> SyncRecord:
    return SyncRecord.objects.get(lead=lead)


def key_of(lead):
    return f"north-{lead.pk}"


def let_bells_fade():
    Lead.objects.update(updated_at=timezone.now() - timedelta(minutes=1))


def make_due():
    SyncRecord.objects.update(next_attempt_at=timezone.now())


def test_a_lead_that_changed_reaches_the_crm(crm, crm_server):
    lead = dirty_lead()
    pushed = push_due(connection=crm)
    record = record_of(lead)
    assert (pushed.synced, record.state, record.synced_version) == (1, State.CLEAN, 1)
    assert list(crm_server.contacts) == [key_of(lead)]
    attempt = record.tries.get()
    assert (attempt.status, attempt.error_code, attempt.version) == (200, "", 1)
    assert AuditEntry.objects.filter(action="crm.pushed").count() == 1


def test_a_burst_of_changes_is_one_push_with_the_newest_state(crm, crm_server):
    lead = dirty_lead()
    for stage in ("contacted", "qualified", "proposal"):
        lead = set_stage(lead=lead, stage=stage, actor="user:1")
        mark_dirty(leads=[lead])
    push_due(connection=crm)
    assert len(crm_server.requests) == 1
    stage = crm_server.contacts[key_of(lead)]
    assert stage.get("leadwire_stage", stage.get("stage")) == "proposal"
    assert push_due(connection=crm).synced == 0


def test_a_change_during_the_push_follows_with_the_next(crm, crm_server, monkeypatch):
    lead = dirty_lead()
    provider = type(crm.provider())
    push = provider.push

    def push_while_it_changes(self, records):
        Lead.objects.filter(pk=lead.pk).update(version=2)
        mark_dirty(leads=[Lead.objects.get(pk=lead.pk)])
        monkeypatch.setattr(provider, "push", push)
        return push(self, records)

    monkeypatch.setattr(provider, "push", push_while_it_changes)
    push_due(connection=crm)
    assert (record_of(lead).state, record_of(lead).synced_version) == (State.DIRTY, 1)
    push_due(connection=crm)
    assert (record_of(lead).state, record_of(lead).synced_version) == (State.CLEAN, 2)


def test_an_older_bell_does_not_undo_a_newer_one(crm):
    lead = dirty_lead()
    stale = Lead.objects.get(pk=lead.pk)
    lead = set_stage(lead=lead, stage="won", actor="user:1")
    mark_dirty(leads=[lead])
    mark_dirty(leads=[stale])
    assert record_of(lead).wanted_version == 2


class TestTrouble:
    """Each kind of trouble ends in the state the model's docstring draws."""

    @pytest.mark.parametrize("status", [400, 422])
    def test_a_refusal_gives_the_record_up_with_its_reason(self, crm, crm_server, status):
        lead = dirty_lead()
        crm_server.refuses[key_of(lead)] = status
        assert push_due(connection=crm).dead == 1
        record = record_of(lead)
        assert (record.state, record.error_code) == (State.DEAD, str(status))
        assert record.error_text

    def test_refused_credentials_stop_the_connection_and_keep_the_records(self, crm, crm_server):
        leads = [dirty_lead() for _ in range(3)]
        crm_server.failures = [httpx.Response(401, json={"message": "no"})]
        push_due(connection=crm)
        crm.refresh_from_db()
        assert crm.health == CrmConnection.Health.RECONNECT
        assert {record_of(lead).state for lead in leads} == {State.DIRTY}
        assert {record_of(lead).attempts for lead in leads} == {0}
        assert push_due(connection=crm).synced == 0
        assert crm_server.requests == []

        reconnect(connection=crm, config={}, actor="user:1")
        assert push_due(connection=crm).synced == 3

    def test_a_rate_limit_waits_as_long_as_the_crm_asks(self, crm, crm_server):
        lead = dirty_lead()
        crm_server.failures = [httpx.Response(429, headers={"retry-after": "90"}, json={})]
        push_due(connection=crm)
        record = record_of(lead)
        wait = (record.next_attempt_at - timezone.now()).total_seconds()
        assert (record.state, record.attempts) == (State.DIRTY, 0)
        assert 80 < wait <= 90

    @pytest.mark.parametrize(
        "failure",
        [
            httpx.Response(500),
            httpx.Response(503),
            httpx.ConnectError("down"),
            httpx.ReadTimeout("?"),
        ],
        ids=["500", "503", "down", "lost"],
    )
    def test_an_outage_is_tried_again_later_and_longer(self, crm, crm_server, failure):
        lead = dirty_lead()
        waits = []
        for attempt in (1, 2, 3):
            crm_server.failures = [failure]
            make_due()
            push_due(connection=CrmConnection.objects.get())
            record = record_of(lead)
            assert (record.state, record.attempts) == (State.FAILED, attempt)
            waits.append((record.next_attempt_at - timezone.now()).total_seconds())
        assert waits[0] < waits[1] < waits[2]
        assert push_due(connection=crm).synced == 0  # not due

    def test_too_many_outages_give_it_up_and_a_person_may_retry(self, crm, crm_server):
        lead = dirty_lead()
        SyncRecord.objects.update(state=State.FAILED, attempts=MAX_ATTEMPTS - 1)
        crm_server.failures = [httpx.Response(500)]
        assert push_due(connection=crm).dead == 1
        assert record_of(lead).state == State.DEAD

        assert retry_dead(records=SyncRecord.objects.all(), actor="user:1") == 1
        assert push_due(connection=crm).synced == 1

    def test_a_new_change_gives_a_dead_record_a_new_chance(self, crm, crm_server):
        lead = dirty_lead()
        crm_server.refuses[key_of(lead)] = 400
        push_due(connection=crm)
        crm_server.refuses.clear()
        lead = correct_facts(lead=lead, facts={"email": "ada@acme.example"}, actor="user:1")
        mark_dirty(leads=[lead])
        assert push_due(connection=crm).synced == 1
        assert record_of(lead).error_code == ""

    def test_a_lost_answer_is_asked_again_with_the_same_delivery_id(self, crm, crm_server):
        lead = dirty_lead()
        crm_server.lose_answer = True
        push_due(connection=crm)
        assert record_of(lead).state == State.FAILED
        make_due()
        push_due(connection=crm)
        assert record_of(lead).state == State.CLEAN
        first, second = crm_server.requests
        assert first == second
        ids = set(SyncAttempt.objects.values_list("delivery_id", flat=True))
        assert len(ids) == 1

    def test_one_bad_record_does_not_harm_its_siblings(self, hubspot, crm_server):
        leads = [dirty_lead() for _ in range(9)]
        crm_server.refuses[key_of(leads[4])] = 400
        pushed = push_due(connection=hubspot)
        assert (pushed.synced, pushed.dead) == (8, 1)
        assert record_of(leads[4]).state == State.DEAD

    def test_a_first_trouble_leaves_the_rest_untried(self, north, crm_server):
        webhook = make_crm(kind="webhook")
        leads = [dirty_lead() for _ in range(3)]
        crm_server.failures = [httpx.Response(500)]
        push_due(connection=webhook)
        assert sorted(record_of(lead).attempts for lead in leads) == [0, 0, 1]

    def test_once_it_works_again_what_waited_follows_at_once(self, crm, crm_server):
        leads = [dirty_lead() for _ in range(3)]
        crm_server.failures = [httpx.Response(500)]
        push_due(connection=crm)
        crm.refresh_from_db()
        assert crm.health == CrmConnection.Health.TROUBLE
        late = dirty_lead()
        for _ in range(2):
            push_due(connection=CrmConnection.objects.get())
        assert {record_of(lead).state for lead in [*leads, late]} == {State.CLEAN}

    def test_a_webhook_that_is_gone_is_left_in_peace(self, north, crm_server):
        webhook = make_crm(kind="webhook")
        dirty_lead()
        crm_server.failures = [httpx.Response(410)]
        push_due(connection=webhook)
        webhook.refresh_from_db()
        assert webhook.health == CrmConnection.Health.RECONNECT


class TestCrashes:
    def test_a_claim_of_a_dead_worker_is_freed(self, crm, crm_server):
        lead = dirty_lead()
        SyncRecord.objects.update(
            state=State.SYNCING, claimed_at=timezone.now() - timedelta(minutes=11)
        )
        assert push_due(connection=crm).synced == 0
        assert sweep()["freed"] == 1
        assert push_due(connection=crm).synced == 1
        assert list(crm_server.contacts) == [key_of(lead)]

    def test_what_was_freed_or_unheard_is_pushed_without_waiting_for_the_beat(
        self, crm, crm_server, work, django_capture_on_commit_callbacks
    ):
        freed, unheard = dirty_lead(), make_lead()
        SyncRecord.objects.update(
            state=State.SYNCING, claimed_at=timezone.now() - timedelta(minutes=11)
        )
        let_bells_fade()
        with django_capture_on_commit_callbacks(execute=True):
            swept = sweep()
        assert (swept["freed"], swept["unheard"], swept["connections"]) == (1, 1, 1)
        assert work() == ["push_due"]
        assert {key_of(freed), key_of(unheard)} == set(crm_server.contacts)

    def test_a_hot_lead_whose_bell_was_lost_does_not_wait_for_the_beat(self, crm):
        dirty_lead(), dirty_lead(tier="hot")
        assert sweep()["connections"] == 0
        SyncRecord.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=1))
        assert sweep()["connections"] == 1

    def test_a_living_worker_keeps_its_claim(self, crm):
        dirty_lead()
        SyncRecord.objects.update(state=State.SYNCING, claimed_at=timezone.now())
        assert sweep()["freed"] == 0

    def test_a_worker_that_lost_its_claim_writes_nothing(self, crm, crm_server, monkeypatch):
        lead = dirty_lead()
        provider = type(crm.provider())
        push = provider.push

        def push_slowly(self, records):
            SyncRecord.objects.update(state=State.DIRTY, claim=None, next_attempt_at=later)
            return push(self, records)

        later = timezone.now() + timedelta(hours=1)
        monkeypatch.setattr(provider, "push", push_slowly)
        push_due(connection=crm)
        assert record_of(lead).state == State.DIRTY

    def test_a_change_whose_bell_was_lost_is_found(self, crm, crm_server):
        unheard, behind = make_lead(), dirty_lead()
        push_due(connection=crm)
        set_stage(lead=behind, stage="won", actor="user:1")
        assert sweep()["unheard"] == 0  # still on their way
        let_bells_fade()
        assert sweep()["unheard"] == 2
        assert push_due(connection=crm).synced == 2
        assert record_of(unheard).state == State.CLEAN
        assert sweep()["unheard"] == 0


def test_a_webhook_that_was_down_gets_each_lead_once_with_its_newest_state(
    north, crm_server, monkeypatch
):
    crm = make_crm(kind="webhook")
    # How many a second it takes is another matter, and would make this wait.
    monkeypatch.setattr(type(crm.provider()), "rate", (1_000, 1.0))
    leads = [dirty_lead() for _ in range(40)]
    for _ in range(4):
        crm_server.failures = [httpx.Response(503)]
        make_due()
        push_due(connection=CrmConnection.objects.get())
    for lead in leads[:10]:
        mark_dirty(leads=[set_stage(lead=lead, stage="won", actor="user:1")])
    assert crm_server.contacts == {}

    crm_server.requests.clear()
    make_due()
    for _ in range(3):
        push_due(connection=CrmConnection.objects.get())
    arrived = [key for _, keys in crm_server.requests for key in keys]
    assert sorted(arrived) == sorted(map(key_of, leads))
    stages = [c.get("leadwire_stage", c.get("stage")) for c in crm_server.contacts.values()]
    assert stages.count("won") == 10
    assert SyncRecord.objects.exclude(state=State.CLEAN).count() == 0


def test_a_hot_lead_goes_at_once_and_alone(
    crm, crm_server, work, django_capture_on_commit_callbacks
):
    waiting, hot = dirty_lead(), make_lead(tier="hot")
    with django_capture_on_commit_callbacks(execute=True):
        lead_changed.send(sender=Lead, lead=hot, became_hot=True)
    work()
    assert record_of(hot).state == State.CLEAN
    assert record_of(waiting).state == State.DIRTY


def test_a_lead_with_neither_email_nor_phone_nor_name_syncs_too(hubspot, crm_server):
    lead = dirty_lead(contact=make_contact(name=""))
    push_due(connection=hubspot)
    assert crm_server.contacts[key_of(lead)]["firstname"] == f"Lead {key_of(lead)}"


def test_a_switched_off_connection_is_told_nothing(crm, crm_server):
    dirty_lead()
    crm.is_active = False
    crm.save()
    assert push_due(connection=crm).synced == 0
    assert crm_server.requests == []


def test_one_company_pushes_none_of_the_others_leads(crm, crm_server, south):
    with context.inside(south):
        theirs = make_crm(kind=crm.kind)
        lead = make_lead()
        mark_dirty(leads=[lead])
    mine = dirty_lead()
    push_due(connection=crm)
    assert list(crm_server.contacts) == [key_of(mine)]
    with context.inside(south):
        push_due(connection=theirs)
    assert f"south-{lead.pk}" in crm_server.contacts


def test_a_batch_holds_what_the_crm_takes(hubspot, crm_server):
    for _ in range(101):
        dirty_lead()
    push_due(connection=hubspot)
    assert [len(keys) for _, keys in crm_server.requests] == [100, 1]

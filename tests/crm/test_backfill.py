"""Leads that were there before the CRM was: lined up page by page, resumed, cancelled."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from crm.models import Backfill, FieldLedger, SyncRecord
from crm.services import (
    backfilling,
    cancel_backfill,
    connect,
    line_up_next,
    mark_dirty,
    push_due,
    resend,
    start_backfill,
    sweep,
)
from leads.models import Lead
from tests.factories import make_crm, make_lead


@pytest.fixture
def pages_of_two(monkeypatch):
    monkeypatch.setattr(backfilling, "PAGE", 2)


@pytest.fixture
def crm(north, crm_server):
    return make_crm()


def leads(count: int, **kwargs) -> list[Lead]:
    return [make_lead(**kwargs) for _ in range(count)]


def waiting(crm) -> list[int]:
    return list(
        SyncRecord.objects.filter(connection=crm).order_by("lead").values_list("lead", flat=True)
    )


def test_who_connects_brings_in_everybody(north, crm_server, pages_of_two):
    there = leads(5)
    crm = connect(kind="hubspot", name="", config={"token": "pat"})
    order = Backfill.objects.get()
    assert (order.total, order.lined_up, order.is_running) == (5, 2, True)
    for _ in range(4):  # once more than there are pages
        line_up_next(backfill_id=order.pk)
    order.refresh_from_db()
    assert (order.state, order.lined_up, order.percent()) == ("done", 5, 0)
    push_due(connection=crm)
    assert (order.arrived(), order.percent()) == (5, 100)
    assert waiting(crm) == [lead.pk for lead in there]


def test_a_lost_ring_is_rung_again_where_it_stood(
    crm, work, pages_of_two, crm_server, django_capture_on_commit_callbacks
):
    leads(3)
    start_backfill(connection=crm)
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep()["backfills"] == 1
    work()
    assert Backfill.objects.get().state == "done"
    assert len(crm_server.contacts) == 3


def test_only_some_and_those_in_step_once_more(crm, crm_server):
    hot, cold = make_lead(tier="hot"), make_lead()
    won = make_lead(stage="won-2")
    Lead.objects.filter(pk=cold.pk).update(updated_at=timezone.now() - timedelta(days=9))
    since = (timezone.now() - timedelta(days=1)).isoformat()
    for only, expected in (
        ({"tiers": ["hot"]}, [hot.pk]),
        ({"stages": ["won"]}, [hot.pk, won.pk]),
        ({"changed_after": since}, [hot.pk, won.pk]),
        ({}, [hot.pk, cold.pk, won.pk]),
    ):
        start_backfill(connection=crm, only=only)
        assert waiting(crm) == expected
    push_due(connection=crm)
    assert start_backfill(connection=crm).total == 0
    assert start_backfill(connection=crm, again=True).lined_up == 3
    assert push_due(connection=crm).synced == 3


@pytest.mark.parametrize(
    "only", [{"tiers": ["tepid"]}, {"stages": "won"}, {"changed_after": "soon"}, {"owner": 1}]
)
def test_a_filter_nobody_knows_is_refused(crm, only):
    with pytest.raises(ValidationError):
        start_backfill(connection=crm, only=only)


def test_cancelled_nobody_else_is_told(crm, crm_server, pages_of_two):
    first, *others = leads(5)
    mark_dirty(leads=[first])
    push_due(connection=crm)
    order = start_backfill(connection=crm)
    assert start_backfill(connection=crm) == order  # one at a time
    cancel_backfill(connection=crm, actor="user:1")
    assert cancel_backfill(connection=crm, actor="user:1") is None
    assert waiting(crm) == [first.pk]
    Lead.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    assert sweep()["unheard"] == 0  # nor by the sweeper, which catches up with lost bells
    mark_dirty(leads=others[:1])  # who changes goes there as ever
    assert waiting(crm) == [first.pk, others[0].pk]


def test_it_waits_while_the_crm_has_enough_to_do(crm, monkeypatch, pages_of_two):
    monkeypatch.setattr(backfilling, "MOST_WAITING", 2)
    leads(5)
    order = start_backfill(connection=crm)
    line_up_next(backfill_id=order.pk)
    assert len(waiting(crm)) == 2
    push_due(connection=crm)
    line_up_next(backfill_id=order.pk)
    assert len(waiting(crm)) == 4


def test_one_lead_is_told_once_more_with_all_that_stands_beside_it(north, simulator):
    crm = connect(kind="hubspot", name="", config={"token": "pat"})
    mark_dirty(leads=[make_lead()])
    push_due(connection=crm)
    assert resend(records=SyncRecord.objects.all(), actor="user:1") == 1
    assert FieldLedger.objects.get().known_parts()["note"].told == ""
    push_due(connection=crm)
    kinds = ("contacts", "notes")
    assert [[one["writes"] for one in simulator.objects(kind)] for kind in kinds] == [[2], [2]]

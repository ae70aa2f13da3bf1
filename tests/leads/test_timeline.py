"""Everything that happened to a lead, in one line of time, over all floors."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import SyncAttempt, SyncRecord, TimelineEntry
from leads.models import LeadChange
from leads.services import add_task, assign_owner, finish_task, set_stage
from tenants.cards import gather_flat
from tenants.histories import Before, before_of, page
from tests.factories import make_conversation, make_crm, make_hook, make_lead, make_message

pytestmark = pytest.mark.usefixtures("memories_last")


@pytest.fixture
def lead(north, people):
    made = make_lead()
    talk = make_conversation(contact=made.contact)
    make_message(conversation=talk, text="Do you have 40 chairs?")
    set_stage(lead=made, stage="qualified", actor=people["agent"].actor, reason="They asked twice")
    assign_owner(lead=made, owner=people["agent"], actor="ai")
    finish_task(task=add_task(lead=made, title="Ring them", actor="user:1"), actor="user:1")
    now = timezone.now()
    record = SyncRecord.objects.create(connection=make_crm(), lead=made)
    SyncAttempt.objects.create(record=record, version=1, delivery_id="d", error_code="401")
    TimelineEntry.objects.create(
        lead=made,
        hook=make_hook(),
        key="k",
        kind="call",
        status="ended",
        title="A long call",
        happens_at=now + timedelta(days=1),
    )
    return made


def test_what_was_said_changed_done_met_and_pushed_stands_in_one_line(lead, sign_in, people):
    shown = sign_in("viewer").get(reverse("leads:lead", args=[lead.pk])).content.decode()
    shown = shown[shown.index("what-happened") :]
    for text in (
        *("Do you have 40 chairs?", "They asked twice", "New → Qualified", "Ring them"),
        *("A long call", "Task done", str(people["agent"])),
    ):
        assert text in shown, text
    assert shown.index("A long call") < shown.index("Do you have 40 chairs?")
    assert "Not taken by the CRM" in shown


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_paging_tells_each_once_even_where_many_happen_at_one_moment(lead, people, size):
    moment = timezone.now()
    LeadChange.objects.bulk_create(
        [LeadChange(lead=lead, field=f"f{n}", actor="ai", at=moment) for n in range(5)]
    )
    for task in lead.tasks.all():
        task.created_at = task.done_at = moment
        task.save()

    def told(before, count):
        return gather_flat("lead.timeline", people["admin"], lead, before, count)

    whole, _rest = page(told(Before(), 100), size=100)
    seen, cursor = [], "from the top"
    while cursor:
        part, cursor = page(told(before_of(cursor), size + 1), size=size)
        seen += part
    assert [each.key for each in seen] == [each.key for each in whole]
    assert len(whole) >= 11


@pytest.mark.parametrize(
    "cursor", ["", "x", "2026-13-01_a_1", "2026-01-01T00:00:00_a_1", "2026-01-01T00:00:00Z_a_²"]
)
def test_a_cursor_that_cannot_be_begins_anew(cursor):
    assert before_of(cursor) == Before()


def test_a_long_history_costs_the_same(lead, sign_in):
    browser, url = sign_in("admin"), reverse("leads:lead", args=[lead.pk])

    def cost():
        browser.get(url)
        with CaptureQueriesContext(connection) as captured:
            browser.get(url)
        return len(captured)

    few = cost()
    talk = lead.contact.conversations.get()
    for n in range(40):
        make_message(conversation=talk, text=f"And {n}?")
    assert cost() <= few <= 32
    first = browser.get(url).content.decode()
    assert f"{reverse('leads:timeline', args=[lead.pk])}?before=" in first

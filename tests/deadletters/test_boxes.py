"""Every box: what it lists, how it counts, what trying again and letting go do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_app.models import InboundEvent, Message
from channels_app.services.statuses import UNKNOWN_DELIVERY
from crm.models import SyncRecord
from tenants import context
from tenants.audit.models import AuditEntry
from tenants.deadletters import deeds
from tenants.deadletters.boxes import Wanted, box_of, boxes
from tenants.deadletters.models import ReplayOrder
from tenants.deadletters.reading import page_of, tallies
from tenants.workspace.models import Profile
from tests.deadletters.scene import (
    dead_delivery,
    dead_event,
    dead_hook_event,
    dead_message,
    dead_record,
)
from tests.factories import make_connection, make_conversation, make_crm, make_message

MAKERS: dict[str, Callable[[], Any]] = {
    "inbound": dead_event,
    "outbound": dead_message,
    "crm": dead_record,
    "webhook": lambda: dead_record(make_crm(kind="webhook")),
    "hook": dead_hook_event,
    "event": dead_delivery,
}


def replay(kind, *rows, **more):
    ids = [str(row.pk) for row in rows]
    return deeds.replay(box=box_of(kind), ids=ids, actor="user:1", **more)


def test_every_app_has_brought_its_box(north):
    assert {box.kind for box in boxes()} == {*MAKERS, "unrouted", "unsupported"}


@pytest.mark.parametrize("kind", MAKERS)
class TestEveryBox:
    def test_a_dead_row_is_listed_with_its_reason(self, people, kind):
        row = MAKERS[kind]()

        (letter,) = page_of(people["admin"], Wanted()).letters

        assert (letter.kind, letter.id) == (kind, str(row.pk))
        assert all([letter.reason, letter.text, letter.source, letter.platform])
        assert tallies(people["admin"], Wanted())[0].count == 1

    def test_the_other_company_sees_none_of_it(self, people, south, kind):
        row = MAKERS[kind]()

        with context.inside(south):
            assert page_of(people["admin"], Wanted()).letters == []
            assert replay(kind, row).done == 0
            assert deeds.discard(box=box_of(kind), ids=[str(row.pk)], actor="x") == 0
        assert len(page_of(people["admin"], Wanted()).letters) == 1

    def test_asked_twice_it_is_tried_once(self, people, kind):
        row = MAKERS[kind]()

        assert replay(kind, row).done == 1
        assert replay(kind, row).done == 0
        assert page_of(people["admin"], Wanted()).letters == []

    def test_let_go_it_is_gone_and_on_record(self, people, kind):
        row = MAKERS[kind]()

        assert deeds.discard(box=box_of(kind), ids=[str(row.pk)], actor="user:7") == 1

        assert page_of(people["admin"], Wanted()).letters == []
        entry = AuditEntry.objects.get(action="dead_letters.discarded")
        assert (entry.actor, entry.subject) == ("user:7", f"{kind}:{row.pk}")

    def test_ids_that_are_none_find_nothing(self, north, kind):
        box = box_of(kind)
        for nonsense in ("", "x", "-1", "9" * 40, "' or 1=1", "\0"):
            assert box.find(nonsense) is None
            assert box.replay([nonsense]).done == box.discard([nonsense]) == 0

    def test_its_filters_choose(self, people, kind):
        row = MAKERS[kind]()
        letter = box_of(kind).find(str(row.pk))
        soon, later = letter.at - timedelta(seconds=5), letter.at + timedelta(seconds=5)
        hit = [
            Wanted(reason=letter.reason),
            Wanted(platform=letter.platform),
            Wanted(since=soon),
            Wanted(until=later),
        ]
        miss = [
            Wanted(reason="another"),
            Wanted(platform="pigeon"),
            Wanted(since=later),
            Wanted(until=soon),
        ]
        for wanted in hit:
            assert len(page_of(people["admin"], wanted, kind=kind).letters) == 1, wanted
            assert [tally.count for tally in tallies(people["admin"], wanted)] == [1]
        for wanted in miss:
            assert page_of(people["admin"], wanted, kind=kind).letters == [], wanted

    def test_three_and_three_hundred_cost_the_same(self, people, kind):
        def cost(rows):
            for _ in range(rows):
                MAKERS[kind]()
            with CaptureQueriesContext(database) as asked:
                page_of(people["admin"], Wanted())
                tallies(people["admin"], Wanted())
            return len(asked)

        assert cost(3) == cost(297) <= 2 * len(boxes())


def test_pages_are_walked_without_gap_or_repeat(people):
    """Letters of one moment in several boxes, over pages of every size."""
    moment = timezone.now() - timedelta(hours=1)
    for number in range(4):
        at = moment - timedelta(seconds=number // 2)
        dead_event(processed_at=at)
        dead_message(state_at=at)
        dead_record(next_attempt_at=at)
    whole = [letter.key for letter in page_of(people["admin"], Wanted()).letters]
    assert len(set(whole)) == 12

    for size in (1, 2, 3, 5, 11, 12):
        walked, cursor = [], ""
        while True:
            page = page_of(people["admin"], Wanted(), cursor=cursor, limit=size)
            walked += [letter.key for letter in page.letters]
            cursor = page.next_cursor
            if not cursor:
                break
        assert walked == whole


@pytest.mark.parametrize("cursor", ["x", "2026-01-01_inbound_x", "2026-01-01T00:00:00+00:00_no_1"])
def test_a_cursor_of_nobodys_leads_to_the_beginning(people, cursor):
    dead_event()

    assert len(page_of(people["admin"], Wanted(), cursor=cursor).letters) == 1


# -- what came in


def test_an_event_is_read_again_and_heals(work, django_capture_on_commit_callbacks):
    """What was rejected for want of a reader that understands it is taken in by the next."""
    Profile.objects.update_or_create(pk=1, defaults={"ai_enabled": False})
    talk = make_connection()
    update = (
        b'{"update_id": 7, "message": {"message_id": 5, "date": 1700000000, "text": "Hi",'
        b' "chat": {"id": 42, "type": "private"}, "from": {"id": 42, "first_name": "Mia"}}}'
    )
    event = dead_event(talk, body=update)

    with django_capture_on_commit_callbacks(execute=True):
        outcome = replay("inbound", event)
    work()

    event.refresh_from_db()
    assert outcome.done == 1
    assert (event.status, event.outcome) == (InboundEvent.Status.DONE, "message")
    assert Message.objects.get(connection=talk).text == "Hi"


def test_poison_dies_again_with_its_reason_and_stays_replayable(
    work, django_capture_on_commit_callbacks
):
    event = dead_event(body=b'{"update_id": 1, "message": {"text": "no chat"}}', reason="old")
    with django_capture_on_commit_callbacks(execute=True):
        replay("inbound", event)
    work()

    event.refresh_from_db()
    assert event.status == InboundEvent.Status.REJECTED
    assert event.reason not in {"", "old"}


def test_an_event_for_an_account_not_connected_waits_for_it(north):
    event = dead_event(outcome="unrouted", stray_account_id="555")

    outcome = replay("inbound", event)

    assert outcome.done == 0
    assert outcome.refused == {str(event.pk): "not_connected"}
    assert box_of("inbound").find(str(event.pk)).doubt


# -- what was to go out


def test_a_failed_message_is_queued_anew(north):
    message = dead_message(external_id="wamid.1", external_key="k1")

    assert replay("outbound", message).done == 1

    message.refresh_from_db()
    assert message.state == Message.State.QUEUED
    assert (message.attempts, message.error_code, message.external_key) == (0, "", "")


def test_an_unknown_fate_is_not_tried_again_without_a_persons_word(north):
    message = dead_message(code=UNKNOWN_DELIVERY)

    outcome = replay("outbound", message)
    message.refresh_from_db()
    assert outcome.refused == {str(message.pk): UNKNOWN_DELIVERY}
    assert message.state == Message.State.FAILED

    assert replay("outbound", message, sure=True).done == 1


def test_a_person_who_saw_it_arrive_settles_it(people):
    message = dead_message(code=UNKNOWN_DELIVERY)

    assert deeds.settle(box=box_of("outbound"), letter_id=str(message.pk), actor="user:1")

    message.refresh_from_db()
    assert message.state == Message.State.SENT
    assert page_of(people["admin"], Wanted()).letters == []
    assert not deeds.settle(box=box_of("outbound"), letter_id=str(message.pk), actor="user:1")


def test_the_ai_speaks_not_over_a_newer_word(north):
    talk = make_conversation()
    stale = dead_message(talk, author=Message.Author.AI)
    make_message(conversation=talk, text="Never mind")
    fresh = dead_message(talk, author=Message.Author.AI)

    outcome = replay("outbound", stale, fresh)

    assert outcome.refused == {str(stale.pk): "conversation_moved_on"}
    assert outcome.done == 1


def test_the_ai_speaks_not_where_a_person_leads(north):
    message = dead_message(make_conversation(controller="human"), author=Message.Author.AI)

    assert replay("outbound", message).refused == {str(message.pk): "conversation_moved_on"}


def test_what_a_colleague_withdrew_is_no_dead_letter(people):
    dead_message(code="taken_over")

    assert page_of(people["admin"], Wanted()).letters == []


def test_a_second_private_answer_to_a_comment_is_refused(north):
    talk = make_conversation(surface="comments")
    comment = make_message(conversation=talk)
    failed = dead_message(talk, answers=comment, is_private=True)
    make_message(
        conversation=talk, direction="out", author="human", state="sent", answers=comment,
        is_private=True,
    )  # fmt: skip

    assert replay("outbound", failed).refused == {str(failed.pk): "private_reply_used"}


# -- CRM


def test_a_record_let_go_gets_a_new_chance_with_the_leads_next_change(people):
    from crm.services import mark_dirty

    record = dead_record()
    deeds.discard(box=box_of("crm"), ids=[str(record.pk)], actor="user:1")
    lead = record.lead
    lead.version += 1
    lead.save()

    mark_dirty(leads=[lead])

    record.refresh_from_db()
    assert record.state == SyncRecord.State.DIRTY


def test_one_that_died_anew_is_a_letter_again(people):
    from crm.providers.base import Outcome
    from crm.services.outcomes import SETTLED, Counts, settle
    from tenants.plugins.errors import Rejected

    record = dead_record(discarded_at=timezone.now())
    assert page_of(people["admin"], Wanted()).letters == []

    settle(record, Outcome("k", "", 400, "", Rejected("no")), 1, Counts())
    record.save(update_fields=SETTLED)

    assert len(page_of(people["admin"], Wanted()).letters) == 1


# -- orders


def run_order(order):
    rounds = 1
    while deeds.carry_on(order_id=order.pk):
        rounds += 1
    order.refresh_from_db()
    return rounds


def test_an_order_tries_all_of_a_reason_and_no_other(north, monkeypatch):
    monkeypatch.setattr(deeds, "SLICE", 4)
    connection = make_connection()
    for _ in range(10):
        dead_event(connection, reason="mid is missing.")
    other = dead_event(connection, reason="Not JSON.")

    order = deeds.order(
        box=box_of("inbound"), wanted=Wanted(reason="mid is missing."), actor="user:1"
    )
    rounds = run_order(order)

    assert (order.total, order.done, order.refused, order.state) == (10, 10, 0, "done")
    assert rounds == 3
    other.refresh_from_db()
    assert other.status == InboundEvent.Status.REJECTED
    assert InboundEvent.objects.filter(status="pending").count() == 10


def test_an_order_says_what_stayed_and_why(north):
    dead_message()
    dead_message(code=UNKNOWN_DELIVERY)

    order = deeds.order(box=box_of("outbound"), wanted=Wanted(), actor="user:1")
    run_order(order)

    assert (order.done, order.refused) == (1, 1)
    assert list(order.refusals.values()) == [1]


def test_what_dies_again_meanwhile_is_not_tried_for_ever(north):
    event = dead_event(processed_at=timezone.now() - timedelta(minutes=5))
    order = deeds.order(box=box_of("inbound"), wanted=Wanted(), actor="user:1")
    event.processed_at = timezone.now() + timedelta(seconds=1)
    event.save()

    run_order(order)

    assert (order.done, order.state) == (0, "done")


def test_an_order_since_a_time(north):
    old = dead_event(processed_at=timezone.now() - timedelta(days=3))
    dead_event()

    order = deeds.order(
        box=box_of("inbound"), wanted=Wanted(since=timezone.now() - timedelta(days=1)), actor="x"
    )
    run_order(order)

    old.refresh_from_db()
    assert (order.done, old.status) == (1, InboundEvent.Status.REJECTED)


def test_a_lost_order_is_rung_again(north, work):
    dead_record()
    order = ReplayOrder.objects.create(kind="crm", ordered_by="user:1", total=1)
    ReplayOrder.objects.update(touched_at=timezone.now() - timedelta(minutes=5))

    assert deeds.sweep() == {"orders": 1}
    assert "carry_out_order" in work()

    order.refresh_from_db()
    assert (order.state, order.done) == ("done", 1)


def test_an_order_lets_go_as_well(people):
    for _ in range(3):
        dead_record()

    order = deeds.order(
        box=box_of("crm"), wanted=Wanted(), actor="user:1", deed=ReplayOrder.Deed.DISCARD
    )
    run_order(order)

    assert order.done == 3
    assert page_of(people["admin"], Wanted()).letters == []
    assert SyncRecord.objects.filter(state="dead").count() == 3


def test_hearing_of_the_same_version_again_forgets_no_tries(north):
    """A record that was given up shows how often it was tried until it gets a new chance."""
    from crm.services import mark_dirty

    record = dead_record()

    mark_dirty(leads=[record.lead])

    record.refresh_from_db()
    assert (record.state, record.attempts) == (SyncRecord.State.DEAD, 14)

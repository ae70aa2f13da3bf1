"""Trying letters again and letting them go: one, some, or all of a kind."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import dramatiq
import redis
from django.db import transaction
from django.utils import timezone

from tenants.audit.services import record
from tenants.deadletters.boxes import LetterBox, Replayed, Wanted, box_of
from tenants.deadletters.models import ReplayOrder
from tenants.deadletters.reading import forget_badge
from tenants.live import publish

logger = logging.getLogger(__name__)

SLICE = 200  # letters to one transaction of an order
FORGOTTEN = timedelta(seconds=60)  # an order that nobody touched for so long lost its worker


def replay(*, box: LetterBox, ids: Iterable[str], actor: str, sure: bool = False) -> Replayed:
    """Try these letters again now. Asked twice, each is tried once."""
    chosen = list(ids)
    with transaction.atomic():
        outcome = box.replay(chosen, sure=sure)
        if outcome.done:
            _on_record("dead_letters.replayed", box, actor, chosen, outcome.done)
    forget_badge()
    return outcome


def discard(*, box: LetterBox, ids: Iterable[str], actor: str) -> int:
    """Let these letters go; returns how many were there."""
    chosen = list(ids)
    with transaction.atomic():
        count = box.discard(chosen)
        if count:
            _on_record("dead_letters.discarded", box, actor, chosen, count)
    forget_badge()
    return count


def settle(*, box: LetterBox, letter_id: str, actor: str) -> bool:
    """A person has looked: what was in doubt did happen, nothing is to be tried again."""
    with transaction.atomic():
        settled = box.settle(letter_id)
        if settled:
            _on_record("dead_letters.settled", box, actor, [letter_id], 1)
    forget_badge()
    return settled


@transaction.atomic
def order(
    *, box: LetterBox, wanted: Wanted, actor: str, deed: str = ReplayOrder.Deed.REPLAY
) -> ReplayOrder:
    """Have all letters that match be tried again (or let go), a slice at a time."""
    made = ReplayOrder.objects.create(
        deed=deed,
        kind=box.kind,
        reason=wanted.reason,
        platform=wanted.platform,
        since=wanted.since,
        until=timezone.now(),
        total=sum(tally.count for tally in box.tally(wanted)),
        ordered_by=actor[:120],
    )
    _ring(made.pk)
    record(
        action=f"dead_letters.{'replay' if deed == ReplayOrder.Deed.REPLAY else 'discard'}_ordered",
        subject=f"replay_order:{made.pk}",
        actor=actor,
        details={"kind": box.kind, "letters": made.total},
    )
    return made


def carry_on(*, order_id: int) -> bool:
    """Do an order's next slice; False when there is none (or somebody else is at it)."""
    with transaction.atomic():
        row = (
            ReplayOrder.objects.select_for_update(skip_locked=True)
            .filter(pk=order_id, state=ReplayOrder.State.RUNNING)
            .first()
        )
        box = box_of(row.kind) if row else None
        if row is None or box is None:
            return False
        wanted = Wanted(row.reason, row.platform, row.since, row.until)
        ids = box.ids(wanted, after=row.after, limit=SLICE)
        if ids:
            _do(row, box, ids)
            row.after = ids[-1]
        if len(ids) < SLICE:
            row.state = ReplayOrder.State.DONE
            row.finished_at = timezone.now()
        row.save()
        publish("dead_letters", permission="deadletters.view_letter", order=row.pk, seen=row.seen)
    forget_badge()
    return row.state == ReplayOrder.State.RUNNING


def _do(row: ReplayOrder, box: LetterBox, ids: list[str]) -> None:
    if row.deed == ReplayOrder.Deed.DISCARD:
        row.done += box.discard(ids)
        return
    outcome = box.replay(ids)
    row.done += outcome.done
    row.refused += len(outcome.refused)
    for code in outcome.refused.values():
        text = outcome.texts[code]
        row.refusals[text] = row.refusals.get(text, 0) + 1


def sweep() -> dict[str, int]:
    """Ring again the orders that nobody has touched for a while."""
    stale = ReplayOrder.objects.filter(
        state=ReplayOrder.State.RUNNING, touched_at__lt=timezone.now() - FORGOTTEN
    )
    ids = list(stale.values_list("pk", flat=True)[:100])
    for order_id in ids:
        _ring_now(order_id)
    return {"orders": len(ids)}


def prune_orders(*, before: datetime) -> int:
    """Let go of orders that were finished before that; what they did stands in the audit log."""
    finished = ReplayOrder.objects.filter(state=ReplayOrder.State.DONE, finished_at__lt=before)
    return finished.delete()[0]


def _ring(order_id: int) -> None:
    transaction.on_commit(partial(_ring_now, order_id))


def _ring_now(order_id: int) -> None:
    # By the actor's name: its module imports these deeds.
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name="upkeep", actor_name="carry_out_order", args=(order_id,), kwargs={}, options={}
    )
    try:
        dramatiq.get_broker().enqueue(message)
    except redis.RedisError:
        logger.warning("order %s was not enqueued; the sweeper will", order_id, exc_info=True)


def _on_record(action: str, box: LetterBox, actor: str, ids: list[str], count: int) -> None:
    subject = f"{box.kind}:{ids[0]}" if len(ids) == 1 else f"{box.kind}:{len(ids)} letters"
    record(action=action, subject=subject, actor=actor, details={"count": count})

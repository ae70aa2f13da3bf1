"""Keeping what a webhook brought, before anybody looks into it: one statement a company."""

from collections.abc import Iterable, Sequence
from functools import partial

from django.db import transaction
from django.utils import timezone

from channels_app.models import new_event_id
from crm.hooks.values import Item
from crm.models import HookEvent, IncomingHook
from crm.services.ringing import ring_hook_events
from tenants import context, crypto
from tenants.unrouted import let_go, unrouted

ROWS = 500  # to one statement
BODY = "crm_hookevent.body"
State = HookEvent.State

_INSERT = """
INSERT INTO crm_hookevent AS kept
  (id, hook_id, key, kind, body, state, outcome, reason, attempts, received_at)
VALUES {rows}
ON CONFLICT (hook_id, key) DO UPDATE
  SET body = EXCLUDED.body, state = EXCLUDED.state, outcome = EXCLUDED.outcome,
      reason = EXCLUDED.reason, attempts = 0, received_at = EXCLUDED.received_at
  WHERE kept.state IN ('rejected', 'discarded')
RETURNING id::text
"""
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, 0, %s)"


def keep_events(*, hook_id: int, items: Iterable[Item], rejected: str = "") -> list[str]:
    """Keep events of one hook; return the ids of those that were not there yet.

    A repeated delivery changes nothing, except where the first was rejected: a dead row must
    not stand in the way of a second try. ``rejected`` is the reason none of them can be read.
    """
    state = State.REJECTED if rejected else State.RECEIVED
    outcome = "rejected" if rejected else ""
    return _keep(hook_id, items, state=state, outcome=outcome, reason=rejected)


def keep_strays(*, hook_id: int, items: Iterable[Item]) -> list[str]:
    """Keep what came to a hook's own address about an account that is not its own."""
    reason = "For an account that this connection is not about."
    return _keep(hook_id, items, state=State.UNSUPPORTED, outcome="unrouted", reason=reason)


def take_in_unrouted_events(*, hook: IncomingHook) -> int:
    """Take in what came for the hook's account before it was known; return how many."""
    moved = 0
    while hook.account_id and (events := unrouted(platform=hook.kind, account_id=hook.account_id)):
        items = [Item(event.account_id, event.key, event.kind, event.body) for event in events]
        with transaction.atomic():
            kept = keep_events(hook_id=hook.pk, items=items)
            let_go(events)
            transaction.on_commit(partial(ring_hook_events, kept))
        moved += len(kept)
    return moved


def _keep(
    hook_id: int, items: Iterable[Item], *, state: str, outcome: str, reason: str
) -> list[str]:
    now = timezone.now()
    rows = [
        (
            new_event_id(),
            hook_id,
            item.key,
            item.kind,
            crypto.encrypt(item.body, column=BODY),
            state,
            outcome,
            reason,
            now,
        )
        for item in {item.key: item for item in items}.values()
    ]
    kept: list[str] = []
    for start in range(0, len(rows), ROWS):
        kept += _insert(rows[start : start + ROWS])
    return kept


def _insert(rows: Sequence[tuple[object, ...]]) -> list[str]:
    statement = _INSERT.format(rows=", ".join([_ROW] * len(rows)))
    with context.connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in row])
        return [found[0] for found in cursor.fetchall()]

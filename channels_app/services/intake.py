"""Keeping what a webhook brought, before anybody looks into it.

This is the part a network waits for: one statement per company, committed on its own.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from channels_app.models import ChannelConnection, InboundEvent, new_event_id
from channels_app.providers.values import RawItem
from channels_app.services.ringing import ring_events
from tenants import context, crypto
from tenants.models import WebhookRoute
from tenants.unrouted import let_go, unrouted

ROWS = 500  # to one statement
BODY = "channels_app_inboundevent.body"
PENDING = InboundEvent.Status.PENDING.value
REJECTED = InboundEvent.Status.REJECTED.value
DISCARDED = InboundEvent.Status.DISCARDED.value
UNROUTED = "unrouted"
NOT_HERE = "For an account that is not connected here."

_INSERT = """
INSERT INTO {schema}.channels_app_inboundevent AS kept
  (id, connection_id, key, kind, body, status, outcome, reason, stray_account_id, received_at,
   awaits, attempts)
VALUES {rows}
ON CONFLICT (connection_id, key) DO UPDATE
  SET kind = EXCLUDED.kind, body = EXCLUDED.body, status = EXCLUDED.status,
      reason = EXCLUDED.reason, outcome = EXCLUDED.outcome, attempts = 0,
      received_at = EXCLUDED.received_at,
      stray_account_id = EXCLUDED.stray_account_id
  WHERE kept.status IN ('rejected', 'discarded')
RETURNING id::text
"""
_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', 0)"


def store(*, connection_id: int, items: Iterable[RawItem], rejected: str = "") -> list[str]:
    """Keep items of one connection; return the ids of those that were not there yet.

    A repeated delivery changes nothing, except where the first was rejected: a dead row must
    not stand in the way of a second try. ``rejected`` is the reason none of them can be read.
    """
    return _store(connection_id, items, rejected=rejected, outcome="rejected" if rejected else "")


def store_strays(*, connection_id: int, items: Iterable[RawItem]) -> list[str]:
    """Keep what came to a connection's address for an account that the company has not
    connected; should it do so later, they are taken in."""
    return _store(connection_id, items, rejected=NOT_HERE, outcome=UNROUTED)


def came_lately(*, connection_id: int, key: str, within: timedelta) -> bool:
    """Whether an item of this name was kept a moment ago, and can be read."""
    found = InboundEvent.objects.filter(
        connection=connection_id, key=key, received_at__gt=timezone.now() - within
    )
    return found.exclude(status__in=[REJECTED, DISCARDED]).exists()


def _store(
    connection_id: int, items: Iterable[RawItem], *, rejected: str, outcome: str
) -> list[str]:
    by_key = {item.key: item for item in items}
    status = REJECTED if rejected else PENDING
    now = timezone.now()
    rows = [
        (
            new_event_id(),
            connection_id,
            item.key,
            item.kind,
            crypto.encrypt(item.body, column=BODY),
            status,
            outcome,
            rejected,
            item.account_id if outcome == UNROUTED else "",
            now,
        )
        for item in by_key.values()
    ]
    stored: list[str] = []
    for start in range(0, len(rows), ROWS):
        stored += _insert(rows[start : start + ROWS])
    return stored


def _insert(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """One statement, naming its schema: choosing the search path would cost another round trip,
    on a connection that is new to this request."""
    connection = context.connection
    schema = connection.ops.quote_name(context.schema())
    statement = _INSERT.format(schema=schema, rows=", ".join([_ROW] * len(rows)))
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(statement, [value for row in rows for value in row])
        return [found[0] for found in cursor.fetchall()]


def take_in_unrouted(*, connection: ChannelConnection) -> int:
    """Take in what came before this account was connected; return how many.

    What lies in public is for the company that has shown the account to be its own.
    """
    moved = _take_in_strays(connection)
    if not is_verified(connection):
        return moved
    while events := unrouted(platform=connection.platform, account_id=connection.account_id):
        items = [RawItem(event.account_id, event.key, event.kind, event.body) for event in events]
        with transaction.atomic():
            stored = store(connection_id=connection.pk, items=items)
            let_go(events)
            transaction.on_commit(partial(ring_events, stored))
        moved += len(stored)
    return moved


def is_verified(connection: ChannelConnection) -> bool:
    """Whether the account was shown to be this company's."""
    return WebhookRoute.objects.filter(
        platform=connection.platform,
        account_id=connection.account_id,
        company=context.current_company(),
        is_verified=True,
    ).exists()


@transaction.atomic
def _take_in_strays(connection: ChannelConnection) -> int:
    strays = InboundEvent.objects.filter(
        stray_account_id=connection.account_id, connection__platform=connection.platform
    )
    here = InboundEvent.objects.filter(connection=connection).values("key")
    found = list(strays.exclude(key__in=here).values_list("pk", flat=True))
    if found:
        InboundEvent.objects.filter(pk__in=found).update(
            connection=connection, status=PENDING, outcome="", reason="", stray_account_id=""
        )
        transaction.on_commit(partial(ring_events, [str(event_id) for event_id in found]))
    return len(found)

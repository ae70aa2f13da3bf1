"""Writing down that something happened, for whoever subscribed to it."""

import uuid
from collections.abc import Callable

from django.utils import timezone

from tenants import crypto
from tenants.outgoing.events import D, EventType, data_of
from tenants.outgoing.services.ringing import ring_endpoint
from tenants.outgoing.services.wanted import is_wanted
from tenants.statements import Statement


def _never() -> bool:
    return False


def announce(
    event: EventType[D], build: Callable[[], D], *, unless: Callable[[], bool] = _never
) -> None:
    """Tell whoever subscribed, once the current transaction is committed, of what it does.

    ``build`` and ``unless`` are asked only where somebody wants to know. Where nobody does, which
    is usual, this costs no statement.
    """
    if is_wanted(event.name) and not unless():
        _write(event, build())


def _write(event: EventType[D], value: D) -> None:
    """The event and its deliveries, in one statement; nothing where nobody asks for it any more."""
    endpoints = _EVENT.rows(
        {
            "uid": uuid.uuid4(),
            "kind": event.name,
            "version": event.version,
            "data": crypto.encrypt(data_of(value), column="outgoing_event.data"),
            "now": timezone.now(),
        }
    )
    for (endpoint_id,) in endpoints:
        ring_endpoint(endpoint_id)


# An address that said it is gone is told nothing; one that rests, or was switched off for
# failing, is told once it is back.
_EVENT = Statement("""
WITH asking AS (
    SELECT id FROM outgoing_endpoint
    WHERE jsonb_exists(events, %(kind)s) AND cause <> 'gone' FOR KEY SHARE
), event AS (
    INSERT INTO outgoing_event (uid, kind, version, data, created_at)
    SELECT %(uid)s::uuid, %(kind)s, %(version)s::smallint, %(data)s::bytea, %(now)s::timestamptz
    WHERE EXISTS (SELECT FROM asking) RETURNING id
)
INSERT INTO outgoing_delivery
    (uid, endpoint_id, event_id, state, attempts, next_attempt_at, error_code)
SELECT gen_random_uuid(), asking.id, event.id, 'waiting', 0, %(now)s::timestamptz, ''
FROM asking, event ORDER BY asking.id RETURNING endpoint_id
""")

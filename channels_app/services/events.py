"""Looking after stored events: answering one to its network, trying one again."""

import logging
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.db import transaction

from channels_app.models import InboundEvent
from channels_app.services.canaries import OUTCOME as CANARY
from channels_app.services.ringing import ring, ring_events
from tenants.audit.services import record
from tenants.plugins.errors import ProviderError

logger = logging.getLogger(__name__)


def acknowledge(*, event_id: str) -> bool:
    """Tell the network that we took an event it waits for; it matters for seconds only."""
    event = InboundEvent.objects.select_related("connection").get(pk=event_id)
    try:
        event.connection.provider().acknowledge(event.kind, event.body)
    except ProviderError as error:
        logger.info("event %s was not acknowledged: %s", event_id, error)
        return False
    return True


@transaction.atomic
def replay(*, event: InboundEvent, actor: str = "") -> InboundEvent:
    """Read a stored event once more, whatever came of it; what it brought is not doubled.

    One for an account that is not connected stays as it is until the account is; a test event
    of ours is nothing to be read again.
    """
    if event.stray_account_id or event.outcome == CANARY:
        return event
    event.status = InboundEvent.Status.PENDING
    event.outcome = event.reason = ""
    event.attempts = 0
    event.save(update_fields=["status", "outcome", "reason", "attempts"])
    ring("ingest_event", str(event.pk))
    record(action="event.replayed", subject=f"event:{event.pk}", actor=actor or "system")
    return event


@transaction.atomic
def replay_events(
    *, ids: Sequence[str], status: str = InboundEvent.Status.REJECTED
) -> tuple[int, list[UUID]]:
    """Read events of this status once more, in the order in which they came.

    Returns how many, and those that stay: they are for an account that is not connected.
    """
    found = list(
        InboundEvent.objects.select_for_update()
        .filter(pk__in=ids, status=status)
        .order_by("pk")
        .values_list("pk", "stray_account_id")
    )
    readable = [pk for pk, stray in found if not stray]
    InboundEvent.objects.filter(pk__in=readable).update(
        status=InboundEvent.Status.PENDING, outcome="", reason="", attempts=0, processed_at=None
    )
    if readable:
        transaction.on_commit(partial(ring_events, [str(pk) for pk in readable]))
    return len(readable), [pk for pk, stray in found if stray]


@transaction.atomic
def discard_events(*, ids: Sequence[str], status: str = InboundEvent.Status.REJECTED) -> int:
    """Nobody wants these any more. Should the network bring one again, it is read anew."""
    return InboundEvent.objects.filter(pk__in=ids, status=status).update(
        status=InboundEvent.Status.DISCARDED, stray_account_id=""
    )

"""Looking after stored events: answering one to its network, trying one again."""

import logging

from django.db import transaction

from channels_app.models import InboundEvent
from channels_app.services.ringing import ring
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

    One for an account that is not connected stays as it is until the account is.
    """
    if event.stray_account_id:
        return event
    event.status = InboundEvent.Status.PENDING
    event.outcome = event.reason = ""
    event.attempts = 0
    event.save(update_fields=["status", "outcome", "reason", "attempts"])
    ring("ingest_event", str(event.pk))
    record(action="event.replayed", subject=f"event:{event.pk}", actor=actor or "system")
    return event

"""Looking after stored events: trying one again."""

from django.db import transaction

from channels_app.models import InboundEvent
from channels_app.services.ringing import ring
from tenants.audit.services import record


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

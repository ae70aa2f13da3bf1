"""What was committed and never finished, and what is old."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from tenants.outgoing.models import Delivery, Endpoint, Event
from tenants.outgoing.services.delivering import CLAIMED
from tenants.outgoing.services.ringing import ring_endpoint, ring_notice

State = Delivery.State
SLICE = 2_000


def sweep() -> dict[str, int]:
    """Free what a dead worker held, and ring every address that has something due."""
    if not Endpoint.objects.exists():
        return {}
    now = timezone.now()
    freed = Delivery.objects.filter(state=State.SENDING, claimed_at__lt=now - CLAIMED).update(
        state=State.WAITING, claimed_at=None, next_attempt_at=now
    )
    awake = Endpoint.objects.filter(
        Q(rest_until=None) | Q(rest_until__lte=now), state=Endpoint.State.ACTIVE
    )
    due = awake.filter(deliveries__state=State.WAITING, deliveries__next_attempt_at__lte=now)
    ids = list(due.order_by("pk").values_list("pk", flat=True).distinct())
    for endpoint_id in ids:
        ring_endpoint(endpoint_id)
    untold = Endpoint.objects.filter(state=Endpoint.State.DISABLED, told_at=None)
    for endpoint_id in untold.values_list("pk", flat=True):
        ring_notice(endpoint_id)
    return {"freed": freed, "endpoints": len(ids)}


def prune_events(*, before: datetime) -> int:
    """Let go of events that happened before that, with their deliveries and tries.

    What waits stays, and what was given up: somebody has to look at it.
    """
    open_still = Delivery.objects.filter(event=OuterRef("pk")).exclude(
        Q(state=State.DELIVERED) | Q(discarded_at__isnull=False)
    )
    old = Event.objects.filter(~Exists(open_still), created_at__lt=before).order_by("pk")
    count = 0
    while ids := list(old.values_list("pk", flat=True)[:SLICE]):
        Event.objects.filter(pk__in=ids).delete()
        count += len(ids)
    return count

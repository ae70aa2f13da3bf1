"""Sending again what was sent or given up, under the same id; and sending a test."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.audit.services import record
from tenants.outgoing.events import TESTED, Tested, data_of
from tenants.outgoing.models import Delivery, DeliveryQuerySet, Endpoint, Event
from tenants.outgoing.services.ringing import ring_delivery, ring_endpoint

State = Delivery.State


@transaction.atomic
def send_test(*, endpoint: Endpoint, actor: str) -> Delivery:
    """Tell an address that nothing happened, now and once, whatever it is at."""
    event = Event.objects.create(
        kind=TESTED.name, version=TESTED.version, data=data_of(Tested(message="It works."))
    )
    # One that fails is not tried again by itself: whoever asked looks at what came of it.
    delivery: Delivery = Delivery.objects.create(endpoint=endpoint, event=event)
    ring_delivery(delivery.pk)
    record(action="webhook.tested", subject=f"webhook:{endpoint.pk}", actor=actor)
    return delivery


@transaction.atomic
def replay_delivery(*, delivery: Delivery, actor: str) -> Delivery:
    """Send one again now. What waits or is under way goes out without that."""
    row: Delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    if row.state not in {State.DELIVERED, State.DEAD}:
        raise ValidationError({"state": _("It is on its way already.")})
    _set_out(Delivery.objects.filter(pk=row.pk))
    ring_delivery(row.pk)
    record(action="webhook.replayed", subject=f"delivery:{row.pk}", actor=actor)
    row.refresh_from_db()
    return row


@transaction.atomic
def replay_failed(*, endpoint: Endpoint, since: datetime | None = None, actor: str) -> int:
    """Send everything again that was given up, or that was since then; says how much."""
    dead = Delivery.objects.dead().filter(endpoint=endpoint)
    if since is not None:
        dead = dead.filter(settled_at__gte=since)
    count = replay_dead(deliveries=dead)
    if count:
        details = {"count": count}
        record(
            action="webhook.replayed",
            subject=f"webhook:{endpoint.pk}",
            actor=actor,
            details=details,
        )
    return count


@transaction.atomic
def replay_dead(*, deliveries: DeliveryQuerySet) -> int:
    """Those of them that are dead take their turn again, under their ids."""
    dead = deliveries.dead()
    endpoints = set(dead.order_by().values_list("endpoint_id", flat=True))
    count = _set_out(dead)
    for endpoint_id in sorted(endpoints):
        ring_endpoint(endpoint_id)
    return count


def discard_dead(*, deliveries: DeliveryQuerySet) -> int:
    """Let them go: they stay in the log, and are nobody's concern any more."""
    return deliveries.dead().update(discarded_at=timezone.now())


def _set_out(rows: DeliveryQuerySet) -> int:
    return rows.update(
        state=State.WAITING,
        attempts=0,
        next_attempt_at=timezone.now(),
        settled_at=None,
        discarded_at=None,
        claimed_at=None,
    )

"""Telling addresses: claimed first, sent outside any transaction, written down afterwards.

The claim is a commit of its own: whatever happens next, the row says that it was under way, and
the sweeper sends it again under the same id. A receiver that remembers ids takes each once.
"""

import time
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tenants import context
from tenants.limits import Rate, take
from tenants.outgoing.models import Delivery, Endpoint
from tenants.outgoing.sending import Tried, try_once
from tenants.outgoing.services.outcomes import settle

State = Delivery.State

BATCH = 10
SPENDS_SECONDS = 20.0  # of one worker, then it is another address's turn
CLAIMED = timedelta(minutes=5)  # whoever holds a row longer has died
RATE = Rate(20, 1.0)  # to one address
COMPANY_RATE = Rate(60, 1.0)  # to all addresses of a company


def deliver_due(*, endpoint_id: int) -> float | None:
    """Send what is due at an address, in the order in which it happened, until trouble or time
    ends it. Safe to call at any time; returns in how many seconds to go on, None if not at all.

    Only whoever tried something says when to go on, else each ring would leave a timer behind.
    """
    ends = time.monotonic() + SPENDS_SECONDS
    has_tried = False
    while time.monotonic() < ends:
        endpoint, batch = _claim(endpoint_id)
        if endpoint is None or not batch:
            return _next_due_in(endpoint_id) if has_tried else None
        for number, delivery in enumerate(batch):
            wait = _wait_for_room(endpoint_id)
            if wait or time.monotonic() > ends:
                _put_back(batch[number:])
                return wait or 0.0
            tried, has_tried = _try(endpoint, delivery), True
            if settle(delivery=delivery, tried=tried).is_troubled:
                _put_back(batch[number + 1 :])
                return _next_due_in(endpoint_id)
    return 0.0


def deliver_one(*, delivery_id: int) -> int | None:
    """Send this one now, though its address may rest or be switched off: a person wants to see
    what comes of it. Returns the address, whose other deliveries may have waited meanwhile."""
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("endpoint", "event")
            .filter(pk=delivery_id, state=State.WAITING)
            .first()
        )
        if delivery is None:
            return None
        delivery.state, delivery.claimed_at = State.SENDING, timezone.now()
        delivery.save(update_fields=["state", "claimed_at"])
    settle(delivery=delivery, tried=_try(delivery.endpoint, delivery))
    endpoint_id: int = delivery.endpoint_id
    return endpoint_id


def _claim(endpoint_id: int) -> tuple[Endpoint | None, list[Delivery]]:
    """The next few, oldest first, unless somebody else is at this address."""
    now = timezone.now()
    with transaction.atomic():
        endpoint = (
            Endpoint.objects.select_for_update(no_key=True)
            .filter(Q(rest_until=None) | Q(rest_until__lte=now))
            .filter(pk=endpoint_id, state=Endpoint.State.ACTIVE)
            .first()
        )
        if endpoint is None or _is_under_way(endpoint_id):
            return None, []
        due = Delivery.objects.due().filter(endpoint=endpoint_id).select_related("event")
        batch = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:BATCH])
        Delivery.objects.filter(pk__in=[each.pk for each in batch]).update(
            state=State.SENDING, claimed_at=now
        )
    return endpoint, batch


def _is_under_way(endpoint_id: int) -> bool:
    """One worker to an address: two would tell it things in any order."""
    fresh = timezone.now() - CLAIMED
    return bool(
        Delivery.objects.filter(
            endpoint=endpoint_id, state=State.SENDING, claimed_at__gt=fresh
        ).exists()
    )


def _wait_for_room(endpoint_id: int) -> float:
    for name, rate in ((f"outgoing:{endpoint_id}", RATE), ("outgoing", COMPANY_RATE)):
        verdict = take(name, rate)
        if not verdict.allowed:
            return verdict.wait_seconds + 0.01
    return 0.0


def _try(endpoint: Endpoint, delivery: Delivery) -> Tried:
    body, at = delivery.event.body(), timezone.now()
    keys, url, known_as = endpoint.keys(), endpoint.url, delivery.public_id
    context.release()
    return try_once(url=url, keys=keys, delivery_id=known_as, body=body, at=at)


def _put_back(batch: list[Delivery]) -> None:
    """Not tried: they are as they were."""
    Delivery.objects.filter(pk__in=[each.pk for each in batch], state=State.SENDING).update(
        state=State.WAITING, claimed_at=None
    )


def _next_due_in(endpoint_id: int) -> float | None:
    """Seconds until something is due at an address that nobody else is busy with."""
    endpoint = Endpoint.objects.filter(pk=endpoint_id, state=Endpoint.State.ACTIVE).first()
    if endpoint is None or _is_under_way(endpoint_id):
        return None
    waiting = Delivery.objects.filter(endpoint=endpoint_id, state=State.WAITING)
    first = waiting.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    if first is None:
        return None
    due = max(first, endpoint.rest_until or first)
    return max(0.0, (due - timezone.now()).total_seconds())

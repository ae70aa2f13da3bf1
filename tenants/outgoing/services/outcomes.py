"""What came of a try: delivered, tried again later, given up; and what it says of the address."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from tenants import live
from tenants.outgoing import patience
from tenants.outgoing.events import TEST
from tenants.outgoing.models import Attempt, Delivery, Endpoint
from tenants.outgoing.sending import Tried
from tenants.outgoing.services.ringing import ring_notice

State = Delivery.State
SEEN_EVERY = timedelta(minutes=1)
SEE = "outgoing.view_delivery"


@dataclass(frozen=True, slots=True)
class Settled:
    """``is_troubled``: its address takes nothing at the moment."""

    is_troubled: bool = False


@transaction.atomic
def settle(*, delivery: Delivery, tried: Tried) -> Settled:
    """Write the try down and draw its consequences; of an address that is gone there are none."""
    # The address before its deliveries, as whoever claims or removes them does.
    endpoint = (
        Endpoint.objects.select_for_update(no_key=True).filter(pk=delivery.endpoint_id).first()
    )
    if endpoint is None:
        return Settled(is_troubled=True)
    Attempt.objects.create(
        delivery_id=delivery.pk,
        at=tried.at,
        status=tried.status,
        milliseconds=tried.milliseconds,
        error_code=tried.error_code,
        error_text=tried.error_text,
        request_headers=tried.request_headers,
        answer_headers=tried.headers,
        answer_body=tried.body,
    )
    # Somebody may have died holding it, and another have sent it since: then it is told already.
    row = Delivery.objects.select_for_update().filter(pk=delivery.pk, state=State.SENDING).first()
    settled = Settled()
    if tried.is_taken:
        _taken(endpoint, row, tried)
    elif delivery.event.kind == TEST:
        _not_shown(row, tried)
    else:
        settled = _failed(endpoint, row, tried)
    if row is not None:
        _save(row, tried)
    return settled


def _taken(endpoint: Endpoint, row: Delivery | None, tried: Tried) -> None:
    if row is not None:
        row.state, row.settled_at = State.DELIVERED, tried.at
    seen = endpoint.last_success_at
    if not endpoint.failures and seen is not None and tried.at - seen < SEEN_EVERY:
        return
    if endpoint.rest_until is not None:
        # It is back: what waits for its own next try goes now, in its order.
        others = endpoint.deliveries.filter(state=State.WAITING)
        others.filter(next_attempt_at__gt=tried.at).update(next_attempt_at=tried.at)
    endpoint.failures, endpoint.failing_since, endpoint.rest_until = 0, None, None
    endpoint.last_success_at, endpoint.last_error = tried.at, ""
    endpoint.save(
        update_fields=["failures", "failing_since", "rest_until", "last_success_at", "last_error"]
    )


def _not_shown(row: Delivery | None, tried: Tried) -> None:
    """A test that failed has told what it was to tell: it is nobody's task, and no sign of
    trouble."""
    if row is not None:
        row.state, row.settled_at, row.discarded_at = State.DEAD, tried.at, tried.at


def _failed(endpoint: Endpoint, row: Delivery | None, tried: Tried) -> Settled:
    now = timezone.now()
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.last_error = tried.error_code
    if tried.concerns_all:
        rest = patience.rest_after(endpoint.failures, asked=tried.retry_after)
        endpoint.rest_until = now + timedelta(seconds=rest)
    if row is not None:
        pause = patience.pause_after(row.attempts + 1, asked=tried.retry_after)
        row.state = State.WAITING if pause is not None and not tried.is_gone else State.DEAD
        row.settled_at = None if row.state == State.WAITING else now
        row.next_attempt_at = now + timedelta(seconds=pause or 0)
    _switch_off_if_hopeless(endpoint, tried)
    endpoint.save(
        update_fields=["failures", "failing_since", "last_error", "rest_until"]
        + ["state", "cause", "told_at", "updated_at"]
    )
    return Settled(is_troubled=tried.concerns_all or not endpoint.is_sending)


def _switch_off_if_hopeless(endpoint: Endpoint, tried: Tried) -> None:
    """Of an address that a person paused, or that is switched off, nothing more is concluded."""
    if not endpoint.is_sending or endpoint.failing_since is None:
        return
    failing_for = timezone.now() - endpoint.failing_since
    hopeless = (
        endpoint.failures >= patience.GIVEN_UP_TRIES and failing_for >= patience.GIVEN_UP_AFTER
    )
    if not tried.is_gone and not hopeless:
        return
    endpoint.state = Endpoint.State.DISABLED
    endpoint.cause = Endpoint.Cause.GONE if tried.is_gone else Endpoint.Cause.FAILING
    endpoint.told_at = None
    ring_notice(endpoint.pk)


def _save(row: Delivery, tried: Tried) -> None:
    row.attempts += 1
    row.status, row.error_code = tried.status, tried.error_code
    row.claimed_at = None
    row.save(
        update_fields=["state", "attempts", "status", "error_code", "claimed_at"]
        + ["next_attempt_at", "settled_at", "discarded_at"]
    )
    live.publish(
        "webhook_delivery",
        permission=SEE,
        endpoint=row.endpoint_id,
        delivery=row.pk,
        state=row.state,
    )

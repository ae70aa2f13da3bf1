"""Telling a worker that an address has something to be told."""

from dataclasses import dataclass
from functools import partial

from django.db import transaction

from tenants import context
from tenants.ringing import ring_now

QUEUE = "outgoing"


@dataclass(slots=True)
class _Ring:
    """The several events of one transaction ring an address once."""

    endpoint_id: int
    is_over: bool = False

    def __call__(self) -> None:
        self.is_over = True
        ring_now(QUEUE, "deliver_events", self.endpoint_id)


def ring_endpoint(endpoint_id: int) -> None:
    """Once the current transaction is committed."""
    call = _Ring(endpoint_id)
    here = context.connection
    savepoints = set(here.savepoint_ids)
    if (savepoints, call) not in [(held, waiting) for held, waiting, _robust in here.run_on_commit]:
        transaction.on_commit(call)


def ring_delivery(delivery_id: int) -> None:
    """This one now, whatever its address is at."""
    transaction.on_commit(partial(ring_now, QUEUE, "deliver_event", delivery_id))


def ring_notice(endpoint_id: int) -> None:
    """The admins are to be told that an address was switched off."""
    transaction.on_commit(partial(ring_now, QUEUE, "tell_of_endpoint", endpoint_id))

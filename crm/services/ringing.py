"""Telling a worker that a connection has something to push, or that something came in."""

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from tenants.ringing import ring_now

CHUNK = 25  # events a worker takes at once from a big batch


def ring(actor: str, *args: int | str, delay: float = 0) -> None:
    """Enqueue once the current transaction is committed; ``delay`` in seconds."""
    transaction.on_commit(partial(ring_now, "crm", actor, *args, delay_seconds=delay))


def ring_hook_events(event_ids: Sequence[str]) -> None:
    """Enqueue the reading of events that are committed, in their order."""
    for start in range(0, len(event_ids), CHUNK):
        ring_now("crm", "read_hook_events", ",".join(event_ids[start : start + CHUNK]))

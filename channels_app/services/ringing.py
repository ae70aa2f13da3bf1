"""Telling the workers that there is something to do, by the actor's name."""

from functools import partial

from django.db import transaction

from tenants import ringing

QUEUES = {
    "ingest_event": "ingest",
    "ingest_events": "ingest",
    "acknowledge_event": "delivery",
    "deliver_message": "delivery",
    "poll_connection": "ingest",
    "renew_connection": "upkeep",
    "subscribe_connection": "upkeep",
    "examine_connection": "upkeep",
    "tell_of_findings": "upkeep",
    "compare_people": "upkeep",
    "set_timers": "upkeep",
    "tend_conversation": "upkeep",
    "give_out": "upkeep",
}
CHUNK = 25  # events a worker takes at once from a big batch


def ring(actor: str, *args: int | str, delay: float = 0) -> None:
    """Enqueue once the current transaction is committed; ``delay`` in seconds."""
    transaction.on_commit(partial(ring_now, actor, *args, delay=delay))


def ring_now(actor: str, *args: int | str, delay: float = 0) -> bool:
    """Enqueue at once. Without Redis it is the sweeper that finds the row."""
    return ringing.ring_now(QUEUES[actor], actor, *args, delay_seconds=delay)


def ring_events(event_ids: list[str]) -> None:
    """Enqueue the ingestion of stored events; a big batch goes in chunks, in its order."""
    if len(event_ids) == 1:
        ring_now("ingest_event", event_ids[0])
        return
    for start in range(0, len(event_ids), CHUNK):
        if not ring_now("ingest_events", ",".join(event_ids[start : start + CHUNK])):
            return

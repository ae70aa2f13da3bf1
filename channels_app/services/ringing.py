"""Telling the workers that there is something to do.

By the actor's name: actors stand one floor above and load their services from here. What is
rung is only a hint. The rows say what is to be done, and the sweeper re-rings what a lost
queue forgot.
"""

import logging
from functools import partial

import dramatiq
import redis
from django.db import transaction

logger = logging.getLogger(__name__)

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
}
CHUNK = 25  # events a worker takes at once from a big batch


def ring(actor: str, *args: int | str, delay: float = 0) -> None:
    """Enqueue once the current transaction is committed; ``delay`` in seconds."""
    transaction.on_commit(partial(ring_now, actor, *args, delay=delay))


def ring_now(actor: str, *args: int | str, delay: float = 0) -> bool:
    """Enqueue at once. Without Redis it is the sweeper that finds the row."""
    message: dramatiq.Message = dramatiq.Message(
        queue_name=QUEUES[actor], actor_name=actor, args=args, kwargs={}, options={}
    )
    try:
        dramatiq.get_broker().enqueue(message, delay=int(delay * 1000) or None)
    except redis.RedisError:
        logger.warning("%s%s was not enqueued; the sweeper will", actor, args, exc_info=True)
        return False
    return True


def ring_events(event_ids: list[str]) -> None:
    """Enqueue the ingestion of stored events; a big batch goes in chunks, in its order."""
    if len(event_ids) == 1:
        ring_now("ingest_event", event_ids[0])
        return
    for start in range(0, len(event_ids), CHUNK):
        if not ring_now("ingest_events", ",".join(event_ids[start : start + CHUNK])):
            return

"""Telling the workers that a file is to be fetched.

By the actor's name: actors stand above services and call them. A lost ring costs nothing but
time, for the row says what is to be done and the sweeper rings again.
"""

import logging
from functools import partial
from uuid import UUID

import dramatiq
import redis
from django.db import transaction

logger = logging.getLogger(__name__)


def ring_fetching(media_id: UUID, *, delay: float = 0) -> None:
    """Have the file fetched once the current transaction is committed; ``delay`` in seconds."""
    transaction.on_commit(partial(ring_now, media_id, delay=delay))


def ring_now(media_id: UUID, *, delay: float = 0) -> bool:
    message: dramatiq.Message = dramatiq.Message(
        queue_name="media", actor_name="fetch_media", args=(str(media_id),), kwargs={}, options={}
    )
    try:
        dramatiq.get_broker().enqueue(message, delay=int(delay * 1000) or None)
    except redis.RedisError:
        logger.warning("file %s was not rung for; the sweeper will", media_id, exc_info=True)
        return False
    return True

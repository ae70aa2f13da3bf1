"""Telling a worker that a connection has something to push.

By the actor's name: actors stand one floor above and load their services from here. What is
rung is only a hint; the rows say what is due.
"""

import logging
from functools import partial

import dramatiq
import redis
from django.db import transaction

logger = logging.getLogger(__name__)


def ring(actor: str, *args: int, delay: float = 0) -> None:
    """Enqueue once the current transaction is committed; ``delay`` in seconds."""
    transaction.on_commit(partial(_enqueue, actor, args, delay))


def _enqueue(actor: str, args: tuple[int, ...], delay: float) -> None:
    message: dramatiq.Message = dramatiq.Message(
        queue_name="crm", actor_name=actor, args=args, kwargs={}, options={}
    )
    try:
        dramatiq.get_broker().enqueue(message, delay=int(delay * 1000) or None)
    except redis.RedisError:
        logger.warning("%s%s was not enqueued; the beat will", actor, args, exc_info=True)

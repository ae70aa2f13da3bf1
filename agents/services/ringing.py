"""Putting a run on the thinking queue.

By the actor's name: its module imports the services, so they cannot import it. A ring that is
lost is found again by the sweeper, because the run's row says that it is due.
"""

import logging
from functools import partial

import dramatiq
import redis
from django.db import transaction

logger = logging.getLogger(__name__)


def ring(run_id: int, *, delay_seconds: float = 0.0) -> None:
    """Have ``think`` take the run up once the current transaction is committed."""
    transaction.on_commit(partial(_ring, run_id, delay_seconds))


def _ring(run_id: int, delay_seconds: float) -> None:
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name="thinking", actor_name="think", args=(run_id,), kwargs={}, options={}
    )
    try:
        dramatiq.get_broker().enqueue(message, delay=round(delay_seconds * 1000) or None)
    except redis.RedisError:
        logger.warning("run %s was not enqueued; the sweeper will", run_id, exc_info=True)

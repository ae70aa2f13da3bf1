"""Telling a worker that there is something to do.

By the actor's name: actors stand above services, and services ring for them. A ring is only a
hint. The rows say what is to be done, and the sweeper rings again for what a lost queue forgot.
"""

import logging

import dramatiq
from dramatiq.errors import BrokerError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def ring_now(queue: str, actor: str, *args: int | str, delay_seconds: float = 0.0) -> bool:
    """Enqueue at once; False where there is no Redis to take it."""
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name=queue, actor_name=actor, args=args, kwargs={}, options={}
    )
    try:
        dramatiq.get_broker().enqueue(message, delay=round(delay_seconds * 1000) or None)
    except (BrokerError, RedisError):
        logger.warning("%s%s was not enqueued; the sweeper will", actor, args, exc_info=True)
        return False
    return True

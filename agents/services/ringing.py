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
    transaction.on_commit(partial(_ring, "think", run_id, delay_seconds))


def ring_draft(draft_id: int, *, delay_seconds: float = 0.0) -> None:
    """Have ``send_draft`` look at a scheduled reply, once committed, when its time has come."""
    transaction.on_commit(partial(_ring, "send_draft", draft_id, delay_seconds))


def ring_replay(replay_id: int) -> None:
    """Have ``replay`` go on with a trial, once committed; it waits behind no customer."""
    transaction.on_commit(partial(_ring, "replay", replay_id, 0.0, queue="upkeep"))


def _ring(actor: str, row_id: int, delay_seconds: float, *, queue: str = "thinking") -> None:
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name=queue, actor_name=actor, args=(row_id,), kwargs={}, options={}
    )
    try:
        dramatiq.get_broker().enqueue(message, delay=round(delay_seconds * 1000) or None)
    except redis.RedisError:
        logger.warning("%s(%s) was not enqueued; the sweeper will", actor, row_id, exc_info=True)

"""Telling the worker that a document, or a page of a site, waits.

By the actor's name: actors stand above services and call them. A ring that is lost costs nothing
but time, for the row says what is to be done and the sweeper rings again.
"""

import logging
from functools import partial

import dramatiq
from django.db import transaction
from dramatiq.errors import BrokerError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def ring_indexing(document_id: int) -> None:
    """Have the document indexed, once the current transaction is committed."""
    transaction.on_commit(partial(_ring, "index_document", (document_id,), 0.0))


def ring_visit(source_id: int, turn: int, *, delay_seconds: float = 0.0) -> None:
    """Have the source's next page visited; a ring of an older turn will find nothing to do."""
    transaction.on_commit(partial(_ring, "visit_page", (source_id, turn), delay_seconds))


def _ring(actor: str, args: tuple[int, ...], delay_seconds: float) -> None:
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name="indexing", actor_name=actor, args=args, kwargs={}, options={}
    )
    try:
        dramatiq.get_broker().enqueue(message, delay=round(delay_seconds * 1000) or None)
    except (BrokerError, RedisError):
        logger.warning("%s%s was not rung for; the sweeper will", actor, args, exc_info=True)

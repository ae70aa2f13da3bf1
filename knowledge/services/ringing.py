"""Telling the worker that a document waits.

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
    transaction.on_commit(partial(_ring, document_id))


def _ring(document_id: int) -> None:
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name="indexing",
        actor_name="index_document",
        args=(document_id,),
        kwargs={},
        options={},
    )
    try:
        dramatiq.get_broker().enqueue(message)
    except (BrokerError, RedisError):
        logger.warning("document %s was not rung for; the sweeper will", document_id, exc_info=True)

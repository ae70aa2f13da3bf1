"""Telling the workers that a file is to be fetched."""

from functools import partial
from uuid import UUID

from django.db import transaction

from tenants import ringing


def ring_fetching(media_id: UUID, *, delay: float = 0) -> None:
    """Have the file fetched once the current transaction is committed; ``delay`` in seconds."""
    transaction.on_commit(partial(ring_now, media_id, delay=delay))


def ring_now(media_id: UUID, *, delay: float = 0) -> bool:
    return ringing.ring_now("media", "fetch_media", str(media_id), delay_seconds=delay)

"""Webhooks that were refused at a connection's own address: their number, for a day."""

import logging

import redis

from tenants import context
from tenants.redis import client

logger = logging.getLogger(__name__)

SECONDS = 24 * 3600


def note_refusal(*, connection_id: int) -> None:
    """One more was signed with a secret that is not ours."""
    key = _key(connection_id)
    try:
        if client().incr(key) == 1:
            client().expire(key, SECONDS)
    except redis.RedisError:
        logger.warning("a refused webhook was not counted", exc_info=True)


def refusals(*, connection_id: int) -> int:
    """How many there were since the first of them, a day ago at the most."""
    try:
        return int(client().get(_key(connection_id)) or 0)
    except redis.RedisError:
        return 0


def forget_refusals(*, connection_id: int) -> None:
    """The secret was changed: what was refused with the old one says nothing any more."""
    try:
        client().delete(_key(connection_id))
    except redis.RedisError:
        logger.warning("the count of refused webhooks was not cleared", exc_info=True)


def _key(connection_id: int) -> str:
    return context.scoped(f"refused:{connection_id}")

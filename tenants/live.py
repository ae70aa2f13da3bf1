"""What just happened in a company, for pages that are open.

Events are appended to one Redis stream a company. The stream's ids are the numbers a
reconnecting page sends back to learn what it missed (``tenants/live_socket`` reads them).
A lost event costs a page a refresh, nothing else: the rows are the truth.
"""

import json
import logging
from functools import partial
from typing import Any

import redis
from django.db import transaction

from tenants import context
from tenants.redis import client

logger = logging.getLogger(__name__)

KEPT = 2_000


def publish(kind: str, **payload: Any) -> None:
    """Announce an event once the current transaction is committed; ids and states, no texts."""
    stream = context.scoped("live")
    transaction.on_commit(partial(_append, stream, kind, payload), robust=True)


def _append(stream: str, kind: str, payload: dict[str, Any]) -> None:
    try:
        client().xadd(
            stream,
            {"kind": kind, "data": json.dumps(payload, default=str)},
            maxlen=KEPT,
            approximate=True,
        )
    except redis.RedisError:
        logger.warning("live event %s was not published", kind, exc_info=True)

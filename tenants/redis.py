"""One Redis client a process. Keys come from ``context.scoped``."""

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import ConstantBackoff
from redis.retry import Retry


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """Gives up within moments: what we keep here (limits, live events) nobody waits long for."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        health_check_interval=30,
        socket_connect_timeout=1,
        socket_timeout=5,
        retry=Retry(ConstantBackoff(0.05), 1),
    )

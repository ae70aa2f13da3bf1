"""What waits in the queues, as Redis knows it."""

from collections.abc import Iterator
from dataclasses import dataclass

from redis.exceptions import RedisError

from tenants.jobs import QUEUES
from tenants.redis import client


@dataclass(frozen=True, slots=True)
class Queue:
    """Messages in all lanes and in workers' hands, those that wait for their time, the dead."""

    name: str
    waiting: int
    delayed: int
    dead: int


def queues() -> Iterator[Queue]:
    """Each queue as it is now; nothing where Redis is away."""
    pipe = client().pipeline(transaction=False)
    for name in QUEUES:
        pipe.hlen(f"leadwire:{name}.msgs")
        pipe.hlen(f"leadwire:{name}.DQ.msgs")
        pipe.zcard(f"leadwire:{name}.XQ")
    try:
        counts = iter(pipe.execute())
    except RedisError:
        return
    for name in QUEUES:
        yield Queue(name, next(counts), next(counts), next(counts))

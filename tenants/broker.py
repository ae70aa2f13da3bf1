"""The queue on Redis, fair between companies and quick when it is idle.

Dramatiq's own Redis broker keeps one list a queue and looks into it with growing pauses: a
company that sends ten thousand messages then keeps everybody else waiting behind them, and a
lone message waits up to a second for each of its steps. Here every company has its own lane in
each queue, workers take one message a lane in turn, and a bell wakes a waiting worker at once.
A worker with full hands fetches by the handful, and tells what is done with its next fetch.
Everything else (dead workers, dead letters) is Dramatiq's.
"""

import time
from collections import defaultdict, deque
from contextlib import suppress
from typing import Any

import redis
from dramatiq.broker import MessageProxy, get_broker
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import current_millis
from dramatiq.errors import ConnectionClosed
from dramatiq.message import Message

from tenants.redis import client

IDLE_SECONDS = 1.0  # how long an idle worker listens for the bell before it looks by itself
BUSY_SECONDS = 0.01  # how long a worker with full hands looks away
HANDFUL = 4  # a part of what a worker may hold: it has hands full until so much of it is done
DELAYED_SECONDS = 0.02  # how exact the moment of a delayed message is
AT_ONCE = 1_000  # acknowledgements in one fetch

# A lane is listed in ``turns`` exactly while it holds something. The company is read out of the
# encoded message; inside a JSON string the quotes around the pattern would be escaped.
_LANES = """
local function lane_of(data)
  return string.match(data, '"schema":"([^"]+)"') or 'public'
end
local function push(queue, id, data)
  local lane = lane_of(data)
  if redis.call('rpush', queue .. '.lane.' .. lane, id) == 1 then
    redis.call('rpush', queue .. '.turns', lane)
  end
end
"""

# KEYS: queue. ARGV: message id, message.
_ENQUEUE = (
    _LANES
    + """
redis.call('hset', KEYS[1] .. '.msgs', ARGV[1], ARGV[2])
push(KEYS[1], ARGV[1], ARGV[2])
if redis.call('llen', KEYS[1] .. '.bell') < 64 then redis.call('rpush', KEYS[1] .. '.bell', 1) end
"""
)

# KEYS: queue, heartbeats, what this worker holds. ARGV: worker, now, how many, what is done…
_FETCH = (
    _LANES
    + """
local queue, wanted, found = KEYS[1], tonumber(ARGV[3]), {}
redis.call('zadd', KEYS[2], ARGV[2], ARGV[1])
for i = 4, #ARGV do
  redis.call('srem', KEYS[3], ARGV[i])
  redis.call('hdel', queue .. '.msgs', ARGV[i])
end
-- Dramatiq itself returns what a dead or stopped worker held to the plain list.
for _ = 1, 1000 do
  local id = redis.call('lpop', queue)
  if not id then break end
  local data = redis.call('hget', queue .. '.msgs', id)
  if data then push(queue, id, data) end
end
while #found < wanted do
  local lane = redis.call('lpop', queue .. '.turns')
  if not lane then break end
  local id = redis.call('lpop', queue .. '.lane.' .. lane)
  local data = id and redis.call('hget', queue .. '.msgs', id)
  if data then
    redis.call('sadd', KEYS[3], id)
    found[#found + 1] = data
  end
  if redis.call('exists', queue .. '.lane.' .. lane) == 1 then
    redis.call('rpush', queue .. '.turns', lane)
  end
end
if redis.call('exists', queue .. '.turns') == 0 then
  redis.call('del', queue .. '.bell')
elseif redis.call('exists', queue .. '.bell') == 0 then
  redis.call('rpush', queue .. '.bell', 1)
end
return found
"""
)


WORKERS_SEEN = 60.0  # seconds; a worker that idles shows itself every second


def workers_seen() -> bool:
    """Whether any worker has asked for work lately; True where nobody can say."""
    broker = get_broker()
    if not isinstance(broker, FairRedisBroker):
        return True
    since = current_millis() - int(WORKERS_SEEN * 1000)
    try:
        return bool(client().zcount(broker.heartbeats, since, "+inf"))
    except redis.RedisError:
        return True


class FairConsumer(_RedisConsumer):
    """Takes messages in turns and sleeps on the bell instead of looking again and again."""

    broker: "FairRedisBroker"

    def __next__(self) -> MessageProxy | None:
        try:
            if not self.message_cache and not self._refill():
                return None
            message = Message.decode(self.message_cache.pop(0))
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        self.queued_message_ids.add(message.message_id)
        return MessageProxy(message)

    def ack(self, message: MessageProxy) -> None:
        """The next fetch tells it, at the latest when the bell was silent for ``IDLE_SECONDS``.

        A worker that dies in between has done some messages that will be done again, as any may.
        """
        self.broker.note_done(self.queue_name, message.options["redis_message_id"])
        self.queued_message_ids.discard(message.message_id)

    def close(self) -> None:
        """Nobody fetches after us: what is done is told now."""
        try:
            self.broker.fetch(self.queue_name, 0)
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def _refill(self) -> bool:
        """Fetch as much as there is room for; if there is nothing, wait a little for the bell."""
        room = self.prefetch - self.outstanding_message_count
        is_delayed = self.queue_name.endswith(".DQ")
        # What is delayed was put down for later: it does not keep our hands from what comes.
        if room < 1 or (not is_delayed and room < self.prefetch // HANDFUL):
            time.sleep(BUSY_SECONDS)
            return False
        self.message_cache = self.broker.fetch(self.queue_name, room)
        if not self.message_cache:
            seconds = DELAYED_SECONDS if is_delayed and self.queued_message_ids else IDLE_SECONDS
            if self.broker.wait_for_bell(self.queue_name, seconds):
                self.message_cache = self.broker.fetch(self.queue_name, room)
        return bool(self.message_cache)


class FairRedisBroker(RedisBroker):
    """Dramatiq's Redis broker with a lane for each company."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._enqueue = self.client.register_script(_ENQUEUE)
        self._fetch = self.client.register_script(_FETCH)
        self._done: defaultdict[str, deque[str]] = defaultdict(deque)

    @property
    def consumer_class(self) -> type[FairConsumer]:
        return FairConsumer

    def do_enqueue(self, queue_name: str, message_id: str, data: bytes) -> None:
        self._enqueue(keys=[self._key(queue_name)], args=[message_id, data])

    def note_done(self, queue_name: str, message_id: str) -> None:
        """Have it acknowledged by the next fetch from its queue, whoever asks."""
        self._done[queue_name].append(message_id)

    def fetch(self, queue_name: str, count: int) -> list[bytes]:
        """Up to ``count`` messages, one a company in turn, held for this worker."""
        if self._should_do_maintenance("fetch"):
            self.do_fetch(queue_name, 0)  # Dramatiq's housekeeping rides on its own fetch
        keys = [
            self._key(queue_name),
            self.heartbeats,
            self._key(f"__acks__.{self.broker_id}.{queue_name}"),
        ]
        done = self._take_done(queue_name)
        try:
            args: list[str | int] = [self.broker_id, current_millis(), count, *done]
            found: list[bytes] = self._fetch(keys=keys, args=args)
        except redis.RedisError:
            self._done[queue_name].extend(done)
            raise
        return found

    def _take_done(self, queue_name: str) -> list[str]:
        taken: list[str] = []
        with suppress(IndexError):  # several threads may be at it
            while len(taken) < AT_ONCE:
                taken.append(self._done[queue_name].popleft())
        return taken

    def wait_for_bell(self, queue_name: str, seconds: float) -> bool:
        return self.client.blpop([self._key(f"{queue_name}.bell")], timeout=seconds) is not None

    @property
    def heartbeats(self) -> str:
        return self._key("__heartbeats__")

    def _key(self, name: str) -> str:
        return f"{self.namespace}:{name}"

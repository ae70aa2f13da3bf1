"""One Redis reader a process, however many pages are open.

The reader blocks on the streams of all companies that somebody here listens to, and hands each
event to the sockets of its company. A new company joins the list by a knock on a stream of the
process's own, which ends the blocking read at once.
"""

import asyncio
import json
import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import redis.asyncio
import redis.exceptions

from tenants.live import stream_of

logger = logging.getLogger(__name__)

BLOCK_SECONDS = 5
READ_AT_ONCE = 500
MISSED_AT_MOST = 500  # beyond that a page is quicker loaded anew
EVENT_ID = re.compile(r"\d{1,18}-\d{1,18}")


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a company's stream."""

    id: str
    kind: str
    data: str  # JSON, as it was published
    permission: str = ""
    line: str = ""  # of one visitor's own events, where the stream holds those

    @property
    def order(self) -> tuple[int, int]:
        return order_of(self.id)

    @property
    def frame(self) -> str:
        head = json.dumps({"id": self.id, "kind": self.kind})
        return f'{head[:-1]}, "data": {self.data}}}'


class Listening(Protocol):
    """What the hub asks of a socket: take an event now, never wait."""

    def offer(self, event: Event) -> None: ...


class Hub:
    def __init__(self, redis_url: str, *, stream_of: Callable[[str], str] = stream_of) -> None:
        self._stream_of = stream_of
        # Its stubs allow for every version of the protocol at once.
        self._redis: Any = redis.asyncio.Redis.from_url(
            redis_url, decode_responses=True, socket_timeout=BLOCK_SECONDS + 5
        )
        self._sockets: dict[str, set[Listening]] = {}
        self._positions: dict[str, str] = {}
        self._doorbell = f"lw:public:live-doorbell:{uuid.uuid4().hex}"
        self._reader: asyncio.Task[None] | None = None
        self._is_closed = False

    def listeners(self, schema: str) -> int:
        return len(self._sockets.get(self._stream_of(schema), ()))

    async def join(self, socket: Listening, schema: str, after: str) -> tuple[str, list[Event]]:
        """Let the socket hear of its company from now on.

        Returns the id it stands at and what it missed since ``after``. Raises MissedTooMuch
        where that cannot be told any more; the socket listens all the same.
        """
        stream = self._stream_of(schema)
        position = await self._last_id(stream)
        self._sockets.setdefault(stream, set()).add(socket)
        if stream not in self._positions:
            self._positions[stream] = position
        self._ensure_reading()
        await self._knock()
        if not after:
            return position, []
        return position, await self._missed(stream, after)

    def leave(self, socket: Listening, schema: str) -> None:
        stream = self._stream_of(schema)
        sockets = self._sockets.get(stream, set())
        sockets.discard(socket)
        if not sockets:
            self._sockets.pop(stream, None)
            self._positions.pop(stream, None)

    async def close(self) -> None:
        self._is_closed = True
        if self._reader is not None:
            self._reader.cancel()
            # Redis's client may swallow the cancellation while it connects.
            await asyncio.wait({self._reader}, timeout=2)
        await self._redis.aclose()

    async def _missed(self, stream: str, after: str) -> list[Event]:
        try:
            about = await self._redis.xinfo_stream(stream)
        except redis.exceptions.ResponseError as error:  # no such stream: never, or wiped
            if order_of(after) > (0, 0):
                raise MissedTooMuch from error
            return []
        first = about["first-entry"]
        was_cut = about["entries-added"] > about["length"]
        lost = was_cut and first is not None and order_of(after) < order_of(first[0])
        if lost or order_of(after) > order_of(about["last-generated-id"]):
            raise MissedTooMuch
        entries = await self._redis.xrange(stream, f"({after}", "+", count=MISSED_AT_MOST + 1)
        if len(entries) > MISSED_AT_MOST:
            raise MissedTooMuch
        return [_event(*entry) for entry in entries]

    async def _last_id(self, stream: str) -> str:
        entries = await self._redis.xrevrange(stream, count=1)
        return entries[0][0] if entries else "0-0"

    def _ensure_reading(self) -> None:
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_for_ever())

    async def _knock(self) -> None:
        await self._redis.xadd(self._doorbell, {"": ""}, maxlen=1)
        await self._redis.expire(self._doorbell, 60)

    async def _read_for_ever(self) -> None:
        knocked = "$"
        while not self._is_closed:
            streams: dict[Any, Any] = {**self._positions, self._doorbell: knocked}
            try:
                answers = await self._redis.xread(
                    streams, count=READ_AT_ONCE, block=BLOCK_SECONDS * 1000
                )
            except redis.exceptions.RedisError:
                logger.warning("live events cannot be read", exc_info=True)
                await asyncio.sleep(1)
                continue
            for stream, entries in answers or []:
                if stream == self._doorbell:
                    knocked = entries[-1][0]
                else:
                    self._hand_out(stream, entries)

    def _hand_out(self, stream: str, entries: list[tuple[str, dict[str, str]]]) -> None:
        if stream in self._positions:
            self._positions[stream] = entries[-1][0]
        for entry in entries:
            event = _event(*entry)
            for socket in tuple(self._sockets.get(stream, ())):
                socket.offer(event)


class MissedTooMuch(Exception):
    """The stream does not reach back that far: the page has to be loaded anew."""


def order_of(event_id: str) -> tuple[int, int]:
    """Redis's ids are two numbers; as text, 10 would come before 9."""
    milliseconds, _, sequence = event_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def _event(event_id: str, fields: dict[str, str]) -> Event:
    return Event(
        event_id,
        fields["kind"],
        fields["data"],
        fields.get("permission", ""),
        fields.get("line", ""),
    )

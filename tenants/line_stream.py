"""``/chat/<key>/stream``: what a visitor hears, as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html

A page asks with ``?ticket=``, which the chat's door gave it a moment ago, and comes back with
``Last-Event-ID`` (or ``after=``) to hear what it missed. ``ready`` (you hear us) and ``reload``
(you missed too much: ask for the history) are the stream's own. Like the console's socket it
asks no database.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from redis.exceptions import RedisError

from tenants.lines import BadTicket, Ticket, redeem, stream_of, unseal
from tenants.live_hub import EVENT_ID, Event, Hub, MissedTooMuch, order_of

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH = re.compile(r"/chat/[^/]{1,64}/stream\Z")
HEARTBEAT = 20.0
SEND_WITHIN = 10.0
LIVES = 3600.0
WAITING_AT_MOST = 256
STREAMS_PER_COMPANY = 5_000
STREAMS_PER_LINE = 6  # as many as a browser opens to one server
RETRY = 3_000  # milliseconds, for pages that reconnect by themselves


class Over(Exception):
    """The stream ends: the page has gone, or shall come back."""


class LineStreams:
    """The ASGI application behind it."""

    def __init__(self, redis_url: str) -> None:
        self.hub = Hub(redis_url, stream_of=stream_of)
        self._open: defaultdict[tuple[str, str], list[Stream]] = defaultdict(list)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        query = {
            name: values[-1]
            for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()
        }
        if scope["method"] != "GET":
            await _refuse(send, 405)
            return
        try:
            ticket = await asyncio.to_thread(redeem, query.get("ticket", ""))
        except BadTicket:
            await _refuse(send, 401)
            return
        except RedisError:  # nothing could be heard either
            await _refuse(send, 503)
            return
        if headers.get("origin", ticket.origin) != ticket.origin:
            await _refuse(send, 403)
            return
        after = headers.get("last-event-id") or query.get("after", "")
        if after and not EVENT_ID.fullmatch(after):
            await _refuse(send, 400, ticket.origin)
            return
        if self.hub.listeners(ticket.schema) >= STREAMS_PER_COMPANY:
            await _refuse(send, 503, ticket.origin)
            return
        stream = Stream(self.hub, ticket, receive, send)
        await self._hold(stream, ticket, after)

    async def _hold(self, stream: "Stream", ticket: Ticket, after: str) -> None:
        siblings = self._open[ticket.schema, ticket.line]
        siblings.append(stream)
        for oldest in siblings[:-STREAMS_PER_LINE]:
            oldest.end()
        try:
            await stream.talk(after)
        finally:
            siblings.remove(stream)
            if not siblings:
                self._open.pop((ticket.schema, ticket.line), None)

    async def close(self) -> None:
        """End all streams; their pages come back to the process that follows."""
        for siblings in tuple(self._open.values()):
            for stream in tuple(siblings):
                stream.end()
        await asyncio.sleep(0)
        await self.hub.close()


class Stream:
    """One open page of a visitor."""

    def __init__(self, hub: Hub, ticket: Ticket, receive: Receive, send: Send) -> None:
        self._hub = hub
        self._ticket = ticket
        self._receive = receive
        self._send = send
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(WAITING_AT_MOST)
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def offer(self, event: Event) -> None:
        """Take an event if it is for this line; a page that lags too far is let go."""
        if event.line != self._ticket.line or self._end.done():
            return
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        if not self._end.done():
            self._end.set_result(None)

    async def talk(self, after: str) -> None:
        """Tell what was missed, then whatever happens, until one side has enough."""
        await self._send(_start(200, self._ticket.origin, "text/event-stream"))
        tasks: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(work) for work in (self._tell(after), self._hear())
        ]
        try:
            await asyncio.wait(
                [*tasks, self._end], timeout=LIVES, return_when=asyncio.FIRST_COMPLETED
            )
            for task in tasks:
                if task.done():
                    with suppress(Over):
                        task.result()  # raises what ended it, unless that was to be expected
        finally:
            self._hub.leave(self, self._ticket.schema)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        # It may be gone by now, and then nobody needs to know.
        with suppress(OSError, RuntimeError):
            await self._send({"type": "http.response.body", "body": b""})

    async def _hear(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _tell(self, after: str) -> None:
        told = await self._catch_up(after)
        while True:
            try:
                event = await asyncio.wait_for(self._waiting.get(), HEARTBEAT)
            except TimeoutError:
                await self._say(": still here\n\n")
                continue
            if event.order > told:  # else it came with what was missed
                await self._pass_on(event)

    async def _catch_up(self, after: str) -> tuple[int, int]:
        position = "0-0"
        missed: list[Event] = []
        try:
            position, missed = await self._hub.join(self, self._ticket.schema, after)
        except MissedTooMuch:
            await self._say("event: reload\ndata: {}\n\n")
        except RedisError:
            raise Over from None
        for event in missed:
            if event.line == self._ticket.line:
                await self._pass_on(event)
        # Last, for its id says that everything before it was heard.
        await self._say(f"retry: {RETRY}\nid: {position}\nevent: ready\ndata: {{}}\n\n")
        return missed[-1].order if missed else order_of(after or "0-0")

    async def _pass_on(self, event: Event) -> None:
        try:
            data = unseal(self._ticket.schema, self._ticket.line, event.data)
        except BadTicket:
            return  # sealed under a secret that the operator has changed since
        # JSON as json.dumps writes it holds no line break, which would end the field.
        await self._say(f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n")

    async def _say(self, text: str) -> None:
        body = {"type": "http.response.body", "body": text.encode(), "more_body": True}
        try:
            await asyncio.wait_for(self._send(body), SEND_WITHIN)
        except (OSError, RuntimeError, TimeoutError):
            raise Over from None


async def _refuse(send: Send, status: int, origin: str = "") -> None:
    await send(_start(status, origin, "text/plain"))
    await send({"type": "http.response.body", "body": b""})


def _start(status: int, origin: str, kind: str) -> dict[str, Any]:
    headers = {
        "content-type": kind,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-accel-buffering": "no",  # nginx would gather the answer first
        "vary": "Origin",
    }
    if origin:
        headers["access-control-allow-origin"] = origin
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}

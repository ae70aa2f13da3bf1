"""``/ws/``: what just happened in a company, pushed to its open pages.

The page's first frame is ``{"token": …, "after": …}``: a token of POST /api/v1/live-token/ and
the id of the last event it saw (empty: none). Then come ``{"id", "kind", "data"}`` frames. The
kinds ``ready`` (you hear us), ``reload`` (you missed too much) and ``ping`` are the socket's own.

A plain ASGI application: it asks no database, so thousands of pages cost one process little.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port
from redis.exceptions import RedisError

from tenants.accounts import roles, scopes
from tenants.live import ACCESS_CHANGED, BadToken, Listener, listener_of
from tenants.live_hub import EVENT_ID, Event, Hub, MissedTooMuch, order_of

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PATH = "/ws/"
TOKEN_WITHIN = 5.0
PING_EVERY = 25.0
SEND_WITHIN = 10.0
LIVES = 3600.0  # then the page comes back with a fresh token, if it still may have one
WAITING_AT_MOST = 256  # events a page may lag behind
SOCKETS_PER_COMPANY = 1_000
FIRST_FRAME_AT_MOST = 4_096

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, TOO_SLOW, TOO_MANY, GOING_AWAY = (
    *(4400, 4401, 4403, 4408, 4429),
    1012,
)


class Closed(Exception):
    """The conversation is over; ``code`` is told to the page, 0 when it has gone already."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class LiveSockets:
    """The ASGI application behind ``/ws/``."""

    def __init__(self, redis_url: str) -> None:
        self.hub = Hub(redis_url)
        self._open: set[Socket] = set()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        if scope["path"] != PATH:
            await send({"type": "websocket.close", "code": FORBIDDEN})
            return
        await send({"type": "websocket.accept"})
        socket = Socket(self.hub, scope, receive, send)
        self._open.add(socket)
        try:
            await socket.talk()
        except Closed as closed:
            if closed.code:
                # It may be gone by now, and then nobody needs to know.
                with suppress(OSError, RuntimeError, asyncio.TimeoutError):
                    await send({"type": "websocket.close", "code": closed.code})
        finally:
            self._open.discard(socket)

    async def close(self) -> None:
        """Send everybody away; their pages come back to the process that follows."""
        for socket in tuple(self._open):
            socket.end(GOING_AWAY)
        await asyncio.sleep(0)
        await self.hub.close()


class Socket:
    """One open page."""

    def __init__(self, hub: Hub, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        self._hub = hub
        self._headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self._receive = receive
        self._send = send
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(WAITING_AT_MOST)
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._listener: Listener | None = None

    async def talk(self) -> None:
        """Check who it is, tell what was missed, then whatever happens; ends with Closed."""
        listener, after = await self._introduced()
        self._listener = listener
        if self._hub.listeners(listener.schema) >= SOCKETS_PER_COMPANY:
            raise Closed(TOO_MANY)
        tasks: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(work) for work in (self._tell(listener, after), self._hear())
        ]
        try:
            await asyncio.wait(
                [*tasks, self._end], timeout=LIVES, return_when=asyncio.FIRST_COMPLETED
            )
            if self._end.done():
                raise Closed(self._end.result())
            for task in tasks:
                if task.done():
                    task.result()  # raises what ended it
            raise Closed(UNAUTHORIZED)
        finally:
            self._hub.leave(self, listener.schema)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def offer(self, event: Event) -> None:
        """Take an event if this page may hear of it; a page that lags too far is let go."""
        if self._listener is None or self._end.done():
            return
        if event.kind == ACCESS_CHANGED:
            if json.loads(event.data).get("actor") == self._listener.actor:
                self.end(FORBIDDEN)
            return
        if not _may_hear(self._listener, event):
            return
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.end(TOO_SLOW)

    def end(self, code: int) -> None:
        if not self._end.done():
            self._end.set_result(code)

    async def _introduced(self) -> tuple[Listener, str]:
        try:
            first = await asyncio.wait_for(self._receive(), TOKEN_WITHIN)
        except TimeoutError:
            raise Closed(UNAUTHORIZED) from None
        if first["type"] != "websocket.receive":
            raise Closed(0)
        text = first.get("text") or ""
        try:
            said: Any = json.loads(text) if len(text) <= FIRST_FRAME_AT_MOST else None
            token, after = str(said["token"]), str(said.get("after") or "")
            listener = listener_of(token)
        except BadToken:
            raise Closed(UNAUTHORIZED) from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Closed(BAD_REQUEST) from None
        if after and not EVENT_ID.fullmatch(after):
            raise Closed(BAD_REQUEST)
        if not self._comes_from(listener.host):
            raise Closed(FORBIDDEN)
        return listener, after

    def _comes_from(self, host: str) -> bool:
        """Whether the page is one of the host that the token was given to."""
        origin = self._headers.get("origin")
        if origin is not None and urlsplit(origin).hostname != host:
            return False
        asked, _port = split_domain_port(self._headers.get("host", ""))
        return bool(settings.LIVE_URL) or asked == host

    async def _hear(self) -> None:
        """Pages have nothing more to say; what matters is when they go."""
        while (await self._receive())["type"] != "websocket.disconnect":
            pass
        raise Closed(0)

    async def _tell(self, listener: Listener, after: str) -> None:
        told = await self._catch_up(listener, after)
        while True:
            try:
                event = await asyncio.wait_for(self._waiting.get(), PING_EVERY)
            except TimeoutError:
                await self._say(json.dumps({"kind": "ping"}))
                continue
            if event.order > told:  # else it came with what was missed
                await self._say(event.frame)

    async def _catch_up(self, listener: Listener, after: str) -> tuple[int, int]:
        """Say where the page stands and what it missed; returns the last event's place."""
        position = "0-0"
        missed: list[Event] = []
        try:
            position, missed = await self._hub.join(self, listener.schema, after)
        except MissedTooMuch:
            await self._say(json.dumps({"kind": "reload"}))
        except RedisError:
            raise Closed(GOING_AWAY) from None
        await self._say(json.dumps({"id": position, "kind": "ready"}))
        for event in missed:
            if event.kind != ACCESS_CHANGED and _may_hear(listener, event):
                await self._say(event.frame)
        return missed[-1].order if missed else order_of(after or "0-0")

    async def _say(self, text: str) -> None:
        try:
            await asyncio.wait_for(
                self._send({"type": "websocket.send", "text": text}), SEND_WITHIN
            )
        except TimeoutError:
            raise Closed(TOO_SLOW) from None
        except (OSError, RuntimeError):  # servers differ in how they say that the page has gone
            raise Closed(0) from None


def _may_hear(listener: Listener, event: Event) -> bool:
    asked = event.permission
    if not asked:
        return True
    return roles.allows(listener.role, asked) and scopes.allow(listener.scopes, asked)

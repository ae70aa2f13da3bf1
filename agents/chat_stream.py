"""``POST /api/v1/chat/stream/`` on the live server: the chat's answer as server-sent events.

The body is that of ``POST /api/v1/chat/``. Events: ``start``; ``sentence``, each checked before
it is sent, with its source; ``restart`` (forget the sentences: they are written anew); ``done``
with the whole answer, or ``problem``. https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypedDict

from agents.api.serializers import ChatAnswerSerializer, ChatQuestionSerializer
from agents.services import answer_question
from agents.services.speaking import Speaker
from tenants.accounts.scopes import scope_of
from tenants.api.entrance import (
    Guest,
    Receive,
    Refused,
    Scope,
    Send,
    inside,
    let_in,
    read_body,
    refuse,
    work_inside,
)
from tenants.api.exceptions import problem

PATH = "/api/v1/chat/stream"
RIGHT = "agents.add_run"
LARGEST = 64 * 1024
HEARTBEAT = 10.0
SEND_WITHIN = 10.0
THREADS = 32  # answers written at once by this process
PER_COMPANY = 8
Event = tuple[str, dict[str, Any]]


class Asked(TypedDict):
    """A question, and by whom."""

    question: str
    session_id: str
    language: str
    asked_by: str


class ChatStreams:
    """The ASGI application behind it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="chat")
        self._open: defaultdict[str, int] = defaultdict(int)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            guest, asked = await _asked(scope, receive)
            schema = guest.company.schema_name
            if self._open[schema] >= PER_COMPANY:
                raise Refused(
                    429, "too_many_streams", "Too many answers at once.", {"Retry-After": "2"}
                )
        except Refused as refused:
            await refuse(send, refused)
            return
        self._open[schema] += 1
        try:
            await self._answer(guest, asked, send)
        finally:
            self._open[schema] -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, guest: Guest, asked: Asked, send: Send) -> None:
        """Think in a thread, tell what comes of it; a listener who left costs the rest nothing."""
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Event | None] = asyncio.Queue()

        def tell(name: str, data: dict[str, Any]) -> None:
            with suppress(RuntimeError):  # the server stops: nobody listens any more
                loop.call_soon_threadsafe(events.put_nowait, (name, data))

        def think() -> None:
            answer_question(**asked, speaker=Speaker(tell))

        thinking = loop.run_in_executor(self._pool, work_inside, guest.company, think)
        thinking.add_done_callback(lambda _: events.put_nowait(None))
        with suppress(OSError, RuntimeError, TimeoutError):  # the listener has gone
            await _stream(events, send)
        error = (await asyncio.gather(thinking, return_exceptions=True))[0]
        if isinstance(error, BaseException):
            raise error


async def _asked(scope: Scope, receive: Receive) -> tuple[Guest, Asked]:
    """Who asks what; raises Refused."""
    guest = await let_in(scope)
    if scope["method"] != "POST":
        raise Refused(405, "method_not_allowed", "Post the question.", {"Allow": "POST"})
    if not await inside(guest, lambda: guest.may(RIGHT)):
        raise Refused(403, "permission_denied", f"This needs the scope {scope_of(RIGHT)}.")
    body = await read_body(receive, at_most=LARGEST)
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "parse_error", "The body is no JSON.") from None
    asked = ChatQuestionSerializer(data=given if isinstance(given, dict) else {})
    if not asked.is_valid():
        wrong = "; ".join(f"{name}: {words[0]}" for name, words in asked.errors.items())
        raise Refused(422, "invalid_question", wrong)
    question = asked.validated_data
    return guest, {
        "question": question["query"],
        "session_id": question["session_id"],
        "language": question["language"],
        "asked_by": guest.actor,
    }


async def _stream(events: "asyncio.Queue[Event | None]", send: Send) -> None:
    """Each event as it comes, and a sign of life where none does for long."""
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await _within(send, {"type": "http.response.start", "status": 200, "headers": headers})
    last = ""
    while True:
        try:
            event = await asyncio.wait_for(events.get(), HEARTBEAT)
        except TimeoutError:
            await _within(send, _frame(b":\n\n"))
            continue
        if event is None:
            break
        last, data = event
        await _within(send, _frame(_event(last, _shown(last, data))))
    if last != "done":
        failed = problem(500, "error", "Something went wrong; ask again.").data
        await _within(send, _frame(_event("problem", failed)))
    await _within(send, {"type": "http.response.body", "body": b"", "more_body": False})


def _shown(name: str, data: dict[str, Any]) -> dict[str, Any]:
    return dict(ChatAnswerSerializer(data).data) if name == "done" else data


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, default=str)}\n\n".encode()


def _frame(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _within(send: Send, message: dict[str, Any]) -> None:
    await asyncio.wait_for(send(message), SEND_WITHIN)

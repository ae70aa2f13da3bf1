"""The simulator as one ASGI application: each vendor under its name, ``/meta``, ``/x`` …"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from config.simulator.calendly import Calendly
from config.simulator.control import Control
from config.simulator.courier import Courier
from config.simulator.hooks import Hooks
from config.simulator.hubspot import HubSpot
from config.simulator.linkedin import LinkedIn
from config.simulator.logins import Google, Instagram, Microsoft
from config.simulator.meta import Meta
from config.simulator.models import Anthropic, OpenAI
from config.simulator.pipedrive import Pipedrive
from config.simulator.resend import Resend
from config.simulator.salesforce import Salesforce
from config.simulator.telegram import Telegram
from config.simulator.tiktok import TikTok
from config.simulator.twilio import Twilio
from config.simulator.vapi import Vapi
from config.simulator.vendor import Vendor
from config.simulator.website import Website
from config.simulator.wire import Answer, Request
from config.simulator.world import Fault, World
from config.simulator.x import X

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

TEXT_KEPT = 8_000
PHONE = Path(__file__).parent / "phone.html"  # at /: a person can write by hand


class ConnectionCut(Exception):
    """Raised into the server, which then closes the connection without finishing the answer."""


class Simulator:
    """Chooses the vendor, applies faults, keeps the journal."""

    def __init__(self) -> None:
        self.world = World()
        courier = Courier(self.world)
        kinds: list[type[Vendor]] = [
            Meta,
            Telegram,
            X,
            LinkedIn,
            TikTok,
            Twilio,
            Resend,
            HubSpot,
            Salesforce,
            Pipedrive,
            Vapi,
            Calendly,
            OpenAI,
            Anthropic,
            Hooks,
            Website,
            Instagram,
            Google,
            Microsoft,
        ]
        self.vendors = {kind.name: kind(self.world, courier) for kind in kinds}
        self.control = Control(self.world, courier, list(self.vendors.values()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            request = await _read(scope, receive)
            self.world.base = f"http://{request.headers.get('host', '')}"
            mount, _, rest = request.path.strip("/").partition("/")
            request = Request(
                request.method, f"/{rest}", request.query, request.headers, request.body
            )
            await _write(await self._answer(mount, request), send)

    async def _answer(self, mount: str, request: Request) -> Answer:
        if mount == "_sim":
            return await self.control.answer(request)
        if not mount:
            return Answer(PHONE.read_bytes(), headers={"content-type": "text/html"})
        vendor = self.vendors.get(mount)
        if vendor is None:
            return Answer({"error": f"no vendor at /{mount}/"}, 404)
        behaviour = self.world.behaviour(vendor.name)
        fault = self.world.fault_for(vendor.name, request.path)
        answer = self._under(fault, vendor, request)
        if not answer.delay and answer.kind != "model":
            answer.delay = behaviour.latency
        if fault:
            answer.delay += fault.seconds
        self.world.journal.write(
            vendor.name,
            answer.kind,
            method=request.method,
            path=request.path,
            status=answer.status,
            fault=fault.kind if fault else "",
            request=request.body[:TEXT_KEPT].decode(errors="replace"),
            **answer.note,
        )
        return answer

    @staticmethod
    def _under(fault: Fault | None, vendor: Vendor, request: Request) -> Answer:
        """The answer, as the fault leaves it."""
        kind = fault.kind if fault else ""
        if fault and kind == "error":
            return vendor.failure(fault)
        if kind == "refuse":
            return Answer(cut=True)
        answer = vendor.answer(request)
        if kind == "drop":
            answer.body, answer.chunks, answer.cut = b"", [], True
        elif kind == "cut":
            answer.cut = True
        elif kind == "malformed":
            answer.body, answer.chunks = b'{"this is": not JSON', []
        return answer


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return


async def _read(scope: Scope, receive: Receive) -> Request:
    body = bytearray()
    while True:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            break
    return Request(
        scope["method"],
        scope["path"],
        dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]},
        bytes(body),
    )


async def _write(answer: Answer, send: Send) -> None:
    if answer.delay:
        await asyncio.sleep(answer.delay)
    body = answer.encoded()
    headers = {"content-type": "application/json", **answer.headers}
    if not answer.chunks:
        headers["content-length"] = str(len(body) + (1 if answer.cut else 0))
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    if answer.cut:
        half = b"".join(answer.chunks) or body
        await send(
            {"type": "http.response.body", "body": half[: len(half) // 2], "more_body": True}
        )
        raise ConnectionCut
    for chunk in answer.chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if answer.chunks else body})


application = Simulator()

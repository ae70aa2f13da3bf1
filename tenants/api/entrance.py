"""The API's door on the live server, where no Django request passes: keys, tokens, limits.

What stays open speaks plain ASGI; what needs rows runs in a thread, inside the company, and
gives its connection back.
"""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port

from tenants import context
from tenants.accounts.credentials import Holder, NotLetIn, holder_of
from tenants.api.exceptions import MEDIA_TYPE, problem
from tenants.hosts import company_of_host
from tenants.limits import Rate, take
from tenants.models import Company

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
T = TypeVar("T")
MINUTE = 60


@dataclass(eq=False)
class Refused(Exception):
    """Nobody passes; told as problem+json."""

    status: int
    code: str
    detail: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guest:
    """Whoever was let in, and the company they were let into."""

    company: Company
    holder: Holder

    @property
    def actor(self) -> str:
        return self.holder.actor

    def may(self, permission: str) -> bool:
        """Asked inside the company only."""
        return self.holder.has_perm(permission)


async def let_in(scope: Scope) -> Guest:
    """Whoever asks, by their key or token, at the host they asked; raises Refused."""
    headers = headers_of(scope)
    host, _port = split_domain_port(headers.get("host", ""))
    origin = headers.get("origin")
    # A page of somebody else's must not speak to us through its reader's network.
    if origin is not None and urlsplit(origin).hostname != host:
        raise Refused(403, "origin", "This origin is not ours.")
    return await asyncio.to_thread(_let_in, host, headers.get("authorization", ""))


async def inside(guest: Guest, work: Callable[[], T]) -> T:
    """Do what needs rows in a thread, inside the guest's company."""
    return await asyncio.to_thread(work_inside, guest.company, work)


def headers_of(scope: Scope) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }


async def refuse(send: Send, refused: Refused) -> None:
    """Answer with the problem."""
    data = problem(refused.status, refused.code, refused.detail).data
    head = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", **refused.headers}
    await answer(send, refused.status, json.dumps(data).encode(), head)


async def answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    head = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*head, length]})
    await send({"type": "http.response.body", "body": body})


async def read_body(receive: Receive, *, at_most: int) -> bytes:
    """The request's body; raises Refused for one that is too large or breaks off."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refused(400, "unreadable", "The request broke off.")
        body += message.get("body", b"")
        if len(body) > at_most:
            raise Refused(413, "too_large", f"At most {at_most // 1024} KB.")
        if not message.get("more_body"):
            return body


def _let_in(host: str, authorization: str) -> Guest:
    company = None if host in settings.PUBLIC_HOSTS else _known(host)
    if company is None:
        raise Refused(404, "not_found", "No company lives at this address.")
    if company.is_suspended:
        raise Refused(403, "suspended", "This workspace is suspended.")
    return work_inside(company, lambda: _holder(company, authorization))


def _known(host: str) -> Company | None:
    try:
        return company_of_host(host)
    finally:
        context.release()


def _holder(company: Company, authorization: str) -> Guest:
    scheme, _, shown = authorization.partition(" ")
    wanted = {"WWW-Authenticate": 'Bearer realm="api"'}
    if scheme.lower() != "bearer":
        raise Refused(401, "not_authenticated", "Send a key or a token.", wanted)
    try:
        holder, _shown = holder_of(shown.strip())
    except NotLetIn as error:
        raise Refused(401, "authentication_failed", str(error), wanted) from error
    for name, count in (
        (f"api:{holder.actor}", settings.API_CALLER_PER_MINUTE),
        ("api", settings.API_COMPANY_PER_MINUTE),
    ):
        verdict = take(name, Rate(count, MINUTE))
        if not verdict.allowed:
            wait = str(math.ceil(verdict.wait_seconds))
            raise Refused(429, "throttled", "Too much in a minute.", {"Retry-After": wait})
    return Guest(company, holder)


def work_inside(company: Company, work: Callable[[], T]) -> T:
    """In this thread, inside the company; the connection goes back at the end."""
    try:
        with context.inside(company):
            return work()
    finally:
        context.release()

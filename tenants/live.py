"""What just happened in a company, for pages that are open.

Events are appended to one Redis stream a company. The stream's ids are the numbers a
reconnecting page sends back to learn what it missed (``tenants/live_socket`` reads them).
A lost event costs a page a refresh, nothing else: the rows are the truth.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any

import redis
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.http.request import split_domain_port

from tenants import context
from tenants.redis import client

logger = logging.getLogger(__name__)

KEPT = 2_000
TOKEN_SECONDS = 60
SALT = "tenants.live"
ACCESS_CHANGED = "access_changed"  # for the sockets themselves: they close, pages never see it


def stream_of(schema: str) -> str:
    """The Redis stream of a company's events, for readers that are in no schema."""
    return f"lw:{schema}:live"


def position() -> str:
    """The id of the newest event; a page rendered now asks for what comes after it."""
    try:
        newest: Any = client().xrevrange(context.scoped("live"), count=1)
    except redis.RedisError:
        return ""
    return newest[0][0] if newest else "0-0"


def publish(kind: str, *, permission: str = "", **payload: Any) -> None:
    """Announce an event once the current transaction is committed; ids and states, no texts.

    Only pages of people who hold ``permission`` hear of it; without one, every member's.
    """
    event = {
        "kind": kind,
        "data": json.dumps(payload, default=str),
        "permission": permission,
    }
    stream = context.scoped("live")
    if (waiting := _waiting_for_commit()) and waiting.stream == stream:
        waiting.events.append(event)
    else:
        transaction.on_commit(_Announcement(stream, [event]).make, robust=True)


@dataclass(frozen=True, slots=True)
class _Announcement:
    """What one commit announces, in one journey to Redis."""

    stream: str
    events: list[dict[Any, Any]]

    def make(self) -> None:
        _append(self.stream, *self.events)


def _waiting_for_commit() -> _Announcement | None:
    """The announcement this transaction makes already, if it stands and falls with what is done
    now: one within a savepoint is taken back with it."""
    here = context.connection
    for savepoints, call, _robust in reversed(here.run_on_commit):
        waiting = getattr(call, "__self__", None)
        if isinstance(waiting, _Announcement):
            return waiting if savepoints == set(here.savepoint_ids) else None
    return None


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens, from where, to which company."""

    schema: str
    host: str
    actor: str
    role: str
    scopes: tuple[str, ...] = ("*",)  # as tenants.accounts.scopes has it


def listener_at(request: HttpRequest) -> Listener:
    """Whoever asks, at the host they asked."""
    host, _port = split_domain_port(request.get_host())
    who: Any = request.user
    return Listener(context.schema(), host, who.actor, who.role, tuple(who.scopes))


class BadToken(ValueError):
    """The token is forged or too old."""


def listening_token(listener: Listener) -> str:
    """What a page shows when it opens its socket; good for one minute."""
    claims = [*(listener.schema, listener.host, listener.actor, listener.role), listener.scopes]
    return signing.dumps(claims, salt=SALT)


def listener_of(token: str) -> Listener:
    """Who may listen by this token; raises BadToken."""
    try:
        schema, host, actor, role, held = signing.loads(token, salt=SALT, max_age=TOKEN_SECONDS)
        return Listener(schema, host, actor, role, tuple(held))
    except (signing.BadSignature, TypeError, ValueError) as error:
        raise BadToken("This token is not valid (any more).") from error


def _append(stream: str, *events: dict[Any, Any]) -> None:
    try:
        with client().pipeline(transaction=False) as journey:
            for event in events:
                journey.xadd(stream, event, maxlen=KEPT, approximate=True)
            journey.execute()
    except redis.RedisError:
        kinds = [event["kind"] for event in events]
        logger.warning("live events %s were not published", kinds, exc_info=True)

"""A line: what one visitor of a company's website hears, while their page is open.

Unlike the company's own live events these carry words, so they lie in a Redis stream of their
own, sealed, for an hour at most. As there, a lost event costs the page a question for its
history, nothing else: the rows are the truth.
"""

import base64
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

import redis
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core import signing

from tenants import context
from tenants.redis import client

logger = logging.getLogger(__name__)

KEPT = 2_000
KEPT_SECONDS = 3_600
TICKET_SECONDS = 60
SALT = "tenants.lines"


def stream_of(schema: str) -> str:
    """The Redis stream of all lines of a company."""
    return f"lw:{schema}:lines"


def line_of(*parts: str) -> str:
    """The name of a line: short, and telling nobody whose it is."""
    joined = "\x1f".join(parts)
    return sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may hear which line, from which website."""

    schema: str
    line: str
    origin: str


class BadTicket(ValueError):
    """The ticket is forged, too old, or was shown before."""


def issue(ticket: Ticket) -> str:
    """What a page shows when it opens its stream; good for one minute, and once."""
    said = [secrets.token_urlsafe(9), ticket.schema, ticket.line, ticket.origin]
    return signing.dumps(said, salt=SALT, compress=False)


def redeem(shown: str) -> Ticket:
    """Which line may be heard by this ticket, which is spent with it; raises BadTicket.

    It stands in an address, which logs and histories keep: whoever finds it there is too late.
    """
    try:
        number, *said = signing.loads(shown, salt=SALT, max_age=TICKET_SECONDS)
        ticket = Ticket(*said)
    except (signing.BadSignature, TypeError, ValueError) as error:
        raise BadTicket("This ticket is not valid (any more).") from error
    # A second longer than it lives, so that no clock lets it in twice.
    if not client().set(f"lw:{ticket.schema}:ticket:{number}", 1, nx=True, ex=TICKET_SECONDS + 1):
        raise BadTicket("This ticket was used before.")
    return ticket


def say(line: str, *events: tuple[str, Mapping[str, Any]]) -> bool:
    """Let the pages on a line of this company hear events, in order; False if nobody could.

    At once, not on commit: what is said here was committed before.
    """
    if not events:
        return True
    schema = context.schema()
    stream = context.scoped("lines")
    try:
        pipe = client().pipeline(transaction=False)
        for kind, data in events:
            fields: dict[Any, Any] = {
                "kind": kind,
                "data": seal(schema, line, json.dumps(data, default=str)),
                "line": line,
            }
            pipe.xadd(stream, fields, maxlen=KEPT, approximate=True)
        pipe.expire(stream, KEPT_SECONDS)
        pipe.execute()
    except redis.RedisError:
        logger.warning("a visitor's page was not told", exc_info=True)
        return False
    return True


def seal(schema: str, line: str, text: str) -> str:
    return _cipher(schema, line).encrypt(text.encode()).decode()


def unseal(schema: str, line: str, sealed: str) -> str:
    """Raises BadTicket for what was sealed for another line."""
    try:
        return _cipher(schema, line).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise BadTicket("Sealed for another line.") from error


@lru_cache(maxsize=4_096)
def _cipher(schema: str, line: str) -> Fernet:
    """The key follows from the server's secret, so that the live server needs no database."""
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=f"{SALT}:{schema}:{line}".encode())
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))

"""What the six services say, in one vocabulary: a letter, an event, or something to fetch.

A webhook is recognised by its shape, so that a company may move from one service to another
without telling us.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from channels_app import wire
from channels_app.mail.reading import Mail

# What becomes of our letter, in the order of hope.
SENT, DELIVERED, DELAYED, FAILED, COMPLAINT, SEEN = (
    "sent", "delivered", "delayed", "failed", "complaint", "seen",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """News about a letter we sent. ``name`` is the service's own word."""

    name: str
    meaning: str
    at: datetime | None = None
    message_id: str = ""
    reference: str = ""
    recipient: str = ""
    code: str = ""
    reason: str = ""
    is_permanent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Genuine, and of no use to us; the sentence says why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """The letter lies at the service, under this id."""

    id: str


News = Mail | Event | Nothing | Fetch


@dataclass(frozen=True, slots=True)
class Reader:
    """One service: does it look like its own, which events are in it, what does one say."""

    name: str
    is_own: Callable[[Any], bool]
    key: Callable[[dict[str, Any]], str]
    read: Callable[[dict[str, Any]], News]
    items: Callable[[Any], list[Any]] = lambda envelope: [envelope]


def unpacked(content: Any) -> bytes:
    """The bytes of a file that a service put into JSON; none where it is no base64."""
    try:
        return base64.b64decode(content) if isinstance(content, str) else b""
    except (binascii.Error, ValueError):
        return b""


def bracketed(message_id: str) -> str:
    """A message id as it stands in a letter; services drop the angle brackets."""
    message_id = message_id.strip()[: wire.MAX_ID]
    return f"<{message_id.strip('<>')}>" if message_id.strip("<>") else ""


def iso(value: Any) -> datetime | None:
    """A service's ISO 8601 time stamp."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value[:40])
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)

"""What a messaging network must be able to do for us.

A provider speaks one network's wire format: it verifies, splits, reads, sends. It knows no
model, no company and no clock but the one in the payload.
"""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, ClassVar

from django import forms

from tenants.plugins.errors import AnswerLost, PayloadRejected, SignatureMismatch

MAX_ID = 512  # no network's id is longer; a longer one is an attack or a mistake
MAX_ACCOUNT = 190
UNREADABLE = "unreadable"  # kinds of events that no network knows
EMPTY = "empty"
MAX_TEXT = 100_000
MAX_ATTACHMENTS = 50
MAX_SPAN = 20  # digits; a longer number is no number of a network's


@dataclass(frozen=True, slots=True)
class RawItem:
    """One event of a webhook, still in the network's own words.

    ``account_id`` is empty where the network does not name it: the webhook's address does.
    ``key`` is equal for two deliveries of the same event and for nothing else.
    """

    account_id: str
    key: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on a network. ``aliases`` are further ids of the same person there."""

    id: str
    aliases: tuple[str, ...] = ()
    name: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Something that came with a message; ``ref`` is the network's own id to fetch it by."""

    kind: str  # image, audio, video, file, location, contact, sticker, link
    url: str = ""
    name: str = ""
    mime: str = ""
    size: int = 0
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """What a contact wrote. ``thread_id`` is set where it is not simply the sender's (a group)."""

    external_id: str
    sender: Person
    sent_at: datetime | None
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    thread_id: str = ""
    reply_to: str = ""
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEdit:
    """The contact changed what they wrote earlier."""

    external_id: str
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundDelete:
    """The contact took a message back."""

    external_id: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEcho:
    """Something our side sent: by us (then ``reference`` or the id is known) or in the
    network's own app by a colleague."""

    external_id: str
    recipient: Person
    sent_at: datetime | None
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    reference: str = ""
    by_our_app: bool = False
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundStatus:
    """What became of a message of ours: sent, delivered, read or failed."""

    external_id: str
    state: str
    at: datetime | None
    reference: str = ""
    error_code: str = ""
    error_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundWatermark:
    """Everything of ours in this thread up to a moment reached this state."""

    thread_id: str
    state: str
    up_to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundReaction:
    """An emoji on a message; an empty one takes the earlier one back."""

    external_id: str
    by: str
    emoji: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """A genuine event that we know or do not know, and do nothing about."""

    reason: str


Inbound = (
    InboundMessage
    | InboundEdit
    | InboundDelete
    | InboundEcho
    | InboundStatus
    | InboundWatermark
    | InboundReaction
    | Unsupported
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to be sent. ``tag`` is what the send policy found necessary, or empty."""

    recipient_id: str
    text: str
    reference: str
    attachments: tuple[Mapping[str, Any], ...] = ()
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The network took the message and calls it so."""

    external_id: str


class ChannelProvider(ABC):
    """One messaging network.

    To add one, implement ``verify``, ``signed``, ``split``, ``parse`` and ``send``, give it a
    ``ConfigForm``, a line in ``providers/__init__.py``, a row in ``capabilities.py`` and
    recordings under ``tests/fixtures/channels/<kind>/``.
    """

    ConfigForm: ClassVar[type[forms.Form]]
    # The command line's words for secrets -> names in the config.
    secret_names: ClassVar[Mapping[str, str]] = {}
    # Several accounts share one webhook address and one secret: that of our app there.
    has_shared_address: ClassVar[bool] = False
    how_to_connect: ClassVar[str] = ""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    @classmethod
    @abstractmethod
    def new_secret(cls, name: str) -> str:
        """A fresh value for a secret that we choose ourselves; empty if the network chooses."""

    @abstractmethod
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raise SignatureMismatch unless the network itself sent this webhook."""

    @abstractmethod
    def signed(self, body: bytes) -> dict[str, str]:
        """The headers with which the network would send this body (for replay and tests)."""

    def handshake(self, query: Mapping[str, str]) -> str:
        """The answer to the network's question whether this address is ours."""
        raise SignatureMismatch("This network asks no such question.")

    @abstractmethod
    def split(self, body: bytes) -> Iterator[RawItem]:
        """The events of a webhook, one by one; raises PayloadRejected if it is none at all."""

    def read(self, kind: str, body: bytes) -> list[Inbound]:
        """What one stored event means; raises PayloadRejected with the reason if it is nothing."""
        if kind == UNREADABLE:
            raise PayloadRejected("No event of this network looks like that.")
        if kind == EMPTY:
            return [Unsupported(reason="An envelope without an event.")]
        return self.parse(kind, body)

    @abstractmethod
    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        """What one event means; raises PayloadRejected with the reason it cannot be read."""

    @abstractmethod
    def send(self, message: Outgoing) -> Sent:
        """Deliver a message, or raise a ProviderError."""


def strict_config(config: Mapping[str, Any], name: str) -> bytes:
    """A secret of the config as bytes; an empty one never verifies anything."""
    secret = str(config.get(name) or "")
    if not secret:
        raise SignatureMismatch(f"No {name.replace('_', ' ')} is set for this connection.")
    return secret.encode()


# -- reading JSON that somebody else wrote


def _span(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_SPAN else digits


def loads(body: bytes) -> Any:
    """Decode JSON of any temper; raises PayloadRejected. Numbers of absurd length stay text."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PayloadRejected(f"Not UTF-8 at byte {error.start}.") from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise PayloadRejected(f"Not JSON: {error.msg} at character {error.pos}.") from error
    except RecursionError as error:
        raise PayloadRejected("JSON nested too deeply.") from error
    except ValueError:  # a number with more digits than int() takes
        return json.loads(text, parse_int=_span)


def load_object(body: bytes) -> dict[str, Any]:
    found = loads(body)
    if not isinstance(found, dict):
        raise PayloadRejected(f"Expected an object, got {_name(found)}.")
    return found


def dumps(value: Any) -> bytes:
    """One event as bytes; lone surrogates stay escaped.

    Never fails, so that one event nested beyond reason does not take its siblings along.
    """
    try:
        return json.dumps(value, separators=(",", ":")).encode("ascii")
    except RecursionError:
        return b'{"unreadable":"nested too deeply"}'


def key_of(*parts: str | int) -> str:
    """The hash under which an event is stored once."""
    joined = "\x1f".join(map(str, parts))
    return sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def objects(value: Any) -> Iterator[tuple[dict[str, Any] | None, Any]]:
    """Each element of what should be a list of objects: (object or None, as it came)."""
    if value is None:
        return
    for element in value if isinstance(value, list) else [value]:
        yield (element if isinstance(element, dict) else None), element


def get_object(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A nested object; an absent one is empty, anything else is rejected."""
    value = holder.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise PayloadRejected(f"{name} is {_name(value)}, not an object.")
    return value


def get_list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise PayloadRejected(f"{name} is {_name(value)}, not a list.")
    return value


def get_id(holder: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    """An id as text. Numbers are taken as well: some networks switch between the two."""
    value = holder.get(name)
    if value is None or value == "":
        if required:
            raise PayloadRejected(f"{name} is missing.")
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise PayloadRejected(f"{name} is {_name(value)}, not an id.")
    found = str(value)
    if len(found) > MAX_ID:
        raise PayloadRejected(f"{name} has {len(found)} characters; {MAX_ID} are allowed.")
    if not found.isprintable():
        raise PayloadRejected(f"{name} holds characters that no id has.")
    return found


def get_text(holder: Mapping[str, Any], name: str) -> str:
    """A text; absent is empty, a number or an object is rejected."""
    value = holder.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise PayloadRejected(f"{name} is {_name(value)}, not text.")
    if len(value) > MAX_TEXT:
        raise PayloadRejected(f"{name} has {len(value)} characters; {MAX_TEXT} are allowed.")
    return value


def label(holder: Mapping[str, Any], name: str, limit: int = 255) -> str:
    """A short text that a message can do without: anything else becomes empty."""
    value = holder.get(name)
    return value[:limit] if isinstance(value, str) else ""


def number(holder: Mapping[str, Any], name: str) -> int:
    """A whole number within a database's reach, else 0."""
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**62:
        return 0
    return value


def moment(value: Any, *, milliseconds: bool = False) -> datetime | None:
    """A network's time stamp; None for what cannot be a time of our days.

    A message is not lost because its clock is wrong: the time of receipt stands in.
    """
    if isinstance(value, bool):
        return None
    try:
        seconds = float(value) / (1000 if milliseconds else 1)
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(seconds) or not 0 < seconds < 4_102_444_800:  # 1970 to 2100
        return None
    return datetime.fromtimestamp(seconds, tz=UTC)


def web_address(value: Any) -> str:
    """An http(s) address, else nothing: ``data:``, ``file:`` and the like are never kept."""
    if not isinstance(value, str) or len(value) > 4096 or not value.isprintable():
        return ""
    return value if value.lower().startswith(("https://", "http://")) else ""


def _name(value: Any) -> str:
    names = {list: "a list", dict: "an object", str: "text", bool: "true or false"}
    return names.get(type(value), "nothing" if value is None else "a number")


def plain(value: Any, limit: int = 40) -> str:
    """A word for a log or a column, free of anything that is not plain text."""
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value[:limit] if c.isascii() and c.isprintable())


def get_account(holder: Mapping[str, Any], name: str) -> str:
    """The id of one of our accounts, as short as the routing table wants it."""
    found = get_id(holder, name)
    if len(found) > MAX_ACCOUNT:
        raise PayloadRejected(f"{name} has {len(found)} characters; {MAX_ACCOUNT} are allowed.")
    return found


def get_answer_id(answer: Any, name: str) -> str:
    """The id a network gave to what we sent; without it we cannot know that it took it."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise AnswerLost(f"The answer names no {name}.")
    return str(value)[:MAX_ID]


def unreadable(value: Any, account_id: str = "") -> RawItem:
    """An element of a batch that is no event at all; its siblings go their way."""
    body = dumps(value)
    return RawItem(account_id, key_of(account_id, "unreadable", body.decode()), UNREADABLE, body)


def empty(body: bytes, account_id: str = "") -> RawItem:
    """An envelope in which nothing lies."""
    return RawItem(account_id, key_of(account_id, EMPTY, body.hex()), EMPTY, body)

"""What a company can be told of: each event with its name, its version and the shape of its data.

Apps declare theirs once, in their ``announcements``, and call ``announce`` in the transaction that
makes it true. Console, documentation and OpenAPI read the same catalogue. ::

    CLOSED = declare(
        "conversation.closed", group=CONVERSATIONS, label=_("A conversation was closed"),
        text="…", example=ConversationClosed(…),
    )
    announce(CLOSED, lambda: ConversationClosed(…))

A field may be added to a version; one that goes, or means something else, makes a new version.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict

from tenants.plugins.errors import legible

LONGEST_TEXT = 16_000  # characters of one value
TEST = "webhook.test"


class Shape(BaseModel):
    """The data of an event: what happened to what, by ids that the API knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


D = TypeVar("D", bound=Shape)


@dataclass(frozen=True, slots=True)
class Group:
    """Events that people choose together."""

    name: str
    label: str | Promise


@dataclass(frozen=True, slots=True)
class EventType(Generic[D]):
    """One kind of event. ``text`` says in English when it is sent, for the documentation."""

    name: str
    group: Group
    label: str | Promise
    text: str
    example: D
    version: int = 1

    @property
    def shape(self) -> type[D]:
        return type(self.example)


CONVERSATIONS = Group("conversations", _("Conversations"))
CONTACTS = Group("contacts", _("Contacts"))
LEADS = Group("leads", _("Leads"))
KNOWLEDGE = Group("knowledge", _("Knowledge"))
AGENTS = Group("agents", _("Agents"))
WEBHOOKS = Group("webhooks", _("Webhooks"))
GROUPS = (CONVERSATIONS, CONTACTS, LEADS, KNOWLEDGE, AGENTS)

_catalogue: dict[str, EventType[Any]] = {}


def declare(
    name: str, *, group: Group, label: str | Promise, text: str, example: D, version: int = 1
) -> EventType[D]:
    """Put an event into the catalogue; each name once."""
    if name in _catalogue:
        raise ValueError(f"{name} is declared twice.")
    made = EventType(name, group, label, text, example, version)
    _catalogue[name] = made
    return made


class Tested(Shape):
    """Nothing happened: somebody wanted to see that deliveries arrive."""

    message: str


TESTED = declare(
    TEST,
    group=WEBHOOKS,
    label=_("A test"),
    text="Sent when somebody asks for a test. Every address gets it; it cannot be chosen.",
    example=Tested(message="It works."),
)


def catalogue() -> list[EventType[Any]]:
    """Every event there is, group by group, as their apps declare them."""
    order = {group.name: number for number, group in enumerate(GROUPS)}
    return sorted(_catalogue.values(), key=lambda each: order.get(each.group.name, 99))


def choosable() -> list[EventType[Any]]:
    """What an address may be told of."""
    return [each for each in catalogue() if each.name != TEST]


def names() -> frozenset[str]:
    return frozenset(each.name for each in choosable())


def label_of(name: str) -> str:
    """An event's name for people; as it is where we do not send it any more."""
    known = _catalogue.get(name)
    return str(known.label) if known else name


def data_of(value: Shape) -> bytes:
    """The data as it will be sent, whatever somebody wrote into it."""
    readable = _readable(value.model_dump(mode="json"))
    return json.dumps(readable, ensure_ascii=False, separators=(",", ":")).encode()


def _readable(value: Any) -> Any:
    """Without what a receiver's parser or database would choke on: NUL and lone surrogates."""
    if isinstance(value, str):
        return legible(value)[:LONGEST_TEXT]
    if isinstance(value, dict):
        return {legible(str(name)): _readable(each) for name, each in value.items()}
    return [_readable(each) for each in value] if isinstance(value, list) else value


def envelope(
    *,
    name: str,
    version: int,
    event_id: str,
    sequence: int,
    at: datetime,
    company: str,
    data: bytes,
) -> bytes:
    """The body of a delivery: byte for byte the same, however often it is sent."""
    head = {
        "type": name,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "id": event_id,
        "version": version,
        "sequence": sequence,
        "company": company,
    }
    return json.dumps(head, separators=(",", ":")).encode()[:-1] + b',"data":' + data + b"}"


def example_of(event: EventType[Any], *, company: str = "acme") -> dict[str, Any]:
    """A whole body, for documentation and tests."""
    made: dict[str, Any] = json.loads(
        envelope(
            name=event.name,
            version=event.version,
            event_id="evt_0198a3c2b7e17d4f9b6a2f5c8d1e4a70",
            sequence=4711,
            at=datetime.fromisoformat("2026-05-04T09:30:00+00:00"),
            company=company,
            data=data_of(event.example),
        )
    )
    return made

"""What a program may touch, beside what its role may do: one table from rights to rooms.

A scope reads ``room:read`` or ``room:write``; writing a room includes reading it. Both the role
and a scope must allow a deed, so a key may be as narrow as its purpose. A right that stands in
no room is refused to every key that is not ``*``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

EVERYTHING = "*"
READ, WRITE = "read", "write"
READING = ("view", "read")  # first words of rights that change nothing


@dataclass(frozen=True, slots=True)
class Room:
    """Things that a program needs together; ``models`` are patterns of ``app.model``."""

    name: str
    label: Any
    models: tuple[str, ...]


# The first that matches holds.
ROOMS = (
    Room(
        "contacts",
        _("Contacts"),
        (
            "channels_app.contact*",
            "channels_app.optout",
            "channels_app.mergesuggestion",
        ),
    ),
    Room(
        "channels",
        _("Channels"),
        (
            "channels_app.channelconnection",
            "channels_app.checkup",
            "channels_app.openfinding",
            "channels_app.messagetemplate",
            "channels_app.inboundevent",
            "channels_app.signinattempt",
        ),
    ),
    Room("conversations", _("Conversations"), ("channels_app.*",)),
    Room("leads", _("Leads"), ("leads.*",)),
    Room("knowledge", _("Knowledge"), ("knowledge.*",)),
    Room("agents", _("Agents"), ("agents.*",)),
    Room("crm", _("CRM"), ("crm.*",)),
    Room("webhooks", _("Webhooks"), ("outgoing.*",)),
    Room("letters", _("Dead letters"), ("deadletters.*",)),
    Room("workspace", _("Workspace"), ("workspace.*", "samples.*", "notices.*")),
    Room("access", _("Team and keys"), ("accounts.*",)),
    Room("audit", _("Audit log"), ("audit.*",)),
    Room("analytics", _("Analytics"), ("figures.*",)),
    Room("billing", _("Usage and bill"), ("billing.*",)),
)
NAMES = tuple(f"{room.name}:{verb}" for room in ROOMS for verb in (READ, WRITE))


@lru_cache(maxsize=4096)
def scope_of(permission: str) -> str:
    """The scope a right stands in, e.g. ``leads:write``; empty where it stands in none."""
    app, _dot, deed = permission.partition(".")
    verb, _underscore, model = deed.partition("_")
    thing = f"{app}.{model}"
    for room in ROOMS:
        if any(fnmatchcase(thing, pattern) for pattern in room.models):
            return f"{room.name}:{READ if verb in READING else WRITE}"
    return ""


def covers(held: Iterable[str], scope: str) -> bool:
    """Whether somebody who holds these scopes may act in this one."""
    held = set(held)
    if EVERYTHING in held:
        return True
    room, _colon, verb = scope.partition(":")
    return bool(scope) and (scope in held or (verb == READ and f"{room}:{WRITE}" in held))


def allow(held: Sequence[str], permission: str) -> bool:
    """Whether a right stands in a room that these scopes open."""
    return EVERYTHING in held or covers(held, scope_of(permission))


def unknown(scopes: Iterable[str]) -> list[str]:
    return sorted({scope for scope in scopes if scope != EVERYTHING and scope not in NAMES})


def beyond(held: Iterable[str], asked: Iterable[str]) -> list[str]:
    """What is asked for and not held: nobody gives away more than they have."""
    held = set(held)
    return sorted({scope for scope in asked if scope not in held and not covers(held, scope)})

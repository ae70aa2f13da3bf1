"""What upper floors keep of a contact, following it when two become one, and going back.

They register here, as they offer panels in ``tenants.cards``: a merge is one transaction over all
floors, which a bell that rings after the commit could not be. ::

    follow("leads", order=10, merged=..., parted=...)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from channels_app.models import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """One contact becomes part of another; both rows are locked, their conversations moved."""

    survivor: Contact
    absorbed: Contact
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """The absorbed contact stands by itself again, with these conversations.

    ``kept`` is what the follower returned when they were merged, as it came back from JSON.
    """

    survivor: Contact
    absorbed: Contact
    conversations: tuple[int, ...]
    kept: dict[str, Any]
    actor: str


@dataclass(frozen=True, slots=True)
class Follower:
    """``merged`` returns, as plain JSON, what ``parted`` will have to know."""

    name: str
    order: int
    merged: Callable[[Merging], dict[str, Any]]
    parted: Callable[[Parting], None]


_followers: dict[str, Follower] = {}


def follow(
    name: str,
    *,
    order: int,
    merged: Callable[[Merging], dict[str, Any]],
    parted: Callable[[Parting], None],
) -> None:
    _followers[name] = Follower(name, order, merged, parted)


def followers() -> list[Follower]:
    return sorted(_followers.values(), key=lambda each: each.order)

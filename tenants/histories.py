"""What happened to one thing, told by several apps in one line of time, paged by keys.

An app registers a source for a place with ``tenants.cards.offer``; it gets the subject, a
``Before`` and how many are wanted, and answers with its newest ``Moment`` rows behind that
point. ``page`` lays the answers of all together.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when, what, by whom and why."""

    at: datetime
    source: str  # whose row this is, such as "message"
    pk: int
    what: str
    text: str = ""
    actor: str = ""  # as histories have it: ai, system, user:<id>, …
    why: str = ""
    icon: str = "note"
    url: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[datetime, str, int]:
        return (self.at, self.source, self.pk)

    @property
    def cursor(self) -> str:
        return f"{self.at.isoformat()}_{self.source}_{self.pk}"


@dataclass(frozen=True, slots=True)
class Before:
    """The point behind which the next page begins; without a time, the newest there is."""

    at: datetime | None = None
    source: str = ""
    pk: int = 0

    def of(self, source: str, at: str) -> Q:
        """The rows of one source behind this point, by its column of time."""
        if self.at is None:
            return Q()
        earlier = Q(**{f"{at}__lt": self.at})
        if source > self.source:
            return earlier
        same = Q(**{at: self.at})
        return earlier | (same & Q(pk__lt=self.pk) if source == self.source else same)


def before_of(cursor: str) -> Before:
    """Out of an address; what cannot be begins anew."""
    at, _mark, rest = cursor.partition("_")
    source, _mark, pk = rest.partition("_")
    try:
        when = parse_datetime(at)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None or not (pk.isascii() and pk.isdigit()) or len(pk) > 18:
        return Before()
    return Before(when, source, int(pk))


def page(told: Iterable[Moment], *, size: int) -> tuple[list[Moment], str]:
    """The newest of what the sources told, and where the next page begins ("": nowhere).

    Each source must have been asked for one more than ``size``.
    """
    ordered = sorted(told, key=lambda moment: moment.key, reverse=True)
    shown = ordered[:size]
    return shown, shown[-1].cursor if len(ordered) > size else ""

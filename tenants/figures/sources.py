"""The socket for what is counted: each app brings a source that knows its rows."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from tenants import context


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the company's own, and when it begins and ends."""

    day: date
    start: datetime
    end: datetime

    @classmethod
    def of(cls, day: date, zone: ZoneInfo) -> "Day":
        start = datetime.combine(day, time.min, zone)
        return cls(day, start, datetime.combine(day + timedelta(days=1), time.min, zone))


@dataclass(slots=True)
class Count:
    """What was counted of one kind, on one channel, by one person."""

    kind: str
    channel: str = ""
    agent: str = ""
    n: int = 0
    total: float = 0.0
    buckets: dict[int, int] = field(default_factory=dict)


class Source(ABC):
    """Rows of one app that figures are made of."""

    name: ClassVar[str]
    kinds: ClassVar[Collection[str]]  # which figures are this source's, and nobody else's

    @abstractmethod
    def count(self, day: Day) -> Iterable[Count]:
        """Everything of that day, anew. Asking twice gives the same."""

    @abstractmethod
    def touched(self, since: int, zone: str) -> tuple[set[date], int]:
        """The days that rows after ``since`` (an id, 0 for all) belong to, and the last id."""


SOURCES: dict[str, Source] = {}


def count_with(source: type[Source]) -> type[Source]:
    """Register a source, as a decorator."""
    SOURCES[source.name] = source()
    return source


def rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a source asks its tables."""
    with context.connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def gathered(found: Iterable[tuple[str, str, str, int | None, int, float | None]]) -> list[Count]:
    """Rows of (kind, channel, agent, bucket, n, total) put together, one count for all buckets."""
    counts: dict[tuple[str, str, str], Count] = {}
    for kind, channel, agent, bucket, n, total in found:
        count = counts.setdefault((kind, channel, agent), Count(kind, channel, agent))
        count.n += n
        count.total += float(total or 0)
        if bucket is not None:
            count.buckets[bucket] = count.buckets.get(bucket, 0) + n
    return list(counts.values())

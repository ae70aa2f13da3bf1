"""The socket for what is counted: each app brings a source that knows its rows."""

import calendar
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.utils import timezone

from tenants import context
from tenants.figures.models import Figure


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the company's own, and when it begins and ends."""

    day: date
    start: datetime
    end: datetime
    month_start: datetime  # its month's first moment

    @classmethod
    def of(cls, day: date, zone: ZoneInfo) -> "Day":
        start = datetime.combine(day, time.min, zone)
        end = datetime.combine(day + timedelta(days=1), time.min, zone)
        return cls(day, start, end, datetime.combine(day.replace(day=1), time.min, zone))

    @property
    def window(self) -> dict[str, Any]:
        """For statements that ask for ``%(start)s`` to ``%(end)s``."""
        return {"start": self.start, "end": self.end, "month": self.month_start}


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
    """Rows of one app that figures are made of.

    ``table`` is the one whose ids grow with what comes in, and ``days_touched`` the statement
    that finds the days of its rows after ``%(since)s`` (an id, 0 for all) in ``%(zone)s``.
    """

    name: ClassVar[str]
    kinds: ClassVar[Collection[str]]  # which figures are this source's, and nobody else's
    table: ClassVar[str]
    days_touched: ClassVar[str]

    @abstractmethod
    def count(self, day: Day) -> Iterable[Count]:
        """Everything of that day, anew. Asking twice gives the same."""

    def touched(self, since: int, zone: str) -> tuple[set[date], int]:
        """The days that rows after ``since`` belong to, and the last id."""
        # First the mark: what is committed in between is found now and looked at again.
        ((last,),) = rows(f"SELECT COALESCE(MAX(id), 0) FROM {self.table}", {})  # noqa: S608
        found = rows(self.days_touched, {"since": since, "zone": zone})
        return {day for (day,) in found}, int(last)


class OnceAMonth(Source):
    """Counts who was there once a calendar month, on their first day of it.

    So days add up to the month; and what comes late to a day may take somebody from a later one.
    """

    def touched(self, since: int, zone: str) -> tuple[set[date], int]:
        days, last = super().touched(since, zone)
        return {each for day in days for each in _rest_of_month(day)}, last


class Level(Source):
    """Counts what is there: the most that was seen on a day. Earlier days stay as they were."""

    @abstractmethod
    def measure(self) -> Iterable[Count]:
        """What is there now."""

    def touched(self, since: int, zone: str) -> tuple[set[date], int]:
        return set(), since

    def count(self, day: Day) -> Iterable[Count]:
        seen = {
            (kind, channel, agent): Count(kind, channel, agent, n)
            for kind, channel, agent, n in Figure.objects.filter(
                day=day.day, kind__in=self.kinds
            ).values_list("kind", "channel", "agent", "n")
        }
        if day.start <= timezone.now() < day.end:
            for now in self.measure():
                known = seen.setdefault((now.kind, now.channel, now.agent), now)
                known.n = max(known.n, now.n)
        return [count for count in seen.values() if count.n]


def _rest_of_month(day: date) -> list[date]:
    last = calendar.monthrange(day.year, day.month)[1]
    return [day.replace(day=number) for number in range(day.day, last + 1)]


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

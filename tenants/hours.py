"""When somebody is there: hours of the week and days that are otherwise, on one zone's clock.

Pure: it reads no row and no clock. A span is open from the first moment at which the clock shows
its beginning to the last at which it shows its end, so that a night in which clocks change loses
or gains an hour as people do.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_LINES = 20
MAX_SPANS = 6  # of one day
MAX_OTHER_DAYS = 200
HORIZON = 400  # days; who opens later than that does not open
MIDNIGHT = time(0)
A_DAY = timedelta(days=1)

Daily = tuple[time, time]  # until midnight: to the day's end
Week = tuple[tuple[Daily, ...], ...]  # Monday first; an empty one: open day and night
WHOLE_DAY: tuple[Daily, ...] = ((MIDNIGHT, MIDNIGHT),)

_TIMES = r"(\d{1,2})(?::(\d\d))?\s*-\s*(\d{1,2})(?::(\d\d))?"
_SPAN = re.compile(_TIMES)
_LINE = re.compile(rf"([a-z]{{3}})(?:\s*-\s*([a-z]{{3}}))?\s+({_TIMES})")
_DATE = r"(?:(\d{4})-)?(\d\d)-(\d\d)"
_SPANS = rf"{_SPAN.pattern}(?:\s*,\s*{_SPAN.pattern})*"
_OTHER_DAY = re.compile(rf"{_DATE}(?:\s+-\s+{_DATE})?(?:\s+({_SPANS}))?(?:\s+(\D.*))?")


class Unreadable(ValueError):
    """A line that names no days or times."""


@dataclass(frozen=True, slots=True)
class OtherDay:
    """Days that are not as their weekday is: closed, or open at other times. ``is_yearly`` ones
    come again; ``since`` and ``until`` are then of a leap year."""

    since: date
    until: date
    is_yearly: bool = False
    spans: tuple[Daily, ...] = ()
    name: str = ""

    def holds_on(self, day: date) -> bool:
        if not self.is_yearly:
            return self.since <= day <= self.until
        first, last = (self.since.month, self.since.day), (self.until.month, self.until.day)
        here = (day.month, day.day)
        return first <= here <= last if first <= last else here >= first or here <= last


@dataclass(frozen=True, slots=True)
class Hours:
    """Everything there is to ask; moments go in with their zone and come out in ours."""

    zone: ZoneInfo
    week: Week = ()
    other_days: tuple[OtherDay, ...] = ()

    @property
    def are_always(self) -> bool:
        return not self.week and not self.other_days

    def is_open(self, at: datetime) -> bool:
        return self.are_always or self._span_at_or_after(at)[0] <= _stamp(at)

    def next_opening(self, at: datetime) -> datetime | None:
        """``at`` itself while it is open; None where nothing opens within a year."""
        opens, _closes = (_stamp(at), _NEVER) if self.are_always else self._span_at_or_after(at)
        return None if opens == _NEVER else self._here(max(opens, _stamp(at)))

    def closed_since(self, at: datetime) -> datetime | None:
        """When it closed last, at a moment at which it is closed; None where it is open, or was
        not open for a year."""
        if self.is_open(at):
            return None
        now = _stamp(at)
        for days in (2, 10, 50, HORIZON):  # nearly always it was yesterday
            spans = self._spans(at - days * A_DAY, at)
            if ended := [closes for _opens, closes in spans if closes <= now]:
                return self._here(max(ended))
        return None

    def seconds_between(self, start: datetime, end: datetime) -> float:
        """How long it is open between the two; 0 where the end lies before the start."""
        since, until = _stamp(start), _stamp(end)
        if self.are_always:
            return max(until - since, 0.0)
        spent = 0.0
        for opens, closes in self._spans(start, end):
            spent += max(min(closes, until) - max(opens, since), 0.0)
        return spent

    def later(self, start: datetime, seconds: float) -> datetime | None:
        """The first moment at which it was open for so long since ``start``; None where that is
        more than a year away."""
        since, left = _stamp(start), max(seconds, 0.0)
        if self.are_always:
            return self._here(since + left)
        for opens, closes in self._spans(start):
            begins = max(opens, since)
            if closes - begins >= left and closes > begins:
                return self._here(begins + left)
            left -= max(closes - begins, 0.0)
        return None

    def spans_of(self, day: date) -> tuple[Daily, ...]:
        """What a calendar says of a day; of several other days the first one."""
        for other in self.other_days:
            if other.holds_on(day):
                return other.spans
        return self.week[day.weekday()] if self.week else WHOLE_DAY

    def _span_at_or_after(self, at: datetime) -> tuple[float, float]:
        now = _stamp(at)
        return next((span for span in self._spans(at) if span[1] > now), (_NEVER, _NEVER))

    def _spans(self, start: datetime, end: datetime | None = None) -> Iterator[tuple[float, float]]:
        """Open spans in their order, none within another, as seconds since 1970.

        It begins two days early: a zone may leave out a whole day (Samoa, 2011).
        """
        day = start.astimezone(self.zone).date() - 2 * A_DAY
        last = (end or start).astimezone(self.zone).date() + A_DAY
        if end is None:
            last += HORIZON * A_DAY
        said = float("-inf")
        while day <= last:
            for since, until in sorted(self.spans_of(day)):
                opens = max(self._first(day, since), said)
                closes = self._end(day, until)
                if closes > opens:
                    said = closes
                    yield opens, closes
            day += A_DAY

    def _first(self, day: date, clock: time) -> float:
        return datetime.combine(day, clock, self.zone).timestamp()

    def _end(self, day: date, clock: time) -> float:
        if clock == MIDNIGHT:
            return self._first(day + A_DAY, MIDNIGHT)
        return datetime.combine(day, clock, self.zone).replace(fold=1).timestamp()

    def _here(self, stamp: float) -> datetime:
        return datetime.fromtimestamp(stamp, UTC).astimezone(self.zone)


_NEVER = float("inf")


def _stamp(moment: datetime) -> float:
    return moment.timestamp()


def read_hours(text: str) -> Week:
    """A week out of lines like ``Mon-Fri 09:00-18:00``; raises Unreadable with the line that is
    none. No line at all: open day and night."""
    lines = [line.strip().lower() for line in text.splitlines() if line.strip()]
    week: list[list[Daily]] = [[] for _day in DAYS]
    for line in lines[:MAX_LINES]:
        found = _LINE.fullmatch(_plain(line))
        if found is None or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
            raise Unreadable(line)
        span = _span(found[3], line)
        first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
        for each in range((last - first) % 7 + 1):
            week[(first + each) % 7].append(span)
    return tuple(map(tuple, week)) if lines else ()


def read_day(text: str) -> tuple[Daily, ...]:
    """The spans of one day, ``09:00-13:00, 15:00-18:00``; empty: closed. Raises Unreadable."""
    parts = [part.strip() for part in _plain(text).split(",") if part.strip()]
    if len(parts) > MAX_SPANS:
        raise Unreadable(text)
    spans = sorted(_span(part, text) for part in parts)
    for (_since, until), (since, _until) in zip(spans, spans[1:], strict=False):
        if until == MIDNIGHT or since < until:
            raise Unreadable(text)
    return tuple(spans)


def read_week(days: Mapping[str, str]) -> Week:
    """A week as it is kept: the spans of each day by its name. Nothing anywhere: day and night."""
    week = tuple(read_day(str(days.get(day) or "")) for day in DAYS)
    return week if any(week) else ()


def write_day(spans: tuple[Daily, ...]) -> str:
    """As ``read_day`` reads it."""
    return ", ".join(
        f"{since:%H:%M}-{'24:00' if until == MIDNIGHT else f'{until:%H:%M}'}"
        for since, until in spans
    )


def read_other_days(text: str) -> tuple[OtherDay, ...]:
    """Days that are otherwise, one a line: ``2026-12-25 Christmas``, ``12-25`` each year,
    ``2026-12-24 - 2027-01-01``, and with times where it is open then. Raises Unreadable."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_OTHER_DAYS:
        raise Unreadable(lines[MAX_OTHER_DAYS])
    return tuple(map(_other_day, lines))


def _other_day(line: str) -> OtherDay:
    found = _OTHER_DAY.fullmatch(_plain(line))
    if found is None:
        raise Unreadable(line)
    year, month, day, to_year, to_month, to_day, spans, *rest = found.groups()
    is_yearly = year is None
    if to_month is None:
        to_year, to_month, to_day = year, month, day
    if is_yearly != (to_year is None):
        raise Unreadable(line)
    try:
        since = date(int(year or 2000), int(month), int(day))
        until = date(int(to_year or 2000), int(to_month), int(to_day))
    except ValueError as error:
        raise Unreadable(line) from error
    if not is_yearly and until < since:
        raise Unreadable(line)
    opened = read_day(spans) if spans else ()
    return OtherDay(since, until, is_yearly, opened, (rest[-1] or "").strip())


def _span(text: str, line: str) -> Daily:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Unreadable(line)
    hour, minute, to_hour, to_minute = (int(each or 0) for each in found.groups())
    is_day_end = (to_hour, to_minute) == (24, 0)
    try:
        since, until = time(hour, minute), time(0 if is_day_end else to_hour, to_minute)
    except ValueError as error:
        raise Unreadable(line) from error
    if until <= since and until != MIDNIGHT:
        raise Unreadable(line)
    return since, until


def _plain(text: str) -> str:
    return text.replace("–", "-").replace("—", "-")

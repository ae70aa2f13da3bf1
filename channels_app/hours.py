"""When somebody is there, as people write it down: ``Mon-Fri 09:00-18:00``, one span a line."""

import re
from dataclasses import dataclass
from datetime import datetime, time

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_LINES = 20
_LINE = re.compile(
    r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?\s+(\d{1,2})(?::(\d\d))?\s*-\s*(\d{1,2})(?::(\d\d))?"
)


@dataclass(frozen=True, slots=True)
class Span:
    """From one time to another on some days; ``until`` of midnight means the day's end."""

    days: frozenset[int]
    since: time
    until: time


class Unreadable(ValueError):
    """A line that names no days and times."""


def read_hours(text: str) -> list[Span]:
    """The spans of a text; raises Unreadable with the line that is none."""
    lines = [line.strip().lower() for line in text.splitlines() if line.strip()]
    return [_span(line) for line in lines[:MAX_LINES]]


def is_open(spans: list[Span], now: datetime) -> bool:
    """Whether ``now``, in the company's own zone, lies in one of them; none at all: always."""
    at = now.time().replace(tzinfo=None)
    return not spans or any(
        now.weekday() in span.days
        and span.since <= at
        and (at < span.until or span.until == time(0))
        for span in spans
    )


def _span(line: str) -> Span:
    found = _LINE.fullmatch(line.replace("–", "-"))
    if found is None:
        raise Unreadable(line)
    first, last, *digits = found.groups()
    try:
        start, end = DAYS.index(first), DAYS.index(last or first)
        hours = [int(each or 0) for each in digits]
        since, until = time(hours[0], hours[1]), time(hours[2] % 24, hours[3])
    except ValueError as error:
        raise Unreadable(line) from error
    if hours[2] > 24 or (until <= since and until != time(0)):
        raise Unreadable(line)
    count = (end - start) % 7
    return Span(frozenset((start + each) % 7 for each in range(count + 1)), since, until)

"""By when somebody has to be answered, and their matter dealt with. Pure values.

Two timers: for an answer, from the first words that nobody answered; for all of it, from the words
that opened the conversation. Both stand still while it is put away or led elsewhere, the second
also while the contact has the next word. What they need is in the conversation's row, so that it
does not matter who changes it, nor how often it is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tenants.hours import Hours

FIRST, NEXT, RESOLUTION = "first", "next", "resolve"
ANY_TIME = Hours(ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is promised on a channel: minutes, or nothing; ``hours`` are those that count."""

    first: int | None = None
    next: int | None = None
    resolve: int | None = None
    hours: Hours = ANY_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a conversation is at this moment."""

    now: datetime
    waiting_since: datetime | None
    is_closed: bool = False
    stands_still: bool = False  # put away, or somebody else's to answer


@dataclass(slots=True)
class Clock:
    """The timers of a conversation. A timer runs towards ``…_due`` or has ``…_left`` seconds."""

    opened: datetime | None = None
    waits: datetime | None = None  # since when: what the answer's timer was set for
    answer_due: datetime | None = None
    answer_left: float | None = None
    resolve_due: datetime | None = None
    resolve_left: float | None = None
    late: list[str] = field(default_factory=list)  # what was noted as not kept

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> "Clock":
        given = {each.name: said[each.name] for each in fields(cls) if each.name in said}
        for name in ("opened", "waits", "answer_due", "resolve_due"):
            if name in given:
                given[name] = datetime.fromisoformat(given[name])
        return cls(**given)

    def as_json(self) -> dict[str, Any]:
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in said.items()
            if value not in (None, [])
        }

    @property
    def answer(self) -> str:
        """What the answer that is waited for would be."""
        return FIRST if self.waits == self.opened else NEXT

    @property
    def dues(self) -> list[tuple[datetime, str]]:
        """What runs, the nearest first."""
        both = ((self.answer_due, self.answer), (self.resolve_due, RESOLUTION))
        return sorted((due, target) for due, target in both if due is not None)

    @property
    def alarm_at(self) -> datetime | None:
        """When to look whether it was kept: not again once it is noted that it was not."""
        return next((due for due, target in self.dues if target not in self.late), None)

    def since(self, target: str) -> datetime | None:
        return self.opened if target == RESOLUTION else self.waits


def wound(clock: Clock, state: State, terms: Terms) -> Clock:
    """The timers as they have to be; asked twice it is the same."""
    if state.is_closed:
        return Clock()
    waiting = state.waiting_since
    opened = clock.opened or waiting
    is_new = waiting != clock.waits
    made = Clock(opened=opened, waits=waiting, late=list(clock.late))
    if is_new:
        made.late = [each for each in made.late if each == RESOLUTION]
    if opened is None:
        return made
    # Words that came just now count from when they were said, time that was put away not at all.
    resumed = waiting if is_new and waiting is not None else state.now
    runs = waiting is not None and not state.stands_still
    if waiting is not None:
        known = Clock() if is_new else clock
        made.answer_due, made.answer_left = _timer(
            due=known.answer_due,
            left=known.answer_left,
            minutes=terms.first if made.answer == FIRST else terms.next,
            runs=runs,
            began=waiting,
            resumed=resumed,
            state=state,
            hours=terms.hours,
        )
    made.resolve_due, made.resolve_left = _timer(
        due=clock.resolve_due,
        left=clock.resolve_left,
        minutes=terms.resolve,
        runs=runs,
        began=opened,
        resumed=resumed,
        state=state,
        hours=terms.hours,
    )
    return made


def _timer(
    *,
    due: datetime | None,
    left: float | None,
    minutes: int | None,
    runs: bool,
    began: datetime,
    resumed: datetime,
    state: State,
    hours: Hours,
) -> tuple[datetime | None, float | None]:
    """When it ends, or what is left of it."""
    if minutes is None:
        return None, None
    if runs:
        if due is None and left is None:
            due = hours.later(began, timedelta(minutes=minutes).total_seconds())
        elif due is None:
            due = hours.later(resumed, left or 0.0)
        return due, None
    if due is not None:
        left = hours.seconds_between(state.now, due)
    return None, timedelta(minutes=minutes).total_seconds() if left is None else left

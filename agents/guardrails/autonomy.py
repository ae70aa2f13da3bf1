"""What the AI may do with a reply that passed the checks: a company's table, read by one function.

A row names a channel and an intent and says, for each level of risk, what happens. The row that
names more decides; of rows that name as much, the more careful one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from agents.guardrails.risk import Level, Risk

ANY = "any"
PRIVATE, PUBLIC = "private", "public"
PLACES = (ANY, PRIVATE, PUBLIC)
MOST_ROWS = 60
LONGEST_DELAY = 3_600
LONGEST_EXPIRY = 24 * 14


class Act(StrEnum):
    """From the freest to the most careful."""

    SEND = "send"
    DELAY = "delay"
    DRAFT = "draft"
    NEVER = "never"


CARE = {act: number for number, act in enumerate(Act)}


@dataclass(frozen=True, slots=True)
class Row:
    """``channel``: a network, or private, public, any. ``intent``: ours or the company's."""

    channel: str
    intent: str
    low: Act
    medium: Act
    high: Act

    def act(self, level: Level) -> Act:
        return {Level.LOW: self.low, Level.MEDIUM: self.medium, Level.HIGH: self.high}[level]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A company's policy; ``delay_seconds`` is the time to undo, ``expires_hours`` a draft's."""

    rows: tuple[Row, ...]
    delay_seconds: int = 30
    expires_hours: int = 24


DEFAULT = Matrix(
    rows=(
        # In private an ordinary answer leaves at once, a delicate one can be held back.
        Row(PRIVATE, ANY, Act.SEND, Act.DELAY, Act.DRAFT),
        # In public everybody reads a mistake, and it stays: each answer can be held back.
        Row(PUBLIC, ANY, Act.DELAY, Act.DRAFT, Act.DRAFT),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an answer would stand: the network, and whether everybody reads it."""

    platform: str
    is_public: bool


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is done and why; ``row`` is the one that decided, as "channel/intent"."""

    act: Act
    level: Level
    points: int
    reasons: tuple[str, ...]
    row: str
    seconds: int = 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "reasons": list(self.reasons)}


def rule(
    matrix: Matrix,
    *,
    place: Place,
    intents: Sequence[str],
    risk: Risk,
    at_least: Mapping[str, Act] | None = None,
) -> Ruling:
    """The policy's answer. ``intents`` are this message's, the most particular first; ``at_least``
    are others' wishes for more care, by reason."""
    found = [
        (score, row) for row in matrix.rows if (score := _fit(row, place, intents)) is not None
    ]
    level = risk.level
    if found:
        best = max(score for score, _ in found)
        row = max((row for score, row in found if score == best), key=lambda r: CARE[r.act(level)])
        act, name = row.act(level), f"{row.channel}/{row.intent}"
    else:
        act, name = Act.DRAFT, ""  # a table that forgets a channel has not allowed it
    reasons = [*risk.codes, *([] if found else ["no_rule"])]
    for why, wished in (at_least or {}).items():
        if CARE[wished] > CARE[act]:
            act = wished
        if wished is not Act.SEND:
            reasons.append(why)
    seconds = matrix.delay_seconds if act is Act.DELAY else 0
    return Ruling(act, level, risk.points, tuple(dict.fromkeys(reasons)), name, seconds)


def _fit(row: Row, place: Place, intents: Sequence[str]) -> int | None:
    """How much a row names of what is before us; None where it is about something else."""
    surface = PUBLIC if place.is_public else PRIVATE
    channels = {ANY: 0, surface: 1, place.platform: 2}
    # Their own intents are more particular than ours, and say more than a channel does.
    wanted = {ANY: 0}
    for care, intent in enumerate(reversed(intents), start=1):
        wanted[intent] = care * 3
    if row.channel not in channels or row.intent not in wanted:
        return None
    return channels[row.channel] + wanted[row.intent]


def matrix_from(rows: Iterable[Mapping[str, Any]], *, delay: int, expires: int) -> Matrix:
    """A stored or sent table as a matrix; raises ValueError with a sentence for people."""
    made = [
        Row(
            str(row["channel"]),
            str(row["intent"]),
            Act(row["low"]),
            Act(row["medium"]),
            Act(row["high"]),
        )
        for row in rows
    ]
    if not made:
        raise ValueError("A policy needs at least one row.")
    if len(made) > MOST_ROWS:
        raise ValueError(f"A policy has at most {MOST_ROWS} rows.")
    keys = [(row.channel, row.intent) for row in made]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"Channel {twice[0]} and intent {twice[1]} stand there twice.")
    if not 5 <= delay <= LONGEST_DELAY:
        raise ValueError(f"The time to undo is 5 to {LONGEST_DELAY} seconds.")
    if not 1 <= expires <= LONGEST_EXPIRY:
        raise ValueError(f"Drafts expire after 1 to {LONGEST_EXPIRY} hours.")
    return Matrix(tuple(made), delay, expires)


def rows_of(matrix: Matrix) -> list[dict[str, str]]:
    return [{key: str(value) for key, value in asdict(row).items()} for row in matrix.rows]

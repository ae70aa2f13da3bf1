"""The socket for what can die: each app brings a letter box of its own.

A dead letter is a row that its app has given up: the box reads such rows, shows what is in one,
and knows how to try it again or let it go. This floor knows neither the rows nor their apps.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are meant. ``until`` leaves out what dies while many are tried again."""

    reason: str = ""
    platform: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of letters ends: the next one begins behind it."""

    at: datetime
    kind: str
    id: str

    def seen_from(self, kind: str) -> "Behind":
        """Where a box goes on. Kinds of the same moment stand in the order of their names."""
        if kind == self.kind:
            return Behind(self.at, id=self.id)
        return Behind(self.at, whole_moment=kind > self.kind)


@dataclass(frozen=True, slots=True)
class Behind:
    """A position as one box sees it: of that very moment the ids below, all, or none."""

    at: datetime
    id: str = ""
    whole_moment: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """One row that was given up. Names of people are not in it; ``payload`` has those."""

    kind: str
    id: str
    reason: str  # what letters are gathered by
    text: str  # the reason as a sentence
    at: datetime  # when it was given up
    first_at: datetime
    attempts: int
    platform: str  # network, CRM, …
    source: str  # the connection's name
    about: str = ""  # what it is, in a word or two
    url: str = ""  # where people find it
    doubt: str = ""  # why it may not simply be tried again, as a sentence

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.id}"

    @property
    def position(self) -> Position:
        return Position(self.at, self.kind, self.id)


@dataclass(frozen=True, slots=True)
class Payload:
    """What is in a letter. ``language`` says how to show it: json or text."""

    text: str
    language: str = "text"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many letters there are of one reason on one platform."""

    kind: str
    reason: str
    platform: str
    count: int


@dataclass(slots=True)
class Replayed:
    """What came of trying letters again: how many are on their way, and why others are not."""

    done: int = 0
    refused: dict[str, str] = field(default_factory=dict)  # id -> code
    texts: dict[str, str] = field(default_factory=dict)  # code -> sentence

    def refuse(self, letter_id: str, code: str, text: str) -> None:
        self.refused[letter_id] = code
        self.texts[code] = text


class LetterBox(ABC):
    """One kind of dead letters."""

    kind: ClassVar[str]
    label: ClassVar[str | Promise]
    order: ClassVar[int] = 50  # where its name stands among the others
    # The rights it takes: to read the list, to try again, to let go.
    sees: ClassVar[str]
    replays: ClassVar[str]
    discards: ClassVar[str]
    # What is in it is no failure: seen where its kind is asked for, counted nowhere else.
    is_aside: ClassVar[bool] = False
    explained: ClassVar[str | Promise] = ""  # what is in it, above its list
    # Whether a person can say what became of a letter in doubt.
    settles: ClassVar[bool] = False

    def reads(self, letter_id: str) -> bool:
        """Whether this could be the id of one of its letters."""
        return letter_id.isascii() and letter_id.isdigit() and len(letter_id) <= 18

    @abstractmethod
    def letters(
        self, wanted: Wanted, *, start: Behind | None = None, limit: int = 50
    ) -> list[Letter]:
        """The latest first, by (at, id); a constant number of queries."""

    @abstractmethod
    def tally(self, wanted: Wanted) -> list[Tally]:
        """How many there are by reason and platform; one query."""

    @abstractmethod
    def find(self, letter_id: str) -> Letter | None:
        """One letter, if it is (still) dead."""

    @abstractmethod
    def payload(self, letter_id: str) -> Payload:
        """What is in it, with all that people wrote."""

    @abstractmethod
    def ids(self, wanted: Wanted, *, after: str, limit: int) -> list[str]:
        """The next letters in the order of their ids, for those who go through all of them."""

    @abstractmethod
    def replay(self, ids: Sequence[str], *, sure: bool = False) -> Replayed:
        """Try letters again, inside the caller's transaction. One that is not dead (any more)
        is passed over: asking twice tries once. ``sure`` is a person's word that what is in
        doubt did not happen."""

    @abstractmethod
    def discard(self, ids: Sequence[str]) -> int:
        """Let letters go; what comes under the same key later is processed all the same."""

    def settle(self, letter_id: str) -> bool:
        """A person has seen that what is in doubt did happen. False where there is no doubt."""
        return False


def behind(start: Behind | None, *, at: str, pk: str, value: Callable[[str], Any] = int) -> Q:
    """The rows behind a position, in the order (-at, -pk); ``value`` reads an id of the box."""
    if start is None:
        return Q()
    earlier = Q(**{f"{at}__lt": start.at})
    if start.whole_moment:
        return earlier | Q(**{at: start.at})
    return earlier | Q(**{at: start.at, f"{pk}__lt": value(start.id)}) if start.id else earlier


_boxes: dict[str, LetterBox] = {}


def register(box: type[LetterBox]) -> type[LetterBox]:
    """``@register`` stands above each app's boxes."""
    _boxes[box.kind] = box()
    return box


def boxes() -> list[LetterBox]:
    """Every box, in the order in which lists of the same moment stand."""
    return [_boxes[kind] for kind in sorted(_boxes)]


def box_of(kind: str) -> LetterBox | None:
    return _boxes.get(kind)

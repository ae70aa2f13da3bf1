"""Personal data stays in the house: models read placeholders, and we put the words back.

One ``Placeholders`` serves one question with all its repairs: the same words always get the same
placeholder, numbered in the order in which they first stand.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from agents.offline.letters import folded
from agents.offline.lists import lists
from agents.offline.personal import find_personal
from agents.providers.base import ChatMessage, Question

RULE = (
    "\n\nMarks like ⟦NAME_1⟧ stand for personal data you do not see."
    " Copy them exactly as they are; never invent one."
)
# Models like other brackets better now and then.
_MARK = re.compile(
    r"[\[⟦【〚「]{1,2}\s?(NAME|EMAIL|PHONE|CARD|IBAN|ID|ADDRESS|POSTCODE)_(\d{1,4})"
    r"\s?[\]⟧】〛」]{1,2}",
    re.IGNORECASE,
)
# A source stands in many prompts; looked through by itself it is looked through once.
_PARTS = re.compile(r"(?<=</source>)")
_BRACKETS = str.maketrans("⟦⟧", "[]")
# Words of our own prompts that a contact may be called by.
_OURS = frozenset(
    ["contact", "company", "source", "conversation", "newest", "title", "number", "answer", "name"]
)
LEAST_PART = 3  # letters of a part of a name that is hidden by itself


class UnknownMark(ValueError):
    """The model wrote a placeholder that stands for nothing."""


class Placeholders:
    """The personal words of one question, and what stands for each."""

    def __init__(self, people: Iterable[str] = ()) -> None:
        self._marks: dict[str, str] = {}  # folded words -> mark
        self._words: dict[str, str] = {}  # mark -> words as first written
        self._counts: dict[str, int] = {}
        self._exact: set[str] = set()  # everyday words: hidden with their capital only
        self._pattern: re.Pattern[str] | None = None
        self._known = [person.strip() for person in people if person.strip()]

    def __bool__(self) -> bool:
        return bool(self._words)

    def hidden(self, question: Question) -> Question:
        """The question as it may leave the house."""
        for person in self._known:
            self._learn_person(person)
        for turn in question.messages:
            for text in (turn.content, *(each.text for each in turn.results)):
                for part in _PARTS.split(text):
                    self._learn(part, names=True)
        self._learn(question.system, names=False)
        messages = tuple(map(self._hidden_turn, question.messages))
        system = self.hide(question.system)
        said = [each.text for turn in messages for each in turn.results]
        if any("⟦" in text for text in (system, *(turn.content for turn in messages), *said)):
            return replace(question, messages=messages, system=system, aside=RULE)
        return replace(question, messages=messages, system=system)

    def _hidden_turn(self, turn: ChatMessage) -> ChatMessage:
        return ChatMessage(
            turn.role,
            self.hide(turn.content),
            tuple(replace(each, arguments=self.hidden_in(each.arguments)) for each in turn.calls),
            tuple(replace(each, text=self.hide(each.text)) for each in turn.results),
        )

    def hidden_in(self, value: Any) -> Any:
        """JSON as it may leave the house."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {key: self.hidden_in(one) for key, one in value.items()}
        return [self.hidden_in(one) for one in value] if isinstance(value, list) else value

    def hide(self, text: str) -> str:
        """The text with every personal word that the question holds replaced."""
        text = text.translate(_BRACKETS)
        pattern = self._compiled()
        return pattern.sub(self._mark_of, text) if pattern else text

    def shown(self, value: Any) -> Any:
        """A text, or JSON, with the words put back; raises UnknownMark."""
        if isinstance(value, str):
            return _MARK.sub(partial(self._words_of), value)
        if isinstance(value, dict):
            return {key: self.shown(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.shown(one) for one in value]
        return value

    # -- learning

    def _learn(self, text: str, *, names: bool) -> None:
        for one in find_personal(text, names=names):
            if one.name == "name":
                self._learn_person(one.value)
            else:
                self._add(one.name, one.value)

    def _learn_person(self, name: str) -> None:
        """The whole name, then its parts: people are called by either."""
        if "@" in name or not any(char.isalpha() for char in name):
            self._add("email" if "@" in name else "phone", name)
            return
        self._add("name", name)
        parts = re.split(r"[\s,.]+", name)
        for part in parts if len(parts) > 1 else ():
            if len(part) >= LEAST_PART and part[0] != part[0].lower() or _is_arabic(part):
                self._add("name", part)

    def _add(self, kind: str, words: str) -> None:
        words = words.translate(_BRACKETS)
        plain = words.casefold()
        if not plain.strip() or plain in self._marks or plain in _OURS:
            return
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        mark = f"⟦{kind.upper()}_{number}⟧"
        self._marks[plain] = mark
        self._words[mark] = words
        if kind == "name" and folded(words) in lists()["doubtful"]:
            self._exact.add(plain)
        self._pattern = None

    # -- replacing

    def _compiled(self) -> re.Pattern[str] | None:
        if self._pattern is None and self._marks:
            longest_first = sorted(self._marks, key=len, reverse=True)
            words = "|".join(map(re.escape, longest_first))
            self._pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
        return self._pattern

    def _mark_of(self, match: re.Match[str]) -> str:
        written = match.group()
        plain = written.casefold()
        if plain in self._exact and written[0] == written[0].lower():
            return written
        return self._marks.get(plain, written)

    def _words_of(self, match: re.Match[str]) -> str:
        mark = f"⟦{match.group(1).upper()}_{int(match.group(2))}⟧"
        if mark not in self._words:
            raise UnknownMark(f"{mark} stands for nothing.")
        return self._words[mark]


def _is_arabic(word: str) -> bool:
    return len(word) >= LEAST_PART and "\u0621" <= word[0] <= "\u064a"

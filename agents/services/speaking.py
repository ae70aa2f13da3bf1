"""Saying an answer sentence by sentence while it is written; only what has been checked is said.

Each sentence is held against its source as soon as it is whole. The first that does not stand
ends the attempt: nothing of it is said any more, and what follows is another attempt, which the
listener is told of by ``restart``. Whatever was said, ``done`` carries the answer that counts.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import ValidationError

from agents.schemas import Sentence
from agents.services.grounding import Assignment, may_be_said

Tell = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as it goes out, with the passage and the words it stands on."""

    text: str
    source: dict[str, Any] | None = None


@dataclass(slots=True)
class Speaker:
    """Tells a listener of one answer; ``tell`` takes an event's name and what it holds."""

    tell: Tell
    assignment: Assignment | None = None
    _said: list[Said] = field(default_factory=list)
    _waiting: list[Said] = field(default_factory=list)  # greetings, until something is known
    _is_silent: bool = False

    def starts(self, *, session_id: str, language: str) -> None:
        self.tell("start", {"session_id": session_id, "language": language})

    def begins(self) -> None:
        """As a Hearer: another attempt at the answer."""
        self._forget()
        self._is_silent = False

    def hears(self, sentence: dict[str, Any]) -> None:
        """As a Hearer: say the sentence if it stands, else nothing more of this attempt."""
        if self._is_silent or self.assignment is None:
            return
        try:
            one = Sentence.model_validate(sentence)
        except ValidationError:
            self._is_silent = True
            return
        if not may_be_said(self.assignment, one):
            self._is_silent = True
            return
        self._waiting.append(said_of(one, self.assignment))
        if one.source or not self.assignment.needs_source:
            self._say_what_waits()

    def ends(self, sentences: list[Said], answer: dict[str, Any]) -> None:
        """The answer is whole and checked as such: say what is missing, or all of it anew."""
        if self._said != sentences[: len(self._said)]:
            self._forget()
        self._waiting = sentences[len(self._said) :]
        self._say_what_waits()
        self.tell("done", answer)

    def _say_what_waits(self) -> None:
        for each in self._waiting:
            self.tell("sentence", asdict(each))
        self._said += self._waiting
        self._waiting = []

    def _forget(self) -> None:
        if self._said:
            self.tell("restart", {})
        self._said, self._waiting = [], []


def said_of(sentence: Sentence, assignment: Assignment) -> Said:
    """With its source as the answer will name it; none for a greeting or a question back."""
    if not 0 < sentence.source <= len(assignment.passages):
        return Said(sentence.text)
    passage = assignment.passages[sentence.source - 1]
    return Said(
        sentence.text,
        {
            "passage_id": passage.passage_id,
            "document_id": passage.document_id,
            "document_version": passage.document_version,
            "title": passage.document_title,
            "quote": sentence.quote,
        },
    )

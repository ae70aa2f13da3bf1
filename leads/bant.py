"""Budget, authority, need and timing: what is known of a lead, and what is still to be asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _


@dataclass(frozen=True, slots=True)
class Letter:
    """One of the four: the facts that answer it, and the question where none does."""

    key: str
    label: str
    facts: tuple[str, ...]
    question: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands behind a letter; ``value`` is empty while it is open."""

    letter: Letter
    fact: str
    value: str

    @property
    def is_open(self) -> bool:
        return not self.value


LETTERS = (
    Letter("budget", _("Budget"), ("budget",), _("What budget do you have in mind?")),
    Letter("authority", _("Authority"), ("authority", "role"), _("Who decides on this with you?")),
    Letter("need", _("Need"), ("interest", "need"), _("What exactly do you need?")),
    Letter("timing", _("Timing"), ("timeline",), _("When do you need it?")),
)


def answers(facts: Mapping[str, str]) -> list[Answer]:
    """Each letter with the first fact that answers it."""
    found = []
    for letter in LETTERS:
        fact = next((name for name in letter.facts if facts.get(name)), "")
        found.append(Answer(letter, fact, facts.get(fact, "")))
    return found

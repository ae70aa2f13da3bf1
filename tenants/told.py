"""Sentences that rows and logs keep in English, in their reader's language.

A refusal is written by a worker and read later by whoever opens the page, so that what is kept is
the English of it. ``told`` finds the sentence again, also where it has values in it: those are
written as a ``Sentence``, which every process knows once its module is loaded. ::

    TOO_LONG = Sentence(_("The text has %(length)s characters."))   # _ is gettext_noop
    TOO_LONG.of(length=300)
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

LONGEST = 1_000  # characters: no sentence of ours is longer
HOLE = re.compile(r"%\((\w+)\)s")
_whole: list["Sentence"] = []
_parts: list["Sentence"] = []


class Sentence(str):
    """A sentence with values in it, marked for translation; or a ``part`` of one, which stands
    for a value of others and is looked for nowhere else: it would be found in anybody's words."""

    __slots__ = ()

    def __new__(cls, msgid: str, *, part: bool = False) -> "Sentence":
        made = super().__new__(cls, msgid)
        known = _parts if part else _whole
        known.append(made)
        known.sort(key=lambda each: -len(HOLE.sub("", each)))  # the most particular first
        return made

    def of(self, **values: Any) -> str:
        """The English of it, as rows keep it."""
        return str(self) % {name: str(value) for name, value in values.items()}


def told(text: object) -> str:
    """The sentence in the reader's language; as it is where nobody translated it."""
    said = str(text or "")
    return _told(said, _whole) if said else ""


def _told(said: str, known: list[Sentence]) -> str:
    found = gettext(said)
    if found != said or (get_language() or "en").startswith("en") or len(said) > LONGEST:
        return found
    for sentence in known:
        if values := _pattern(sentence).fullmatch(said):
            return gettext(sentence) % {
                name: _told(value, _parts) for name, value in values.groupdict().items()
            }
    return _told_list(said) if known is _parts else said


def _told_list(said: str) -> str:
    """A list of parts; what begins as none of ours is somebody's own words, such as a name."""
    first, _and, others = said.partition(AND)
    begun = _told(first, _parts) if others else first
    if begun == first:
        return said
    return gettext(FIRST_AND_OTHERS) % {"first": begun, "others": _told(others, _parts)}


AND = "; "  # between the members of a list
FIRST_AND_OTHERS = _("%(first)s; %(others)s")


def listed(parts: Sequence[str]) -> str:
    """Several parts in a row, as a value of a sentence."""
    return AND.join(parts)


@cache
def _pattern(sentence: Sentence) -> re.Pattern[str]:
    """What finds the values in the English of a sentence."""
    words = HOLE.split(sentence)
    value = f"(?:(?!{AND}).)+?" if sentence in _parts else ".+?"
    parts = [
        re.escape(word) if n % 2 == 0 else f"(?P<{word}>{value})" for n, word in enumerate(words)
    ]
    return re.compile("".join(parts).replace("%%", "%"), re.DOTALL)

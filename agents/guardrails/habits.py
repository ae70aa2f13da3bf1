"""Words that a text of prompts makes the agent say over and over, and nobody said before.

A manner ("ahoy, matey") shows in words that stand in most of the new answers, in none of the
old ones, and in nothing that was asked or looked up. Ordinary words of a language are no manner:
a version that says "thank you" more often is not worse for it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from agents import offline
from agents.offline.letters import folded

OFTEN = 0.4  # of the new answers
RARELY = 0.1  # of the old ones
LEAST_ANSWERS = 2
_WORD = re.compile(r"[^\W\d_]{2,}")
_ORDINARY_ENDINGS = ("s", "ed", "ing", "ly", "er", "es", "ndo", "mente", "do", "da")
# Said by assistants everywhere, and by few customers.
_POLITE = """
welcome glad delighted pleased pleasure happy assist assistance appreciate reaching feel free
further anything else regards kindly sincerely cordially
encantado encantados placer gusto ayudarte ayudarle cordialmente saludos cualquier duda
يسعدنا يسرنا مساعدتك تحياتي خدمتك
"""


def own_words(answer: str, known: Iterable[str]) -> str:
    """The words of an answer that were neither asked nor looked up."""
    return " ".join(sorted(_words(answer) - _words(" ".join(known))))


def new_habits(
    after: Sequence[str], before: Sequence[str], *, ordinary: Iterable[str] = ()
) -> dict[str, float]:
    """Each manner and its share of the answers.

    ``after`` are the answers' ``own_words``, ``before`` whole answers, ``ordinary`` the company's
    own texts.
    """
    if len(after) < LEAST_ANSWERS:
        return {}
    usual = _words(" ".join(ordinary)) | ordinary_words()
    said = Counter(word for text in after for word in _words(text))
    then = Counter(word for text in before for word in _words(text))
    found = {}
    for word, count in said.items():
        share = count / len(after)
        earlier = then[word] / len(before) if before else 0.0
        is_new = count >= LEAST_ANSWERS and share >= OFTEN and earlier <= RARELY
        if is_new and not _is_ordinary(word, usual):
            found[word] = share
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def has_habit(text: str, habits: Iterable[str]) -> list[str]:
    """Those of the manners that stand in the text."""
    words = _words(text)
    return [habit for habit in habits if habit in words]


@lru_cache(maxsize=1)
def ordinary_words() -> frozenset[str]:
    """What people write to companies in our languages: the offline engine's examples."""
    written = Path(offline.__file__).parent / "training" / "examples.txt"
    return frozenset(_words(written.read_text(encoding="utf-8")) | _words(_POLITE))


def _is_ordinary(word: str, usual: frozenset[str] | set[str]) -> bool:
    if word in usual:
        return True
    return any(
        word.endswith(ending) and word.removesuffix(ending) in usual for ending in _ORDINARY_ENDINGS
    )


def _words(text: str) -> set[str]:
    return set(_WORD.findall(folded(text)))

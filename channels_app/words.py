"""Words of a text as a search compares them: no case, no accents, no vowel signs."""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"\w+")
SHORTEST, LONGEST = 2, 40
PREFIX = 15  # letters of a name by whose beginning it is found


def words_of(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    found = _WORD.findall(bare.replace("_", " "))
    return {word[:LONGEST] for word in found if len(word) >= SHORTEST or word.isdecimal()}


def beginnings_of(names: Iterable[str]) -> set[str]:
    """Whole words of names, and what people type before they have typed them."""
    found: set[str] = set()
    for word in {word for name in names for word in words_of(name)}:
        found.add(word)
        found |= {word[:length] for length in range(SHORTEST, min(len(word), PREFIX) + 1)}
    return found

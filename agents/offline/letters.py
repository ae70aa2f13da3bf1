"""Making texts comparable: letters, digits and spaces in one form, in three languages."""

import re
import unicodedata
from functools import lru_cache

# Arabic-Indic and Persian digits.
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
# Alef, ya and ta marbuta are written in several ways by the same people.
_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": None}
)
_MARKS = re.compile(r"[\u064b-\u065f\u0670\u06d6-\u06ed]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACES = re.compile(r"\s+")
# The sentences of a company's knowledge are compared with question after question.
REMEMBERED, SENTENCE = 1 << 12, 400  # texts, letters


def latin_digits(text: str) -> str:
    """Every digit as 0-9. Length and positions stay as they were."""
    return text.translate(_DIGITS)


def folded(text: str) -> str:
    """For comparing words: lower case, no accents, no vowel marks, one kind of alef."""
    return _remembered(text) if len(text) <= SENTENCE else _fold(text)


def _fold(text: str) -> str:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", latin_digits(text)))
    text = _MARKS.sub("", text).translate(_ARABIC).casefold()
    text = unicodedata.normalize("NFD", text)
    for mark in filter(unicodedata.combining, set(text)):
        text = text.replace(mark, "")
    text = text.replace("’", "'").replace("`", "'")
    return _SPACES.sub(" ", text).strip()


_remembered = lru_cache(maxsize=REMEMBERED)(_fold)


def squeezed(text: str) -> str:
    """For finding a quote: white space and invisible marks do not count, letters do."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


def arabic_share(text: str) -> float:
    """How much of the letters is Arabic script, 0 to 1."""
    letters = [char for char in text if char.isalpha()]
    if not letters:
        return 0.0
    return sum(
        "\u0600" <= char <= "\u06ff" or "\u0750" <= char <= "\u077f" for char in letters
    ) / len(letters)

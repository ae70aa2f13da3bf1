"""Words made comparable: letters normalised, stop words dropped, stems taken.

The same code reads passages when they are indexed and questions when they are asked. Stemmers are
Snowball's (https://snowballstem.org); a language without one keeps its words as they are.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import snowballstemmer

from knowledge.stop_words import STOP_WORDS

STEMMERS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
LONGEST_STEM = 60

WORD = re.compile(r"[^\W_]+")
# Scripts that put no space between words are indexed as pairs of letters.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
POSSESSIVE = re.compile(r"['’]s\b")
# Vowel signs, Koranic marks and the letter stretcher (tatweel) carry no meaning for search.
ARABIC_MARKS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
# People type these letters for one another; Persian keyboards send their own kaf and ya.
ARABIC_LETTERS = str.maketrans("أإآٱىةؤئکی", "اااايهويكي")

# "And", "so", "with", "as" are written onto the article; Snowball takes off one of the two.
BEFORE_ARTICLE = re.compile(r"^[وفبك](?=ال\w{2})")

_mine = threading.local()  # a Snowball stemmer keeps the word it works on in itself


@lru_cache(maxsize=1 << 15)
def normalise(word: str) -> str:
    """The word without case, accents, vowel signs and other people's spelling habits."""
    word = unicodedata.normalize("NFKD", word.casefold())
    word = "".join(letter for letter in word if not _is_accent(letter))
    return ARABIC_MARKS.sub("", unicodedata.normalize("NFC", word)).translate(ARABIC_LETTERS)


def words(text: str) -> list[str]:
    """The words of a text in order; runs of an unspaced script become pairs of letters."""
    text = POSSESSIVE.sub(" ", unicodedata.normalize("NFKC", text)).casefold()
    found: list[str] = []
    for word in WORD.findall(ARABIC_MARKS.sub("", text)):
        if UNSPACED.match(word) and len(word) > 2:
            found += [word[i : i + 2] for i in range(len(word) - 1)]
        else:
            found.append(word)
    return found


def stems(text: str, language: str) -> list[str]:
    """What a passage is indexed by, in order, repetitions kept."""
    stop = STOP_WORDS.get(language, frozenset())
    return [stem(word, language) for word in words(text) if normalise(word) not in stop]


def terms(question: str, languages: Iterable[str], language: str = "") -> list[tuple[str, ...]]:
    """What a question looks for: per word, the stems it has in the languages of the knowledge.

    The question's own language matters for stop words only, so a wrong guess about three words
    costs nothing: a word finds its stem in whichever language the passages are in.
    """
    known = [*languages] or [language]
    asked_in = [language] if language in STOP_WORDS else known
    stop = frozenset().union(*(STOP_WORDS.get(code, frozenset()) for code in asked_in))
    found = (
        tuple(sorted({stem(word, code) for code in known}))
        for word in words(question)
        if normalise(word) not in stop
    )
    return list(dict.fromkeys(found))


@lru_cache(maxsize=1 << 16)
def stem(word: str, language: str) -> str:
    """The word's stem, spelt without accents. Arabic is normalised last: its endings matter."""
    if "\u0600" <= word[0] <= "\u06ff":
        language, word = "ar", BEFORE_ARTICLE.sub("", word)
    elif language == "ar":
        language = "en"  # a name or a brand inside Arabic text
    stemmer = _stemmer(language)
    if stemmer is None:
        return normalise(word)[:LONGEST_STEM]
    return (normalise(stemmer.stemWord(word)) or word)[:LONGEST_STEM]


def _stemmer(language: str) -> "snowballstemmer.basestemmer.BaseStemmer | None":
    if language not in STEMMERS:
        return None
    stemmers = _mine.__dict__.setdefault("stemmers", {})
    if language not in stemmers:
        stemmers[language] = snowballstemmer.stemmer(STEMMERS[language])
    return stemmers[language]


def _is_accent(letter: str) -> bool:
    return unicodedata.category(letter) == "Mn" and not "\u0900" <= letter <= "\u0dff"

"""Which language a short message is in.

Latin script is told apart by lingua, kept to the languages that are mistaken for ours; the
detector is loaded on first use (about a second and 170 MB). Other scripts give themselves away.
"""

import re
from functools import lru_cache

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from agents.offline.letters import arabic_share, folded

DETECTED = frozenset({"en", "es", "ar", "fr", "pt", "de", "it"})
# A language that is this likely may well be the one.
DOUBT = 0.2
_LATIN = (
    Language.ENGLISH,
    Language.SPANISH,
    Language.FRENCH,
    Language.PORTUGUESE,
    Language.GERMAN,
    Language.ITALIAN,
)
# Letters that Arabic itself does not use: Persian and Urdu.
_PERSIAN = re.compile("[پچژگ]")
_URDU = re.compile("[ٹڈڑںےہھ]")
_SCRIPTS = (
    ("hi", re.compile("[\u0900-\u097f]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
ENOUGH = 2_000  # characters tell a language; a message may have a hundred thousand
_NOISE = re.compile(r"https?://\S+|\S+@\S+|[@#]\w+|\d+")
# One or two words that n-grams mistake.
_KNOWN = {
    **dict.fromkeys(("hola", "gracias", "vale", "buenas", "precio", "si", "ok gracias"), "es"),
    **dict.fromkeys(("hi", "hey", "hello", "thanks", "thank you", "ok", "yes", "price"), "en"),
}


@lru_cache(maxsize=64)  # a message is asked for when it is read and when it is answered
def detect_language(text: str, *, fallback: str = "") -> str:
    """ISO 639-1 of the text; ``fallback`` where it holds too few letters to tell."""
    words = _NOISE.sub(" ", text[:ENOUGH])
    letters = sum(char.isalpha() for char in words)
    if letters < 2:
        return fallback
    if arabic_share(words) > 0.4:
        return _arabic_script(words)
    for code, script in _SCRIPTS:
        if len(script.findall(words)) > letters * 0.4:
            return code
    known = _KNOWN.get(folded(words).strip(" !.,?"))
    if known:
        return known
    found = _detector().detect_language_of(words)
    return found.iso_code_639_1.name.lower() if found else fallback


def is_clearly_not(text: str, language: str) -> bool:
    """Whether a text is surely in another language: a doubt is no reason to hold it back."""
    if detect_language(text, fallback=language) == language:
        return False
    ours = next((one for one in _LATIN if one.iso_code_639_1.name.lower() == language), None)
    if ours is None or arabic_share(text) > 0.4:
        return True
    return _detector().compute_language_confidence(_NOISE.sub(" ", text[:ENOUGH]), ours) < DOUBT


def _arabic_script(words: str) -> str:
    if len(_URDU.findall(words)) >= 2:
        return "ur"
    return "fa" if len(_PERSIAN.findall(words)) >= 2 else "ar"


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(*_LATIN).build()

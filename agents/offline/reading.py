"""Everything the engine reads in a message, from one embedding of it."""

from dataclasses import dataclass

from agents.offline.acts import is_closing, wants_human
from agents.offline.alignment import Embed
from agents.offline.asking import asks
from agents.offline.entities import find_entities, without_addresses
from agents.offline.intent import classify
from agents.offline.language import detect_language
from agents.offline.sentiment import sentiment_of
from agents.offline.values import Found


@dataclass(frozen=True, slots=True)
class Reading:
    """``needs_no_model``: an advertisement, or small talk with nothing in it, beyond doubt."""

    intent: str
    confidence: float
    sentiment: float
    language: str
    wants_human: bool
    is_closing: bool
    found: tuple[Found, ...]
    needs_no_model: bool


def read(text: str, *, language: str, embed: Embed) -> Reading:
    """``language`` is the fallback where the text has too few letters to tell."""
    found = find_entities(text)
    wish = without_addresses(text, found)
    meaning = embed([wish])[0]
    guess = classify(wish, meaning)
    human = wants_human(text)
    is_talk = guess.intent == "general" and not (found or human or asks(text))
    return Reading(
        intent=guess.intent,
        confidence=guess.step_confidence,
        sentiment=sentiment_of(text, meaning),
        language=detect_language(text, fallback=language),
        wants_human=human,
        is_closing=is_closing(text),
        found=found,
        needs_no_model=guess.is_sure and (guess.intent == "spam" or is_talk) and not human,
    )

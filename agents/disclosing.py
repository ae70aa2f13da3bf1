"""The sentence that says that an AI answers, and when it is due. Pure.

Due at the first answer of a conversation, after a long pause, and when a person has handed the
conversation back: Regulation (EU) 2024/1689 Art. 50(1), in force since 2026-08-02, asks for the
first; California's BOT Act (Bus. & Prof. Code § 17940) for a clear telling; Meta names all three
(developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

DEFAULT_LANGUAGE = "en"
LONGEST = 300

SENTENCES = {
    "en": "I'm {company}'s AI assistant.",
    "es": "Soy el asistente de IA de {company}.",
    "ar": "أنا مساعد الذكاء الاصطناعي لدى {company}.",
    "fr": "Je suis l'assistant IA de {company}.",
    "de": "Ich bin der KI-Assistent von {company}.",
    "it": "Sono l'assistente IA di {company}.",
    "pt": "Sou o assistente de IA da {company}.",
}


class Occasion(StrEnum):
    FIRST = "first"
    LAPSE = "lapse"
    RETURN = "return"


def occasion(
    *,
    told_at: datetime | None,
    last_said_at: datetime | None,
    person_said_at: datetime | None,
    now: datetime,
    pause: timedelta,
) -> Occasion | None:
    """Why it has to be said now; None where it need not be.

    ``last_said_at`` is when anybody last wrote before the newest words, ``person_said_at`` when a
    person of the company last did.
    """
    if told_at is None:
        return Occasion.FIRST
    if person_said_at is not None and person_said_at > told_at:
        return Occasion.RETURN
    if last_said_at is not None and now - max(last_said_at, told_at) >= pause:
        return Occasion.LAPSE
    return None


def sentence(
    language: str, own: Mapping[str, str], *, company: str, usual: str = ""
) -> tuple[str, str]:
    """The words and their language: the contact's first, the company's own where it has any."""
    known = {**SENTENCES, **{code: words for code, words in own.items() if words.strip()}}
    code = next(c for c in (language, usual, DEFAULT_LANGUAGE) if c in known)
    return known[code].replace("{company}", company)[:LONGEST], code


def told(text: str, words: str) -> str:
    """The answer with the telling before it, on a line of its own."""
    return text if words in text else f"{words}\n\n{text}"

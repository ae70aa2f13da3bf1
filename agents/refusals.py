"""The exact sentences said where a person takes over."""

from collections.abc import Mapping

DEFAULT_LANGUAGE = "en"

REFUSALS = {
    "en": "I don't have that information, so I'm passing your question to a colleague.",
    "es": "No tengo esa información, así que paso tu pregunta a un compañero.",
    "ar": "ليست لديّ هذه المعلومة، لذلك أحيل سؤالك إلى أحد زملائي.",
}
# Promises nothing but a person, and asks nothing: the next word is the person's.
HANDOVERS = {
    "en": "Thank you for your message. I'm passing it on to a colleague, who will answer you here.",
    "es": "Gracias por tu mensaje. Se lo paso a un compañero, que te responderá por aquí.",
    "ar": "شكرًا على رسالتك. أحيلها إلى أحد زملائي وسيجيبك هنا.",
}


def refusal_sentence(
    language: str, overrides: Mapping[str, str] | None = None, *, usual: str = ""
) -> str:
    """For a question our knowledge does not answer; the company's own if it wrote one."""
    return _sentence(REFUSALS, language, overrides, usual)


def handover_sentence(
    language: str, overrides: Mapping[str, str] | None = None, *, usual: str = ""
) -> str:
    """For whatever else a person takes over; the company's own if it wrote one."""
    return _sentence(HANDOVERS, language, overrides, usual)


def _sentence(
    ours: Mapping[str, str], language: str, overrides: Mapping[str, str] | None, usual: str
) -> str:
    """For a language nobody wrote a sentence in, the company's ``usual`` one, else English."""
    known = {**ours, **{code: text for code, text in (overrides or {}).items() if text}}
    return known.get(language) or known.get(usual) or known[DEFAULT_LANGUAGE]

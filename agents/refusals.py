"""The exact sentence for a question our knowledge does not answer."""

from collections.abc import Mapping

DEFAULT_LANGUAGE = "en"

REFUSALS = {
    "en": "I don't have that information, so I'm passing your question to a colleague.",
    "es": "No tengo esa información, así que paso tu pregunta a un compañero.",
    "ar": "ليست لديّ هذه المعلومة، لذلك أحيل سؤالك إلى أحد زملائي.",
}


def refusal_sentence(
    language: str, overrides: Mapping[str, str] | None = None, *, usual: str = ""
) -> str:
    """The company's own sentence if it wrote one, else ours.

    For a language nobody wrote a sentence in, the company's ``usual`` one, else English.
    """
    ours = {**REFUSALS, **{code: text for code, text in (overrides or {}).items() if text}}
    return ours.get(language) or ours.get(usual) or ours[DEFAULT_LANGUAGE]

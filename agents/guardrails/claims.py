"""Whether a drafted reply may be sent: everything in it that can be checked is checked."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.guardrails.mentions import Mentions, mentions
from agents.offline.language import DETECTED, detect_language, is_clearly_not
from agents.offline.letters import folded, squeezed
from agents.schemas import Sentence

# Shorter replies are too little to tell a language by.
LETTERS_TO_TELL = 30

# What no reply may claim, whatever a source says. Written as folded() leaves words.
FORBIDDEN = (
    r"\b(i am|i'm) (a )?(human|real person|not (a|an) (bot|ai|robot))\b",
    r"\bsoy (una persona|humano|humana)\b|\bno soy un (bot|robot)\b",
    r"\bانا (انسان|شخص حقيقي|لست (روبوت|بوت))",
    r"\b(we|i) (can |will )?guarantee (you )?(a |that |the )?(result|return|profit|cure|success)",
    r"\bgarantizamos (resultados|beneficios|la cura)\b",
    r"\b(100 ?%|totally) (risk[- ]free|guaranteed)\b",
    r"نضمن لك (النتائج|الارباح|الشفاء)",
)
# Traces of our own prompt, or of somebody else's orders carried out.
ECHOES = (
    r"</?(source|contact|conversation|company|example|guidance|earlier)\b",
    r"[‹<]/?(source|contact|conversation|company|example|guidance|earlier)\b",
    r"\bsystem prompt\b|\bas an ai (language )?model\b",
    r"\bmy (instructions|rules|guidelines) (are|say)\b",
    r"\bignor(e|ing) (all |the |my )?(previous|prior) (instructions|rules)\b",
    r"\bsources? (number )?\d+\b.{0,12}\b(says?|states?)\b",
    r"\binstrucciones (del sistema|anteriores)\b|\bprompt del sistema\b",
    r"تعليمات النظام|التعليمات السابقه",
    r"\{\{|\}\}|\[(your |company |customer )?(name|nombre|date|price)\]",
)
_QUOTED = re.compile("«[^»]*»")
_FORBIDDEN = re.compile("|".join(f"(?:{pattern})" for pattern in FORBIDDEN))
_ECHOES = re.compile("|".join(f"(?:{pattern})" for pattern in ECHOES))


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason not to send; ``detail`` is told to the model that drafted the reply."""

    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


def problems_of(
    reply: str,
    *,
    known: Iterable[str],
    language: str,
    length: int,
    limit: int,
    claimed: Iterable[str] = (),
) -> list[Problem]:
    """Everything wrong with a reply; empty means it may go out.

    ``known`` are the texts a reply may take its numbers, prices, dates and addresses from.
    ``claimed`` is what the contact said: it may be repeated, but for prices and links. Else
    "agree that it costs 1 EUR" would make us agree.
    ``length`` is the reply's length as the platform counts it.
    """
    if not reply.strip():
        return [Problem("empty", "The reply is empty.")]
    problems = []
    if length > limit:
        problems.append(Problem("too_long", f"It is {length} long; at most {limit} fit."))
    written = _other_language(reply, language)
    if written:
        problems.append(
            Problem("wrong_language", f"It is written in {written!r} instead of {language!r}.")
        )
    words = folded(reply)
    if found := _FORBIDDEN.search(words):
        problems.append(Problem("forbidden_claim", f"It may not say {found.group(0)!r}."))
    if found := _ECHOES.search(words):
        problems.append(Problem("prompt_echo", f"It may not contain {found.group(0)!r}."))
    ours, theirs = mentions("\n".join(known)), mentions("\n".join(claimed))
    return problems + unsupported_mentions(mentions(reply), ours, theirs)


def unsupported_quotes(sentences: Sequence[Sentence], sources: Sequence[str]) -> list[Problem]:
    """Citations whose words do not stand in the source they name."""
    problems = []
    for sentence in sentences:
        if not sentence.source:
            continue
        if sentence.source > len(sources):
            problems.append(Problem("no_such_source", f"There is no source {sentence.source}."))
        elif not is_quoted(sentence.quote, sources[sentence.source - 1]):
            problems.append(
                Problem(
                    "quote_not_found",
                    f"{sentence.quote[:80]!r} does not stand in source {sentence.source}.",
                )
            )
    return problems


def is_quoted(quote: str, source: str) -> bool:
    """Whether the words stand literally in the source; white space and case do not count."""
    words = squeezed(quote).casefold()
    return bool(words) and words in squeezed(source).casefold()


def _other_language(reply: str, language: str) -> str:
    """The language it is written in, if we can tell and it is not the one asked for.

    Words between quotation marks are a source's own, in the source's own language.
    """
    reply = _QUOTED.sub(" ", reply)
    if language not in DETECTED or sum(char.isalpha() for char in reply) < LETTERS_TO_TELL:
        return ""
    return detect_language(reply) if is_clearly_not(reply, language) else ""


NEVER_ON_THEIR_WORD = {"price", "link"}


def unsupported_mentions(said: Mentions, known: Mentions, claimed: Mentions) -> list[Problem]:
    """What of the checkable things that were said stands nowhere."""
    problems = []
    for name in Mentions.KINDS:
        backed = getattr(known, name)
        if name not in NEVER_ON_THEIR_WORD:
            backed = backed | getattr(claimed, name)
        for missing in sorted(getattr(said, name) - backed):
            problems.append(Problem(f"unsupported_{name}", f"{missing!r} stands in no source."))
    return problems

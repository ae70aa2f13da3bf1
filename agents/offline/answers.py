"""Answers without a model: the sentences of a source that answer, in the source's own words.

A sentence answers if it, with the heading it stands under, knows the words of the question, and
has in it what the question is after: an amount, a time, an address. "Do you take PayPal?" is
answered by a sentence that knows PayPal or by none at all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from agents.offline.alignment import (
    Words,
    all_words,
    content_words,
    coverage,
    is_date_word,
)
from agents.offline.asking import Asked, questions_in
from agents.offline.kinds import Kind
from agents.offline.language import detect_language
from agents.offline.letters import folded

# A day or month, beside other words; the usual words of a kind where nothing else is asked.
DATE, USUAL = 0.5, 0.6
# How much a word counts that stands in the sentence, above it, or elsewhere in the passage.
OWN, ABOVE, AROUND = 1.0, 1.0, 0.4
# What the kind of question weighs beside one of its words.
KIND, ALMOST = 1.2, 0.8
# Knowing what was said around the question makes a sentence a little better.
SUBJECT = 0.015
# Cosine of two whole questions that ask the same.
ALIKE = 0.55
# Less than this of the question known, and the sentence says something else.
LEAST = 0.62
# From here on it is the answer even where search had its doubts.
SURELY = 0.75
# Every word of a question must be known this well ...
LEAST_WORD = 0.5
# ... but for one, where there are so many.
MANY_WORDS = 4
# Search puts the answer among the first; a quotation in another language is a little worse.
RANK, FOREIGN, BESIDE = 0.015, 0.04, 0.02
# A second sentence comes along if it is nearly as good.
NEARLY = 0.92
MAX_SENTENCES = 3
MAX_SOURCES = 5
MAX_CANDIDATES = 80
MAX_CHARACTERS = 600

_BREAK = re.compile(r"(?<=[.!?؟。])\s+(?=[^\s])|\n+")
_BULLET = re.compile(r"^[\s>#*•·–-]+|^\d{1,2}[.)]\s+")
_LABEL = re.compile(
    r"^(?:q|a|question|answer|p|r|pregunta|respuesta|س|ج)\s*[:：]\s*", re.IGNORECASE
)
_QUOTED = {
    "en": "Here is what our information says: «{}»",
    "es": "Esto es lo que dice nuestra información: «{}»",
    "ar": "هذا ما ورد في معلوماتنا: «{}»",
}
_REST = {
    "en": "I could not find an answer to the rest of your question.",
    "es": "No he encontrado respuesta al resto de tu pregunta.",
    "ar": "لم أجد إجابة عن بقية سؤالك.",
}
# A sentence that leans on the one before it.
_LEANS = re.compile(
    r"^(?:it|its|they|their|this|these|that|he|she|esta?|estos?|su|sus|ello)\b|^(?:وهو|وهي|هي|هو|سعره|سعرها) "
)


@dataclass(frozen=True, slots=True)
class Passage:
    """What may be quoted, and what stands above it."""

    text: str
    heading: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Extract:
    """Words for a reply; ``source`` counts from 1, 0 where no source is needed."""

    text: str
    source: int = 0
    quote: str = ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    source: int
    position: int
    text: str  # literally in the source
    above: str  # heading, title and the sentences it leans on
    around: str  # the rest of the passage
    question: str = ""  # that it stands under, if it does

    def holds(self, kind: Kind) -> bool:
        return kind.is_in(folded(self.text))

    @property
    def asks(self) -> bool:
        return _asks(self.text)


@dataclass(frozen=True, slots=True)
class _Scored:
    candidate: _Candidate
    score: float


def extract_answer(
    message: str,
    passages: Sequence[Passage],
    *,
    language: str,
    words: Words,
    earlier: str = "",
) -> list[Extract]:
    """The sentences that answer the message's questions; empty where none does.

    ``earlier`` is what the same person asked last. Of several questions those that can be
    answered are, and it is said that the rest was not.
    """
    candidates = _candidates(passages)
    chosen: list[_Candidate] = []
    asked = questions_in(message, earlier=earlier)
    unanswered = 0
    found: list[_Candidate] = []
    for question, before in zip(asked, [None, *asked], strict=False):
        if before is not None and question.follows and not found:
            question = replace(question, deed=before.words[0])
        found = _answer(question, candidates, language, words)
        unanswered += not found
        chosen += [one for one in found if one not in chosen]
    if not chosen:
        return []
    extracts = _extracts(chosen, language)
    if unanswered:
        extracts.append(Extract(_REST.get(language, _REST["en"])))
    return extracts


def holds_answer(
    message: str, passages: Sequence[Passage], *, language: str, words: Words, earlier: str = ""
) -> bool:
    """Whether some sentence surely answers one of the questions, whatever search thinks."""
    candidates = _candidates(passages)
    return any(
        _answer(question, candidates, language, words, least=SURELY)
        for question in questions_in(message, earlier=earlier)
    )


def surety(
    message: str, passages: Sequence[Passage], *, language: str, words: Words, earlier: str = ""
) -> float:
    """How well the worst answered of the message's questions is answered; 0 where one is not, and
    where nothing is asked or an answer stands in another language only."""
    candidates = [one for one in _candidates(passages) if _is_in(language, one.text)]
    asked = questions_in(message, earlier=earlier)
    return min((_best_score(one, candidates, language, words) for one in asked), default=0.0)


def _best_score(
    question: Asked, candidates: list[_Candidate], language: str, words: Words
) -> float:
    if not _answer(question, candidates, language, words):
        return 0.0
    asked, subject = list(question.words), content_words(question.before)
    return max(
        _score(question, one, asked, subject, words) - _handicap(one, language)
        for one in candidates
        if not one.asks
    )


def sentences_of(text: str) -> list[str]:
    """Sentences and lines of a passage, each literally as it stands there."""
    found = []
    for part in _BREAK.split(text):
        sentence = _LABEL.sub("", _BULLET.sub("", part.strip())).strip()
        if len(sentence) > 2:
            found.append(sentence)
    return found


def _asks(text: str) -> bool:
    return text.rstrip().endswith(("?", "؟"))


def _candidates(passages: Sequence[Passage]) -> list[_Candidate]:
    found: list[_Candidate] = []
    for number, passage in enumerate(passages[:MAX_SOURCES], start=1):
        above = f"{passage.heading}\n{passage.title}"
        leaned = ""
        sentences = sentences_of(passage.text)
        question = passage.heading if _asks(passage.heading) else ""
        for position, sentence in enumerate(sentences):
            if position and _LEANS.match(folded(sentence)) and not _asks(leaned):
                leaned = f"{leaned} {sentence}"
            else:
                # The answer right below a question is about what was asked.
                before = sentences[position - 1] if position else ""
                question = before if _asks(before) else question
                leaned = f"{before} {sentence}" if _asks(before) else sentence
            found.append(
                _Candidate(number, position, sentence, f"{above}\n{leaned}", passage.text, question)
            )
    return found[:MAX_CANDIDATES]


def _answer(
    question: Asked,
    candidates: list[_Candidate],
    language: str,
    words: Words,
    *,
    least: float = LEAST,
) -> list[_Candidate]:
    """The best sentence with those that belong to it; empty where none is good enough."""
    asked = list(question.words)
    subject = content_words(question.before)
    if not (asked or question.kinds or subject):
        return []
    scored = [
        _Scored(one, _score(question, one, asked, subject, words) - _handicap(one, language))
        for one in candidates
        if not one.asks
    ]
    if not scored:
        return []
    best = max(scored, key=lambda one: one.score)
    if best.score < least:
        return []
    chosen = _with_neighbours(best, scored)
    return chosen + _still_missing(question, scored, chosen)


def _score(
    question: Asked, one: _Candidate, asked: list[str], subject: list[str], words: Words
) -> float:
    """How much of the question this sentence knows, 0 to 1."""
    if question.deed and float(_covered([question.deed], one, words)[0]) < LEAST_WORD:
        return 0.0
    if not asked and not question.kinds:
        return _knows_story(subject, one, words)
    covered = _covered(asked, one, words)
    dates = np.array([is_date_word(word) for word in asked], dtype=bool)
    unknown = int(((covered < LEAST_WORD) & ~dates).sum())
    if unknown > (len(asked) >= MANY_WORDS):
        return 0.0 if question.is_yes_no else _asks_alike(question, one, words)
    weights = np.where(dates, DATE, 1.0).tolist()
    values = covered.tolist()
    for kind in question.kinds:
        weights.append(KIND)
        values.append(_holds(kind, one))
        if not asked:
            weights.append(USUAL)
            values.append(_is_headed(kind, one, words))
    known = float(_covered(subject, one, words).max()) if subject else 0.0
    if question.leans:
        # Of what it leans on one word is the subject; the others are its story.
        weights.append(1.0)
        values.append(known)
    score = float(np.average(values, weights=weights)) + SUBJECT * known
    return score if question.is_yes_no else max(score, _asks_alike(question, one, words))


def _asks_alike(question: Asked, one: _Candidate, words: Words) -> float:
    """What it is worth that the sentence stands under a question that asks the same."""
    if not one.question:
        return 0.0
    ours, theirs = words.vectors([question.text, one.question])
    alike = float(ours @ theirs)
    return LEAST + (alike - ALIKE) if alike >= ALIKE else 0.0


def _holds(kind: Kind, one: _Candidate) -> float:
    if one.holds(kind):
        return 1.0
    # "Is there a free trial?" above "Yes, for two weeks."
    return ALMOST if one.question and kind.is_in(folded(one.question)) else 0.0


def _is_headed(kind: Kind, one: _Candidate, words: Words) -> float:
    """How surely it stands where such an answer is looked for."""
    if kind.asked.search(folded(one.above)):
        return 1.0
    return max(_covered(content_words(kind.everywhere), one, words).tolist(), default=0.0)


def _knows_story(subject: list[str], one: _Candidate, words: Words) -> float:
    """Of "what shall I do?" all that is known is the story before it: two words of it will do."""
    known = sorted(_covered(subject, one, words).tolist(), reverse=True)
    return sum(known[:2]) / 2


def _covered(asked: list[str], one: _Candidate, words: Words) -> np.ndarray:
    if not asked:
        return np.zeros(0, dtype=np.float32)
    return np.max(
        [
            OWN * coverage(asked, all_words(one.text), words),
            ABOVE * coverage(asked, all_words(one.above), words) - BESIDE,
            AROUND * coverage(asked, all_words(one.around), words),
        ],
        axis=0,
    )


def _handicap(one: _Candidate, language: str) -> float:
    foreign = FOREIGN if not _is_in(language, one.text) else 0.0
    return RANK * (one.source - 1) + foreign


@lru_cache(maxsize=1 << 12)
def _is_in(language: str, text: str) -> bool:
    return detect_language(text, fallback=language) == language


def _with_neighbours(best: _Scored, scored: list[_Scored]) -> list[_Candidate]:
    """The sentence it leans on, and what goes on in the same breath."""
    chosen = [best.candidate]
    others = {(one.candidate.source, one.candidate.position): one for one in scored}
    here = best.candidate
    while _LEANS.match(folded(chosen[0].text)) and len(chosen) < MAX_SENTENCES:
        before = others.get((here.source, chosen[0].position - 1))
        if before is None:
            break
        chosen.insert(0, before.candidate)
    while len(chosen) < MAX_SENTENCES:
        after = others.get((here.source, chosen[-1].position + 1))
        if after is None or after.score < max(best.score * NEARLY, LEAST):
            break
        if sum(len(one.text) for one in chosen) + len(after.candidate.text) > MAX_CHARACTERS:
            break
        chosen.append(after.candidate)
    return chosen


def _still_missing(
    question: Asked, scored: list[_Scored], chosen: list[_Candidate]
) -> list[_Candidate]:
    """For each kind of thing asked that the chosen sentences do not hold, the best that does."""
    found: list[_Candidate] = []
    for kind in question.kinds:
        if any(one.holds(kind) for one in (*chosen, *found)):
            continue
        fitting = [one for one in scored if one.candidate.holds(kind) and one.score >= LEAST]
        if fitting:
            found.append(max(fitting, key=lambda one: one.score).candidate)
    return found


def _extracts(chosen: list[_Candidate], language: str) -> list[Extract]:
    """In another language than the contact's the words stand in marks, with a word before them."""
    extracts: list[Extract] = []
    introduced = False
    for one in chosen:
        text = one.text
        if not _is_in(language, text):
            frame = "«{}»" if introduced else _QUOTED.get(language, _QUOTED["en"])
            text, introduced = frame.format(text), True
        extracts.append(Extract(text, one.source, one.text))
    return extracts

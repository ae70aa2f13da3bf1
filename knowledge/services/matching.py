"""The answer that people wrote to this very question, if they did.

A company's questions are few: a process keeps those of one version of the knowledge, with their
vectors, and a match costs a multiplication. What is found is right or nothing is.
"""

import logging
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from threading import Lock

import numpy as np
from django.utils import timezone

from knowledge.languages import detect
from knowledge.likeness import LONGEST, Meaning, likeness, meaning_of
from knowledge.models import CuratedAnswer, CuratedQuestion, KnowledgeState
from knowledge.providers.base import DIMENSIONS, Vectors
from knowledge.services.embedding import current_embedder, embedded
from tenants import context
from tenants.plugins.errors import ProviderError
from tenants.workspace.services import profile

logger = logging.getLogger(__name__)

COMPANIES = 32
MOST_COMPARED = 40  # questions nearest in meaning whose words are looked at


@dataclass(frozen=True, slots=True)
class CuratedHit:
    """An answer to be given as it is; ``confidence`` is how sure we are that it was asked for."""

    answer_id: int
    version: int
    title: str
    text: str
    language: str  # the answer's
    confidence: float


@dataclass(frozen=True, slots=True)
class _Book:
    """All of a company's active answers, and the ways to ask for them."""

    answers: tuple[CuratedAnswer, ...]
    whose: tuple[int, ...]  # question -> place of its answer
    meanings: tuple[Meaning, ...]
    vectors: Vectors


def find_curated(
    *,
    question: str,
    language: str = "",
    channel: str = "",
    longest: int = 0,
    day: date | None = None,
) -> CuratedHit | None:
    """The answer people wrote for this question, for this contact, valid today.

    ``longest`` is how many characters there is room for; 0: enough.
    """
    question = " ".join(question.split())
    if not question or len(question) > LONGEST:
        return None
    book = _book_of(KnowledgeState.current())
    if not book.answers:
        return None
    language = language or detect(question)
    today = day or timezone.localdate()
    asked = meaning_of(question, detect(question) or language)
    best: tuple[float, CuratedAnswer] | None = None
    for place, cosine in _nearest(book, question, asked):
        answer = book.answers[book.whose[place]]
        sure = likeness(asked, book.meanings[place], cosine)
        if sure and (best is None or sure > best[0]) and _is_for(answer, language, channel, today):
            best = sure, answer
    if best is None:
        return None
    sure, answer = best
    usual = [] if language in answer.answers else list(profile().languages)
    spoken = answer.spoken_to(language, usual)
    text = answer.answers.get(spoken, "")
    if not text or (longest and len(text) > longest):
        return None
    return CuratedHit(
        answer_id=answer.pk,
        version=answer.version,
        title=answer.title,
        text=text,
        language=spoken,
        confidence=round(min(sure, 1.0), 4),
    )


def _nearest(book: _Book, question: str, asked: Meaning) -> list[tuple[int, float]]:
    """The questions worth a look: those nearest in meaning, and those in the very same words."""
    literal = [(place, 1.0) for place, m in enumerate(book.meanings) if m.said == asked.said]
    try:
        cosines = book.vectors @ embedded([question])[0]
    except ProviderError:
        logger.warning("matching by words alone", exc_info=True)
        return literal
    order = np.argsort(-cosines)[:MOST_COMPARED]
    return literal + [(int(place), float(cosines[place])) for place in order]


def _is_for(answer: CuratedAnswer, language: str, channel: str, day: date) -> bool:
    speaks = not answer.languages or language in answer.languages
    hears = not answer.channels or not channel or channel in answer.channels
    return speaks and hears and answer.is_live_on(day)


def _book_of(state: KnowledgeState) -> _Book:
    with _lock:
        space = current_embedder().space
        return _book(context.schema(), state.version, str(state.updated_at), space)


_lock = Lock()


@lru_cache(maxsize=COMPANIES)
def _book(schema: str, version: int, updated_at: str, space: str) -> _Book:
    answers = tuple(CuratedAnswer.objects.filter(is_active=True).order_by("pk"))
    places = {answer.pk: place for place, answer in enumerate(answers)}
    rows = list(CuratedQuestion.objects.filter(answer_id__in=places).order_by("pk"))
    vectors = np.zeros((len(rows), DIMENSIONS), dtype=np.float32)
    for place, row in enumerate(rows):
        if row.embedder == space:
            vectors[place] = np.asarray(row.embedding, dtype=np.float32)
    return _Book(
        answers=answers,
        whose=tuple(places[row.answer_id] for row in rows),
        meanings=tuple(meaning_of(row.text, row.language) for row in rows),
        vectors=vectors,
    )

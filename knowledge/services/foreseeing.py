"""What an edit would change: questions looked up again, as if it were done.

Nothing is written and no model is asked. What the edit takes away is overlooked by the search,
and what it brings takes part in it as if it were there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from knowledge.languages import detect
from knowledge.likeness import Meaning, likeness, meaning_of
from knowledge.loaders.base import Unreadable
from knowledge.models import CuratedAnswer, Document, KnowledgeState, Passage
from knowledge.providers.base import Vectors
from knowledge.ranking import THRESHOLD, Candidate
from knowledge.services.embedding import current_embedder, embedded
from knowledge.services.indexing import Draft, give_vectors, passage_of, read_drafts
from knowledge.services.narrowing import room_for
from knowledge.services.searching import Imagined, distinct, look
from knowledge.services.uploads import kind_of

FIRST = 5  # passages an answer is drafted from
MOST_NEW = 400  # passages that are embedded for a look ahead; a longer text is read that far


class Outcome(StrEnum):
    """What becomes of a question."""

    UNCHANGED = "unchanged"
    OTHER = "other_source"
    NONE = "not_answered"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """``source`` is the title of the document that it would be answered from."""

    outcome: Outcome
    source: str = ""
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was looked up, and the passages its answer stood on."""

    question: str
    language: str = ""
    passages: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Edit:
    gone: tuple[int, ...]
    imagined: Imagined | None


def foresee_edit(
    *, document: Document, asked: Sequence[Asked], content: bytes | None = None
) -> list[Foreseen]:
    """What would become of these questions with this content, or without the document.

    Raises ValidationError for a content that could not be taken in.
    """
    edit = _removal(document) if content is None else _replacement(document, content)
    state = KnowledgeState.current()
    return [_foreseen(each, state, edit, document) for each in asked]


def foresee_answer(
    *, answer: CuratedAnswer, asked: Sequence[Asked], questions: Sequence[str] = ()
) -> list[Foreseen]:
    """What would become of them if the answer were asked for by these questions only, or gone."""
    points = embedded(list(questions)) if questions else None
    ways = [meaning_of(text, detect(text)) for text in questions]
    state = KnowledgeState.current()
    found = []
    for each in asked:
        if points is not None and _still_asks(each, ways, points):
            found.append(Foreseen(Outcome.UNCHANGED, answer.title, 1.0))
        else:
            found.append(_foreseen(each, state, _Edit((), None), None))
    return found


def _still_asks(asked: Asked, ways: Sequence[Meaning], points: Vectors) -> bool:
    meant = meaning_of(asked.question, detect(asked.question) or asked.language)
    cosines = points @ embedded([asked.question])[0]
    return any(
        likeness(meant, way, float(cosine)) for way, cosine in zip(ways, cosines, strict=True)
    )


def _removal(document: Document) -> _Edit:
    return _Edit(tuple(document.passages.values_list("pk", flat=True)), None)


def _replacement(document: Document, content: bytes) -> _Edit:
    kind = kind_of(source_name="", content=content, kind=document.kind)
    try:
        drafts, _ = read_drafts(document, content, kind)
    except Unreadable:
        return _removal(document)  # it would answer nothing
    space = current_embedder().space
    known = dict(document.passages.filter(embedder=space).values_list("text_hash", "pk"))
    kept = {known[draft.fingerprint] for draft in drafts if draft.fingerprint in known}
    fresh = [draft for draft in drafts if draft.fingerprint not in known][:MOST_NEW]
    if fresh:
        give_vectors(fresh)
    gone = document.passages.exclude(pk__in=kept).values_list("pk", flat=True)
    return _Edit(tuple(gone), _imagine(document, fresh, space))


def _imagine(document: Document, drafts: Sequence[Draft], space: str) -> Imagined:
    """Passages with keys below zero, which no row has."""
    made = [passage_of(document, number, draft, space) for number, draft in enumerate(drafts)]

    def candidates(vector: list[float] | None) -> list[Candidate]:
        return [
            _candidate(-1 - number, passage, draft, vector)
            for number, (passage, draft) in enumerate(zip(made, drafts, strict=True))
        ]

    return Imagined(candidates, {-1 - n: passage.language for n, passage in enumerate(made)})


def _candidate(pk: int, passage: Passage, draft: Draft, vector: list[float] | None) -> Candidate:
    whole = best = heading = 0.0
    if vector is not None:
        point = np.asarray(vector, dtype=np.float32)
        cosines = np.asarray([draft.whole, *draft.vectors], dtype=np.float32) @ point
        whole, best, heading = float(cosines[0]), float(cosines[1:].max()), float(cosines[1])
    return Candidate(pk, passage.stems, passage.stem_count, whole, best, heading)


def _foreseen(
    asked: Asked, state: KnowledgeState, edit: _Edit, document: Document | None
) -> Foreseen:
    room = room_for(None, state, without=edit.gone)
    language = asked.language or detect(asked.question)
    looked = look(asked.question, language, state, room, edit.imagined)
    first = [one.candidate.id for one in distinct(looked.ranked, FIRST)]
    sure = round(looked.sure, 4)
    if not first or sure < THRESHOLD:
        return Foreseen(Outcome.NONE, confidence=sure)
    if asked.passages & set(first):
        return Foreseen(Outcome.UNCHANGED, _title(first[0], document), sure)
    return Foreseen(Outcome.OTHER, _title(first[0], document), sure)


def _title(passage_id: int, document: Document | None) -> str:
    if passage_id < 0 and document is not None:
        return document.title
    found = Passage.objects.filter(pk=passage_id).values_list("document__title", flat=True)
    return found.first() or ""

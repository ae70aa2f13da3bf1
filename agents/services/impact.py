"""Which past answers rest on a source, and what an edit of it would have made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from agents.models import ChatTurn, ReplyDraft, Run
from agents.offline.asking import questions_in, wording
from agents.offline.personal import without_personal
from agents.services.asked import words_of
from knowledge.models import CuratedAnswer, Document
from knowledge.services import Asked, Foreseen, Outcome, foresee_answer, foresee_edit

DAYS = 30
MOST = 100  # questions looked up again


@dataclass(frozen=True, slots=True)
class Affected:
    """A past question, what was answered, and what would be; without personal data."""

    question: str
    answered: str
    at: datetime
    outcome: Outcome
    source: str
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Impact:
    """What rests on a source: the newest questions, and drafts that wait to be sent."""

    days: int
    affected: list[Affected]
    is_cut: bool
    waiting_drafts: int

    def count(self, outcome: str) -> int:
        return sum(1 for one in self.affected if one.outcome == outcome)


@dataclass(frozen=True, slots=True)
class _Past:
    text: str
    answer: str
    language: str
    at: datetime
    passages: frozenset[int]
    run_id: int | None


def impact_of_edit(*, document: Document, content: bytes | None = None, days: int = DAYS) -> Impact:
    """Of a new content, or of the document's removal. Raises ValidationError."""
    past, is_cut = _past([{"document_id": document.pk}], days)
    seen = foresee_edit(document=document, content=content, asked=[_asked(one) for one in past])
    return _impact(past, seen, days, is_cut, {"document_id": document.pk})


def impact_of_answer(
    *, answer: CuratedAnswer, questions: Sequence[str] = (), days: int = DAYS
) -> Impact:
    """Of other ways to ask for a written answer, or of its removal."""
    past, is_cut = _past([{"curated_id": answer.pk}], days)
    asked = [_asked(one, as_written=True) for one in past]
    seen = foresee_answer(answer=answer, questions=questions, asked=asked)
    return _impact(past, seen, days, is_cut, {"curated_id": answer.pk})


def _impact(
    past: list[_Past], seen: list[Foreseen], days: int, is_cut: bool, source: dict[str, int]
) -> Impact:
    affected = [
        Affected(
            question=without_personal(one.text)[:300],
            answered=without_personal(one.answer)[:300],
            at=one.at,
            outcome=found.outcome,
            source=found.source,
            run_id=one.run_id,
        )
        for one, found in zip(past, seen, strict=True)
    ]
    worst = {Outcome.NONE: 0, Outcome.OTHER: 1, Outcome.UNCHANGED: 2}
    affected.sort(key=lambda one: (worst[one.outcome], -one.at.timestamp()))
    drafts = ReplyDraft.objects.open().filter(sources__contains=[source]).count()
    return Impact(days, affected, is_cut, drafts)


def _past(source: list[dict[str, int]], days: int) -> tuple[list[_Past], bool]:
    """The newest questions that were answered from it."""
    since = timezone.now() - timedelta(days=days)
    runs = Run.objects.filter(
        Q(outcome=Run.Outcome.SENT) | Q(outcome=Run.Outcome.DRAFTED),
        sources__contains=source,
        finished_at__gte=since,
    ).order_by("-pk")[: MOST + 1]
    turns = ChatTurn.objects.filter(
        sources__contains=source, refused=False, created_at__gte=since
    ).order_by("-pk")[: MOST + 1]
    found = [_of_run(run) for run in runs] + [_of_turn(turn) for turn in turns]
    found = sorted((one for one in found if one.text), key=lambda one: one.at, reverse=True)
    return found[:MOST], len(found) > MOST


def _of_run(run: Run) -> _Past:
    return _Past(
        text=words_of(run),
        answer=run.draft,
        language=run.language,
        at=run.finished_at or run.created_at,
        passages=_passages(run.sources),
        run_id=run.pk,
    )


def _of_turn(turn: ChatTurn) -> _Past:
    return _Past(
        text=turn.question,
        answer=turn.answer,
        language=turn.language,
        at=turn.created_at,
        passages=_passages(turn.sources),
        run_id=None,
    )


def _passages(sources: list[dict[str, Any]]) -> frozenset[int]:
    return frozenset(row["passage_id"] for row in sources if row.get("passage_id"))


def _asked(past: _Past, *, as_written: bool = False) -> Asked:
    """The question as it was looked up when it was answered."""
    questions = questions_in(past.text)
    if as_written:
        text = questions[0].text if len(questions) == 1 else past.text
    else:
        text = wording(questions, past.language)
    return Asked(text, past.language, past.passages)

"""Answers that people write: kept, changed, let go, counted."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from knowledge import sentences
from knowledge.languages import detect
from knowledge.models import CuratedAnswer, CuratedQuestion, Gap, KnowledgeState
from knowledge.services.embedding import current_embedder, embedded
from tenants.audit.services import record
from tenants.workspace.models import Profile

LONGEST_QUESTION, LONGEST_ANSWER, MOST_QUESTIONS = 300, 4_000, 50
CHANGEABLE = ("languages", "channels", "valid_from", "valid_until", "is_active")


def add_curated_answer(
    *,
    questions: Sequence[str],
    answers: Mapping[str, str],
    languages: Sequence[str] = (),
    channels: Sequence[str] = (),
    valid_from: date | None = None,
    valid_until: date | None = None,
    is_active: bool = True,
    gap: Gap | None = None,
    actor: str = "system",
) -> CuratedAnswer:
    """Give this answer from now on to whoever asks one of these questions.

    With a ``gap`` the gap is closed by it. Raises ValidationError.
    """
    answer = CuratedAnswer(
        languages=list(languages),
        channels=list(channels),
        valid_from=valid_from,
        valid_until=valid_until,
        is_active=is_active,
    )
    return _keep(answer, questions, answers, actor, "curated.added", gap)


def change_curated_answer(
    *,
    answer: CuratedAnswer,
    questions: Sequence[str] | None = None,
    answers: Mapping[str, str] | None = None,
    actor: str = "system",
    **changes: Any,
) -> CuratedAnswer:
    """Change what is said, or to whom; the next question hears the new words."""
    if unknown := changes.keys() - set(CHANGEABLE):
        raise TypeError(f"Not to be changed: {sorted(unknown)}")
    for name, value in changes.items():
        setattr(answer, name, list(value) if name in {"languages", "channels"} else value)
    answer.version += 1
    said = [one.text for one in answer.questions.all()] if questions is None else questions
    kept = answer.answers if answers is None else answers
    return _keep(answer, said, kept, actor, "curated.changed")


@transaction.atomic
def remove_curated_answer(*, answer: CuratedAnswer, actor: str = "system") -> None:
    """Give it to nobody any more."""
    state = KnowledgeState.locked()
    pk = answer.pk
    answer.delete()
    _announce(state)
    record(action="curated.removed", subject=f"curated:{pk}", actor=actor)


def count_use(*, answer_id: int) -> None:
    """Note that the answer was given; a statistic, outside of whatever gave it."""
    CuratedAnswer.objects.filter(pk=answer_id).update(
        used_count=F("used_count") + 1, last_used_at=timezone.now()
    )


def embed_questions_anew() -> int:
    """Bring the questions into the space of the embedder that is used now."""
    space = current_embedder().space
    stale = list(CuratedQuestion.objects.exclude(embedder=space)[:500])
    if not stale:
        return 0
    vectors = embedded([question.text for question in stale]).tolist()
    with transaction.atomic():
        state = KnowledgeState.locked()
        for question, vector in zip(stale, vectors, strict=True):
            question.embedder, question.embedding = space, vector
        CuratedQuestion.objects.bulk_update(stale, ["embedder", "embedding"])
        _announce(state)
    return len(stale)


def _keep(
    answer: CuratedAnswer,
    questions: Sequence[str],
    answers: Mapping[str, str],
    actor: str,
    action: str,
    gap: Gap | None = None,
) -> CuratedAnswer:
    asked = _questions(questions)
    answer.answers = _answers(answers)
    answer.title = asked[0]
    if answer.valid_from and answer.valid_until and answer.valid_from > answer.valid_until:
        raise _refused("valid_until", sentences.DATES_REVERSED)
    vectors = embedded(asked).tolist()
    with transaction.atomic():
        state = KnowledgeState.locked()
        answer.save()
        answer.questions.all().delete()
        CuratedQuestion.objects.bulk_create(
            CuratedQuestion(
                answer=answer,
                text=text,
                language=detect(text),
                embedder=current_embedder().space,
                embedding=vector,
            )
            for text, vector in zip(asked, vectors, strict=True)
        )
        if gap is not None:
            Gap.objects.filter(pk=gap.pk).update(
                status=Gap.Status.ANSWERED, answer=answer, closed_at=timezone.now()
            )
        _announce(state)
        record(
            action=action,
            subject=f"curated:{answer.pk}",
            actor=actor,
            details={"version": answer.version, "questions": len(asked)},
        )
    return answer


def _announce(state: KnowledgeState) -> None:
    """Every process forgets the answers it knew; where there is none, nobody looks for any."""
    state.version += 1
    state.save()
    Profile.current()
    Profile.objects.filter(pk=1).update(
        curated_answers=CuratedAnswer.objects.filter(is_active=True).count()
    )


def _questions(given: Sequence[str]) -> list[str]:
    asked = [" ".join(text.split()) for text in given]
    asked = list(dict.fromkeys(text for text in asked if text))
    if not asked:
        raise _refused("questions", sentences.NO_QUESTION)
    if len(asked) > MOST_QUESTIONS:
        raise _refused("questions", sentences.MANY_QUESTIONS.of(most=MOST_QUESTIONS))
    if any(len(text) > LONGEST_QUESTION for text in asked):
        raise _refused("questions", sentences.LONG_QUESTION.of(most=LONGEST_QUESTION))
    return asked


def _answers(given: Mapping[str, str]) -> dict[str, str]:
    said = {language: text.strip() for language, text in given.items() if text.strip()}
    if not said:
        raise _refused("answers", sentences.NO_ANSWER)
    if any(len(text) > LONGEST_ANSWER for text in said.values()):
        raise _refused("answers", sentences.LONG_ANSWER.of(most=LONGEST_ANSWER))
    return said


def _refused(field: str, sentence: str) -> ValidationError:
    return ValidationError({field: ValidationError(sentence, code="invalid")})

"""What people asked in vain: gathered by meaning, closed once it is answered.

Each question joins the gap nearest to it, or begins one: no clustering is ever done anew. The
vectors are always the built-in embedder's, so that no gap depends on what is configured.
"""

from collections.abc import Iterable
from datetime import datetime

import numpy as np
from django.db import transaction
from django.utils import timezone
from pgvector.django import CosineDistance

from knowledge import announcements
from knowledge.languages import detect
from knowledge.models import Document, Gap, GapQuestion, KnowledgeState
from knowledge.ranking import THRESHOLD
from knowledge.services.embedding import embed_locally
from knowledge.services.matching import find_curated
from knowledge.services.searching import search
from tenants.audit.services import record
from tenants.live import publish

# Cosine of a question and the middle of the questions it belongs to.
SAME_GAP = 0.72
LONGEST = 300  # characters of a question
KEPT = 200  # examples of one gap
TRIED = 50  # gaps tried again in one sweep


def record_gap(
    *,
    origin: str,
    text: str,
    language: str = "",
    channel: str = "",
    cause: str = GapQuestion.Cause.REFUSED,
    asked_at: datetime | None = None,
) -> Gap | None:
    """Note a question that was asked in vain; the same origin counts once.

    ``text`` comes without personal data. None where there is nothing to note.
    """
    text = " ".join(text.split())[:LONGEST].strip()
    if not any(sign.isalpha() for sign in text) or origin in known_origins([origin]):
        return None
    point = embed_locally([text])[0]
    with transaction.atomic():
        state = KnowledgeState.locked()  # one at a time: two newcomers are one gap
        gap = _nearest(point)
        when = asked_at or timezone.now()
        if gap is None:
            gap = Gap(
                label=text,
                language=language or detect(text),
                embedding=point.tolist(),
                first_asked_at=when,
                last_asked_at=when,
            )
            gap.save()
        _, is_new = GapQuestion.objects.get_or_create(
            origin=origin,
            defaults={
                "gap": gap,
                "text": text,
                "language": language or detect(text),
                "channel": channel,
                "cause": cause,
                "asked_at": when,
            },
        )
        if is_new:
            was_open = gap.status == Gap.Status.OPEN and gap.asked > 0
            _count(gap, point, channel, cause, when)
            gap.checked_version = state.version
            gap.save()
            _forget_oldest(gap)
            publish("gap", gap=gap.pk, status=gap.status)
            if gap.status == Gap.Status.OPEN and not was_open:
                announcements.gap_found(gap)
    return gap


def known_origins(origins: Iterable[str]) -> set[str]:
    """Which of these were noted already."""
    return set(
        GapQuestion.objects.filter(origin__in=list(origins)).values_list("origin", flat=True)
    )


@transaction.atomic
def close_gap(*, gap: Gap, document: Document | None = None, actor: str = "system") -> Gap:
    """It is answered: by a document, or by what somebody did elsewhere."""
    return _set(gap, Gap.Status.ANSWERED, actor, document=document)


@transaction.atomic
def dismiss_gap(*, gap: Gap, actor: str = "system") -> Gap:
    """Nobody wants to answer this; it stays away, however often it is asked."""
    return _set(gap, Gap.Status.DISMISSED, actor)


@transaction.atomic
def reopen_gap(*, gap: Gap, actor: str = "system") -> Gap:
    return _set(gap, Gap.Status.OPEN, actor)


def try_gaps_again() -> int:
    """Close what the knowledge of today answers; says how many were closed."""
    state = KnowledgeState.current()
    open_gaps = Gap.objects.open().filter(checked_version__lt=state.version)
    closed = 0
    for gap in open_gaps.order_by("checked_version", "-asked")[:TRIED]:
        hit = find_curated(question=gap.label, language=gap.language)
        found = None if hit else search(question=gap.label, language=gap.language, limit=1)
        gap.checked_version = state.version
        gap.save(update_fields=["checked_version"])
        if hit:
            Gap.objects.filter(pk=gap.pk).update(answer_id=hit.answer_id)
            close_gap(gap=gap)
            closed += 1
        elif found and found.is_grounded(THRESHOLD):
            document = Document.objects.filter(pk=found.passages[0].document_id).first()
            close_gap(gap=gap, document=document)
            closed += 1
    return closed


def _nearest(point: np.ndarray) -> Gap | None:
    near = Gap.objects.annotate(far=CosineDistance("embedding", point.tolist())).order_by("far")
    found = near.first()
    return found if found is not None and 1 - found.far >= SAME_GAP else None


def _count(gap: Gap, point: np.ndarray, channel: str, cause: str, when: datetime) -> None:
    middle = np.asarray(gap.embedding, dtype=np.float32) * gap.asked + point
    gap.embedding = (middle / (np.linalg.norm(middle) or 1.0)).tolist()
    gap.asked += 1
    if channel:
        gap.channels = {**gap.channels, channel: gap.channels.get(channel, 0) + 1}
    gap.causes = {**gap.causes, cause: gap.causes.get(cause, 0) + 1}
    gap.first_asked_at = min(gap.first_asked_at, when)
    gap.last_asked_at = max(gap.last_asked_at, when)
    was_answered = gap.status == Gap.Status.ANSWERED
    if was_answered and gap.closed_at and when > gap.closed_at:
        gap.status, gap.closed_at = Gap.Status.OPEN, None
        gap.reopened += 1


def _forget_oldest(gap: Gap) -> None:
    if gap.asked > KEPT:
        kept = gap.questions.order_by("-pk").values("pk")[:KEPT]
        gap.questions.exclude(pk__in=kept).delete()


def _set(gap: Gap, status: str, actor: str, document: Document | None = None) -> Gap:
    gap = Gap.objects.select_for_update().get(pk=gap.pk)
    if gap.status == status:
        return gap
    gap.status = status
    gap.closed_at = None if status == Gap.Status.OPEN else timezone.now()
    if document is not None:
        gap.document = document
    gap.save()
    publish("gap", gap=gap.pk, status=status)
    if status != Gap.Status.OPEN:
        announcements.gap_closed(gap)
    record(action=f"gap.{status}", subject=f"gap:{gap.pk}", actor=actor)
    return gap

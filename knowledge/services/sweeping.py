"""What was committed and never finished is rung again; what the calendar changes is noticed."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from knowledge.models import CuratedAnswer, Document, KnowledgeState
from knowledge.services.curating import embed_questions_anew
from knowledge.services.documents import sweep_documents
from knowledge.services.gaps import try_gaps_again
from knowledge.services.sources import sweep_sources


def sweep() -> dict[str, int]:
    """Ring for documents and sources that nobody is at; try again what was asked in vain."""
    return {
        "documents": sweep_documents(),
        "sources": sweep_sources(),
        "questions": embed_questions_anew(),
        "days": turn_the_day(),
        "gaps": try_gaps_again(),
    }


def turn_the_day() -> int:
    """Once a day something begins or ceases to be valid: what was remembered holds no longer."""
    today = timezone.localdate()
    state = KnowledgeState.current()
    if not state.version or timezone.localdate(state.updated_at) >= today:
        return 0
    turns = Q(valid_from=today) | Q(valid_until=today - timedelta(days=1))
    if not any(model.objects.filter(turns).exists() for model in (Document, CuratedAnswer)):
        return 0
    with transaction.atomic():
        state = KnowledgeState.locked()
        state.version += 1
        state.save()
    return 1

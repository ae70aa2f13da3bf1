"""Where a search may look: by kind, tag, product, language and date; and what it is to overlook."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils import timezone

from knowledge.models import Document, KnowledgeState


@dataclass(frozen=True, slots=True)
class Only:
    """Narrows a search; what is empty narrows nothing. Of several tags one is enough.

    ``languages`` are the passages'. ``on`` is the day on which the documents must be valid;
    without one it is today. ``samples`` lets the sample data answer as well: never a customer.
    """

    kinds: Sequence[str] = ()
    tags: Sequence[str] = ()
    products: Sequence[str] = ()
    languages: Sequence[str] = ()
    on: date | None = None
    samples: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """The same, as the database is asked: None stands for everywhere."""

    documents: list[int] | None = None
    languages: list[str] | None = None
    without: tuple[int, ...] = ()  # passages


def room_for(
    only: Only | None, state: KnowledgeState, *, without: Sequence[int] = ()
) -> Room | None:
    """None where the search may look everywhere: the usual case, which asks nothing here."""
    wanted = only or Only()
    documents = Document.objects.all()
    if wanted.kinds:
        documents = documents.filter(kind__in=wanted.kinds)
    if wanted.products:
        documents = documents.filter(product__in=wanted.products)
    if wanted.tags:
        has_one = Q()
        for tag in wanted.tags:
            has_one |= Q(tags__contains=[tag])
        documents = documents.filter(has_one)
    if state.is_dated:
        documents = documents.valid_on(wanted.on or timezone.localdate())
    hides = state.has_samples and not wanted.samples
    if hides:
        documents = documents.filter(is_sample=False)
    narrows = wanted.kinds or wanted.products or wanted.tags or state.is_dated or hides
    if not (narrows or wanted.languages or without):
        return None
    return Room(
        documents=list(documents.values_list("pk", flat=True)) if narrows else None,
        languages=list(wanted.languages) or None,
        without=tuple(without),
    )

"""Following web pages: taking a source in, starting its rounds, letting it go."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from knowledge import sentences
from knowledge.crawling.addresses import plain
from knowledge.models import Document, Source, SourcePage
from knowledge.services.documents import remove_document
from knowledge.services.ringing import ring_visit
from tenants.audit.services import record
from tenants.live import publish

MOST_PAGES = 5_000  # of one source
DEEPEST = 10
LONGEST_INTERVAL = 24 * 90  # hours
# A ring is this late before it is thought lost.
LEFT_ALONE = timedelta(seconds=30)


@transaction.atomic
def add_source(
    *,
    address: str,
    kind: str = Source.Kind.SITE,
    max_pages: int = 100,
    max_depth: int = 3,
    every_hours: int = 0,
    actor: str = "system",
) -> Source:
    """Follow a page, a site or a sitemap from now on; one that is followed already stays one.

    Raises ValidationError for what is no public web address.
    """
    found = plain(address if "://" in address else f"https://{address.strip()}")
    if not found:
        raise ValidationError({"address": ValidationError(sentences.NO_ADDRESS, code="no_address")})
    source, is_new = Source.objects.get_or_create(
        address=found,
        kind=kind,
        defaults={
            "max_pages": 1 if kind == Source.Kind.PAGE else min(max(max_pages, 1), MOST_PAGES),
            "max_depth": 0 if kind == Source.Kind.PAGE else min(max(max_depth, 0), DEEPEST),
            "every_hours": min(max(every_hours, 0), LONGEST_INTERVAL),
        },
    )
    if is_new:
        _begin_round(source)
        _record("source.added", source, actor)
    return source


@transaction.atomic
def change_source(
    *,
    source: Source,
    max_pages: int | None = None,
    max_depth: int | None = None,
    every_hours: int | None = None,
    actor: str = "system",
) -> Source:
    """Other limits hold from the next round on."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    if max_pages is not None and source.kind != Source.Kind.PAGE:
        source.max_pages = min(max(max_pages, 1), MOST_PAGES)
    if max_depth is not None and source.kind != Source.Kind.PAGE:
        source.max_depth = min(max(max_depth, 0), DEEPEST)
    if every_hours is not None:
        source.every_hours = min(max(every_hours, 0), LONGEST_INTERVAL)
        # A round that is under way says when the next one is, at its end.
        source.next_round_at = None if source.is_at_work else next_round(source)
    source.save()
    _record("source.changed", source, actor)
    return source


@transaction.atomic
def look_again(*, source: Source, actor: str = "system") -> Source:
    """Begin another round, unless one is under way."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    if not source.is_at_work:
        _begin_round(source)
        _record("source.round_started", source, actor)
    return source


@transaction.atomic
def remove_source(*, source: Source, actor: str = "system") -> None:
    """Follow it no longer, and forget what is known from nowhere else."""
    Source.objects.select_for_update().get(pk=source.pk)
    alone = Document.objects.filter(pages__source=source).exclude(
        pk__in=SourcePage.objects.exclude(source=source)
        .filter(document__isnull=False)
        .values("document_id")
    )
    for document in alone.distinct():
        remove_document(document=document, actor=actor)
    pk = source.pk
    source.delete()
    publish("source_status", source=pk, status="removed")
    record(action="source.removed", subject=f"source:{pk}", actor=actor)


def sweep_sources() -> int:
    """Ring for rounds that nobody is at, and begin those whose time has come."""
    now = timezone.now()
    rung = 0
    left = Q(due_at__lt=now - LEFT_ALONE) | Q(due_at=None)
    for pk, turn in Source.objects.at_work().filter(left).values_list("pk", "turn"):
        ring_visit(pk, turn)
        rung += 1
    for source in Source.objects.filter(next_round_at__lte=now):
        look_again(source=source, actor="schedule")
        rung += 1
    return rung


def next_round(source: Source) -> datetime | None:
    """When it is looked through again by itself."""
    if not source.every_hours:
        return None
    return (source.finished_at or timezone.now()) + timedelta(hours=source.every_hours)


def _begin_round(source: Source) -> None:
    source.round += 1
    source.turn += 1
    source.status = Source.Status.WAITING
    source.error = ""
    source.round_bytes = 0
    source.started_at = source.due_at = timezone.now()
    source.finished_at = source.next_round_at = None
    source.save()
    publish("source_status", source=source.pk, status=source.status)
    ring_visit(source.pk, source.turn)


def _record(action: str, source: Source, actor: str) -> None:
    record(
        action=action,
        subject=f"source:{source.pk}",
        actor=actor,
        details={"kind": source.kind, "round": source.round, "max_pages": source.max_pages},
    )

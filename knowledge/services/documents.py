"""Taking documents in, and letting them go."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from knowledge import sentences
from knowledge.loaders.base import decoded
from knowledge.models import Document, DocumentContent, KnowledgeState, SourcePage
from knowledge.services.embedding import current_embedder
from knowledge.services.ringing import ring_indexing
from knowledge.services.statistics import record_change
from knowledge.services.uploads import kind_of
from tenants.audit.services import record
from tenants.live import publish

# No report for so long means that nobody is at it any more.
LEFT_ALONE = timedelta(minutes=2)
# What people can write by hand.
TEXT_KINDS = ("txt", "md", "csv")
FACETS = ("tags", "product", "valid_from", "valid_until")


@transaction.atomic
def add_document(
    *, title: str, source_name: str, content: bytes, kind: str = "", actor: str = "system"
) -> Document:
    """Store a document and have it indexed.

    The same source with new content replaces the old; with the same content nothing happens.
    Without a source name (pasted text) only the content tells. Raises ValidationError.
    """
    kind = kind_of(source_name=source_name, content=content, kind=kind)
    source_name = source_name.strip()[:255]
    digest = sha256(content).hexdigest()
    document, is_new = _row(source_name, digest, title, kind)
    if is_new:
        DocumentContent.objects.create(document=document, body=content)
        document.size = len(content)
        _queue(document)
        _record("document.added", document, actor)
    elif document.content_hash != digest:
        _replace(document, content=content, digest=digest, kind=kind, actor=actor)
    elif document.status in {Document.Status.FAILED, Document.Status.GONE}:
        _queue(document)
    return document


def find_same(*, source_name: str, content: bytes) -> Document | None:
    """The document that says exactly this already, whatever it is called.

    None where the name belongs to a document that says something else: that one is to change.
    """
    source_name = source_name.strip()[:255]
    same = Document.objects.filter(content_hash=sha256(content).hexdigest())
    if source_name and (named := Document.objects.filter(source_name=source_name).first()):
        return same.filter(pk=named.pk).first()
    return same.first()


@transaction.atomic
def replace_content(*, document: Document, content: bytes, actor: str = "system") -> Document:
    """Give a document new content; passages that did not change keep their ids."""
    kind = kind_of(source_name=document.source_name, content=content, kind=document.kind)
    document = Document.objects.select_for_update().get(pk=document.pk)
    digest = sha256(content).hexdigest()
    if document.content_hash != digest:
        _replace(document, content=content, digest=digest, kind=kind, actor=actor)
    return document


def text_of(*, document: Document) -> str:
    """Its content as people can change it; empty for what is no text."""
    if document.kind not in TEXT_KINDS:
        return ""
    body = DocumentContent.objects.filter(document=document).values_list("body", flat=True).first()
    return decoded(bytes(body)) if body else ""


@transaction.atomic
def rename_document(*, document: Document, title: str, actor: str = "system") -> Document:
    """Give a document another title. It is indexed anew: the title is part of what is searched."""
    document = Document.objects.select_for_update().get(pk=document.pk)
    if title.strip() and title.strip() != document.title:
        document.title = title.strip()[:200]
        document.version += 1
        if document.status == Document.Status.GONE:
            document.save()
        else:
            _queue(document)
        _record("document.renamed", document, actor)
    return document


@transaction.atomic
def describe_document(*, document: Document, actor: str = "system", **facets: Any) -> Document:
    """Say by what it may be narrowed to (tags, product) and when it is valid.

    Nothing is indexed anew. Raises ValidationError.
    """
    if unknown := facets.keys() - set(FACETS):
        raise TypeError(f"Not to be changed: {sorted(unknown)}")
    state = KnowledgeState.locked()
    document = Document.objects.select_for_update().get(pk=document.pk)
    for name, value in facets.items():
        setattr(document, name, value)
    document.tags = list(dict.fromkeys(tag.strip() for tag in document.tags if tag.strip()))
    if document.valid_from and document.valid_until and document.valid_from > document.valid_until:
        raise ValidationError({"valid_until": sentences.DATES_REVERSED})
    document.save()
    state.is_dated = Document.objects.exclude(valid_from=None, valid_until=None).exists()
    state.version += 1
    state.save()
    _record("document.described", document, actor)
    return document


@transaction.atomic
def reindex_document(*, document: Document, actor: str = "system") -> Document:
    """Read the stored content again; what is gone stays gone."""
    document = Document.objects.select_for_update().get(pk=document.pk)
    if document.status != Document.Status.GONE:
        _queue(document)
        _record("document.reindexed", document, actor)
    return document


@transaction.atomic
def remove_document(*, document: Document, actor: str = "system") -> None:
    """Forget a document, its passages and its content."""
    state = KnowledgeState.locked()
    passages = list(document.passages.only("stems", "stem_count", "language"))
    pk = document.pk
    # The pages it came from would bring it back in their next round.
    document.pages.update(status=SourcePage.Status.LEFT_OUT, error="")
    document.delete()
    if passages:
        record_change(state, gone=passages)
    publish("document_status", document=pk, status="removed")
    record(action="document.removed", subject=f"document:{pk}", actor=actor)


@transaction.atomic
def mark_gone(*, document: Document, reason: str, actor: str = "system") -> None:
    """Keep a document to be seen, but answer from it no more; its page coming back revives it."""
    state = KnowledgeState.locked()
    document = Document.objects.select_for_update().get(pk=document.pk)
    if document.status == Document.Status.GONE:
        return
    passages = list(document.passages.only("stems", "stem_count", "language"))
    document.passages.all().delete()
    if passages:
        record_change(state, gone=passages)
    document.status = Document.Status.GONE
    document.error = reason[:300]
    document.passage_count = 0
    document.save()
    publish("document_status", document=document.pk, status=document.status)
    _record("document.gone", document, actor)


def sweep_documents() -> int:
    """Ring again for documents that nobody is at, and for those in another embedder's space."""
    silent_since = timezone.now() - LEFT_ALONE
    waiting = Document.objects.unfinished().filter(updated_at__lt=silent_since)
    outdated = Document.objects.filter(status=Document.Status.READY).exclude(
        embedder=current_embedder().space
    )
    for document in outdated:
        with transaction.atomic():
            _queue(document)
    count = len(outdated)
    for pk in waiting.values_list("pk", flat=True):
        ring_indexing(pk)
        count += 1
    return count


def _row(source_name: str, digest: str, title: str, kind: str) -> tuple[Document, bool]:
    fresh = {
        "title": (title.strip() or source_name or Document.UNTITLED)[:200],
        "kind": kind,
        "content_hash": digest,
    }
    rows = Document.objects.select_for_update()
    if source_name:
        return rows.get_or_create(source_name=source_name, defaults=fresh)
    same = rows.filter(source_name="", content_hash=digest).first()
    return (same, False) if same else (Document.objects.create(**fresh), True)


def _replace(document: Document, *, content: bytes, digest: str, kind: str, actor: str) -> None:
    DocumentContent.objects.filter(document=document).update(body=content)
    document.content_hash = digest
    document.size = len(content)
    document.kind = kind
    document.version += 1
    _queue(document)
    _record("document.replaced", document, actor)


def _queue(document: Document) -> None:
    document.status = Document.Status.PENDING
    document.progress = document.attempts = 0
    document.error = ""
    document.save()
    publish("document_status", document=document.pk, status=document.status, progress=0)
    ring_indexing(document.pk)


def _record(action: str, document: Document, actor: str) -> None:
    record(
        action=action,
        subject=f"document:{document.pk}",
        actor=actor,
        details={"version": document.version, "kind": document.kind, "size": document.size},
    )

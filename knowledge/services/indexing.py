"""From bytes to passages that can be found.

Reading and embedding happen outside any transaction; then one transaction swaps the passages.
Whatever dies on the way is done again from the start: a passage whose text is known already keeps
its id and its vectors, so that doing it again is cheap.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from knowledge import announcements, ranking
from knowledge.chunking import chunks, count_tokens, fragments
from knowledge.languages import detect
from knowledge.lexical import stems
from knowledge.loaders import LOADERS
from knowledge.loaders.base import Loaded, Unreadable
from knowledge.models import (
    Document,
    DocumentContent,
    DocumentQuerySet,
    Fragment,
    KnowledgeState,
    Passage,
)
from knowledge.services.embedding import current_embedder, embedded
from knowledge.services.statistics import record_change
from tenants.audit.services import record
from tenants.live import publish
from tenants.plugins.errors import ProviderError

# Part of every passage's fingerprint: a new number makes re-indexing do everything anew.
RECIPE = "1"
MAX_ATTEMPTS = 8
MAX_FRAGMENTS = 60  # of one passage
BATCH = 16  # passages embedded between two reports


@dataclass(slots=True)
class Draft:
    """A passage to be, before and after it has its vectors."""

    title: str
    heading: tuple[str, ...]
    text: str
    whole: list[float] = field(default_factory=list)
    vectors: list[list[float]] = field(default_factory=list)  # the heading's, then one a part

    @property
    def fingerprint(self) -> str:
        return sha256(
            "\n".join((RECIPE, self.title, *self.heading, self.text)).encode()
        ).hexdigest()

    @property
    def asked_as(self) -> str:
        """What somebody may ask to be led here."""
        return self.heading[-1] if self.heading else self.title

    def texts(self) -> list[str]:
        """The texts whose vectors this passage needs, the whole passage first."""
        parts = fragments(self.text)
        around = ". ".join((self.title, *self.heading))
        whole = f"{around}. {self.text}"
        return [whole, self.asked_as, *(parts[:MAX_FRAGMENTS] if len(parts) > 1 else [])]


def index_document(*, document_id: int) -> None:
    """Make the latest content of a document searchable; doing it twice changes nothing."""
    document = _started(document_id)
    if document is None:
        return
    try:
        drafts, left_out = _drafts(document)
        known = _known_fingerprints(document)
        _embed(document, [draft for draft in drafts if draft.fingerprint not in known])
    except Unreadable as error:
        _fail(document, str(error))
    except ProviderError as error:
        if not error.retryable:
            _fail(document, f"Embedding failed: {error}")
            return
        _still(document).update(status=Document.Status.PENDING, error=str(error)[:300])
        raise
    else:
        _swap(document, drafts, left_out)


def _started(document_id: int) -> Document | None:
    """The document, if there is anything to do; each start counts as an attempt."""
    document = Document.objects.unfinished().filter(pk=document_id).first()
    if document is None:
        return None
    if document.attempts >= MAX_ATTEMPTS:
        # Something in it kills the worker; the sweeper must not bring it back for ever.
        _fail(document, document.error or "This document could not be indexed.")
        return None
    document.status = Document.Status.INDEXING
    _still(document).update(
        status=document.status, attempts=F("attempts") + 1, updated_at=timezone.now()
    )
    _announce(document, progress=document.progress)
    return document


def _drafts(document: Document) -> tuple[list[Draft], str]:
    """What the document's passages will be, and what of it could not be used."""
    body = DocumentContent.objects.values_list("body", flat=True).get(document=document)
    return read_drafts(document, bytes(body), document.kind)


def read_drafts(document: Document, content: bytes, kind: str) -> tuple[list[Draft], str]:
    """The passages that this content would make of the document; nothing is written."""
    loaded = LOADERS.get(kind)().load(content)
    _take_title(document, loaded)
    drafts: list[Draft] = []
    for section in loaded.sections:
        # A document's own title is no heading of its sections.
        heading = section.heading[section.heading[:1] == (document.title,) :]
        drafts += [Draft(document.title, heading, chunk.text) for chunk in chunks(section.text)]
    if not drafts:
        raise Unreadable(_("There is no text in this document."))
    # The same words under the same heading are one passage, however often they stand there.
    return list({draft.fingerprint: draft for draft in drafts}.values()), loaded.left_out


def _take_title(document: Document, loaded: Loaded) -> None:
    """Its own title, where nobody gave it a better one than the file's name."""
    if loaded.title and document.title in {document.source_name[:200], Document.UNTITLED}:
        document.title = loaded.title[:200]


def _known_fingerprints(document: Document) -> set[str]:
    space = current_embedder().space
    return set(document.passages.filter(embedder=space).values_list("text_hash", flat=True))


def _embed(document: Document, drafts: list[Draft]) -> None:
    for start in range(0, len(drafts), BATCH):
        batch = drafts[start : start + BATCH]
        give_vectors(batch)
        _announce(document, progress=min(95, 100 * (start + len(batch)) // len(drafts)))


def give_vectors(drafts: Sequence[Draft]) -> None:
    texts = [draft.texts() for draft in drafts]
    vectors = iter(embedded([text for each in texts for text in each]).tolist())
    for draft, own in zip(drafts, texts, strict=True):
        draft.whole, *draft.vectors = islice(vectors, len(own))


@transaction.atomic
def _swap(document: Document, drafts: Sequence[Draft], left_out: str) -> None:
    """Let the new passages stand where the old ones stood, all at once."""
    state = KnowledgeState.locked()
    latest = Document.objects.select_for_update().filter(pk=document.pk).first()
    if latest is None or latest.version != document.version or latest.is_ready:
        return  # removed, replaced or done by somebody else meanwhile
    space = current_embedder().space
    spare: dict[str, list[Passage]] = {}
    for passage in document.passages.filter(embedder=space).defer("embedding", "text"):
        spare.setdefault(passage.text_hash, []).append(passage)
    kept, fresh = [], []
    for position, draft in enumerate(drafts):
        if same := spare.get(draft.fingerprint):
            passage = same.pop()
            passage.position, passage.document_version = position, document.version
            kept.append(passage)
        else:
            fresh.append((draft, passage_of(document, position, draft, space)))
    gone = list(document.passages.exclude(pk__in=[passage.pk for passage in kept]))
    Passage.objects.filter(pk__in=[passage.pk for passage in gone]).delete()
    Passage.objects.bulk_update(kept, ["position", "document_version"], batch_size=500)
    added = Passage.objects.bulk_create([passage for _, passage in fresh], batch_size=100)
    Fragment.objects.bulk_create(
        [fragment for draft, passage in fresh for fragment in _fragments(draft, passage)],
        batch_size=500,
    )
    record_change(state, added=added, gone=gone)
    _finish(document, kept + added, space, left_out)


def passage_of(document: Document, position: int, draft: Draft, space: str) -> Passage:
    language = detect(draft.text) or detect(f"{draft.asked_as} {draft.text}")
    around = stems(" ".join((draft.title, *draft.heading)), language)
    found = around * ranking.HEADING_REPEATS + stems(draft.text, language)
    return Passage(
        document=document,
        document_version=document.version,
        position=position,
        heading=" › ".join(draft.heading)[:300],
        text=draft.text,
        text_hash=draft.fingerprint,
        language=language,
        token_count=count_tokens(draft.text),
        embedder=space,
        embedding=draft.whole,
        stems=ranking.spaced(found),
        stem_count=len(found),
    )


def _fragments(draft: Draft, passage: Passage) -> list[Fragment]:
    return [
        Fragment(passage=passage, is_heading=number == 0, embedding=vector)
        for number, vector in enumerate(draft.vectors)
    ]


def _finish(document: Document, passages: Sequence[Passage], space: str, left_out: str) -> None:
    languages = Counter(passage.language for passage in passages)
    document.language = languages.most_common(1)[0][0]
    document.status = Document.Status.READY
    document.error = left_out[:300]
    document.progress = 100
    document.attempts = 0
    document.embedder = space
    document.passage_count = len(passages)
    document.indexed_at = timezone.now()
    document.save()
    publish("document_status", document=document.pk, status=document.status, progress=100)
    announcements.document_indexed(document)
    record(
        action="document.indexed",
        subject=f"document:{document.pk}",
        details={"version": document.version, "passages": len(passages)},
    )


def _fail(document: Document, reason: str) -> None:
    """Say on the document why it cannot be found; what was found before stays."""
    with transaction.atomic():
        if _still(document).update(
            status=Document.Status.FAILED, error=reason[:300], updated_at=timezone.now()
        ):
            publish("document_status", document=document.pk, status=Document.Status.FAILED)
            announcements.document_failed(document, reason[:300])
            record(
                action="document.failed",
                subject=f"document:{document.pk}",
                details={"version": document.version},
            )


def _announce(document: Document, *, progress: int) -> None:
    """Report progress; the time of the last report tells the sweeper that somebody is at it."""
    _still(document).update(progress=progress, updated_at=timezone.now())
    publish("document_status", document=document.pk, status=document.status, progress=progress)


def _still(document: Document) -> DocumentQuerySet:
    """The row, as long as nobody replaced its content or finished it."""
    return Document.objects.unfinished().filter(pk=document.pk, version=document.version)

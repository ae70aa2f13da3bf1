"""What happens to what a company knows, as its own addresses are told of it."""

from django.utils.translation import gettext_lazy as _

from knowledge.models import Document, Gap
from tenants.outgoing.events import KNOWLEDGE, Shape, declare
from tenants.outgoing.services import announce


class GapNews(Shape):
    """A question that found no answer; ``question`` is without personal data."""

    gap: int
    question: str
    language: str
    asked: int
    status: str


class DocumentNews(Shape):
    """``error`` says what could not be read, or what was left out."""

    document: int
    title: str
    version: int
    status: str
    passages: int
    error: str


_GAP = GapNews(
    gap=9, question="Do you ship to the Canary Islands?", language="en", asked=1, status="open"
)
GAP_FOUND = declare(
    "knowledge.gap_found",
    group=KNOWLEDGE,
    label=_("A question found no answer"),
    text="Somebody asked what the knowledge does not answer, for the first time or again after it"
    " was answered.",
    example=_GAP,
)
GAP_CLOSED = declare(
    "knowledge.gap_closed",
    group=KNOWLEDGE,
    label=_("An open question was settled"),
    text="An open question was answered or dismissed; `status` says which.",
    example=_GAP.model_copy(update={"status": "answered", "asked": 4}),
)
_DOCUMENT = DocumentNews(
    document=5, title="Delivery and returns", version=2, status="ready", passages=14, error=""
)
INDEXED = declare(
    "knowledge.document_indexed",
    group=KNOWLEDGE,
    label=_("A document can be searched"),
    text="A document was read: answers may quote it from now on.",
    example=_DOCUMENT,
)
NOT_INDEXED = declare(
    "knowledge.document_failed",
    group=KNOWLEDGE,
    label=_("A document could not be read"),
    text="A document could not be read; what was known of it before stays.",
    example=_DOCUMENT.model_copy(
        update={"status": "failed", "passages": 0, "error": "The file has a password."}
    ),
)


def gap_found(gap: Gap) -> None:
    announce(GAP_FOUND, lambda: _gap(gap))


def gap_closed(gap: Gap) -> None:
    announce(GAP_CLOSED, lambda: _gap(gap))


def document_indexed(document: Document) -> None:
    announce(
        INDEXED,
        lambda: _document(document, "ready", document.error),
        unless=lambda: document.is_sample,
    )


def document_failed(document: Document, reason: str) -> None:
    announce(NOT_INDEXED, lambda: _document(document, "failed", reason))


def _gap(gap: Gap) -> GapNews:
    return GapNews(
        gap=gap.pk,
        question=gap.label,
        language=gap.language,
        asked=gap.asked,
        status=gap.status,
    )


def _document(document: Document, status: str, error: str) -> DocumentNews:
    return DocumentNews(
        document=document.pk,
        title=document.title,
        version=document.version,
        status=status,
        passages=document.passage_count,
        error=error,
    )

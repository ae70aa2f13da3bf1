"""What a company knows, where it is from, and what it was asked in vain."""

from knowledge.models.documents import (
    DIMENSIONS,
    Document,
    DocumentContent,
    DocumentQuerySet,
    Fragment,
    Passage,
    document_kinds,
)
from knowledge.models.sources import Source, SourcePage
from knowledge.models.state import KnowledgeState, Term

__all__ = [
    "DIMENSIONS",
    "Document",
    "DocumentContent",
    "DocumentQuerySet",
    "Fragment",
    "KnowledgeState",
    "Passage",
    "Source",
    "SourcePage",
    "Term",
    "document_kinds",
]

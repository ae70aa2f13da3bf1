"""What a company knows, where it is from, and what it was asked in vain."""

from knowledge.models.curated import CuratedAnswer, CuratedQuestion
from knowledge.models.documents import (
    DIMENSIONS,
    Document,
    DocumentContent,
    DocumentQuerySet,
    Fragment,
    Passage,
    document_kinds,
)
from knowledge.models.gaps import Gap, GapQuestion
from knowledge.models.sources import Source, SourcePage
from knowledge.models.state import KnowledgeState, Term

__all__ = [
    "DIMENSIONS",
    "CuratedAnswer",
    "CuratedQuestion",
    "Document",
    "DocumentContent",
    "DocumentQuerySet",
    "Fragment",
    "Gap",
    "GapQuestion",
    "KnowledgeState",
    "Passage",
    "Source",
    "SourcePage",
    "Term",
    "document_kinds",
]

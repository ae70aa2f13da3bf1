"""What the other floors ask of a company's knowledge."""

from knowledge.services.documents import add_document
from knowledge.services.results import FoundPassage, SearchResult
from knowledge.services.searching import embed, knowledge_version, search

__all__ = [
    "FoundPassage",
    "SearchResult",
    "add_document",
    "embed",
    "knowledge_version",
    "search",
]

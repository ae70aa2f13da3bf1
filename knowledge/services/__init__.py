"""What the other floors ask of a company's knowledge."""

from knowledge.ranking import THRESHOLD
from knowledge.services.documents import (
    add_document,
    find_same,
    reindex_document,
    remove_document,
    rename_document,
    replace_content,
    sweep,
)
from knowledge.services.embedding import embed, embed_locally
from knowledge.services.indexing import index_document
from knowledge.services.results import FoundPassage, SearchResult
from knowledge.services.searching import knowledge_version, search

__all__ = [
    "THRESHOLD",
    "FoundPassage",
    "SearchResult",
    "add_document",
    "embed",
    "embed_locally",
    "find_same",
    "index_document",
    "knowledge_version",
    "reindex_document",
    "remove_document",
    "rename_document",
    "replace_content",
    "search",
    "sweep",
]

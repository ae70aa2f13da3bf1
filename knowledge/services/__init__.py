"""What the other floors ask of a company's knowledge."""

from knowledge.ranking import THRESHOLD
from knowledge.services.curating import (
    add_curated_answer,
    change_curated_answer,
    count_use,
    remove_curated_answer,
)
from knowledge.services.documents import (
    FACETS,
    TEXT_KINDS,
    add_document,
    describe_document,
    find_same,
    mark_gone,
    reindex_document,
    remove_document,
    rename_document,
    replace_content,
    text_of,
)
from knowledge.services.embedding import embed, embed_locally, hides_personal
from knowledge.services.foreseeing import Asked, Foreseen, Outcome, foresee_answer, foresee_edit
from knowledge.services.gaps import (
    close_gap,
    dismiss_gap,
    known_origins,
    record_gap,
    reopen_gap,
)
from knowledge.services.indexing import index_document
from knowledge.services.matching import CuratedHit, find_curated
from knowledge.services.narrowing import Only
from knowledge.services.results import FoundPassage, SearchResult
from knowledge.services.searching import knowledge_version, search
from knowledge.services.sources import (
    add_source,
    change_source,
    look_again,
    remove_source,
)
from knowledge.services.sweeping import sweep
from knowledge.services.visiting import visit_next

__all__ = [
    "FACETS",
    "TEXT_KINDS",
    "THRESHOLD",
    "Asked",
    "CuratedHit",
    "Foreseen",
    "FoundPassage",
    "Only",
    "Outcome",
    "SearchResult",
    "add_curated_answer",
    "add_document",
    "add_source",
    "change_curated_answer",
    "change_source",
    "close_gap",
    "count_use",
    "describe_document",
    "dismiss_gap",
    "embed",
    "embed_locally",
    "find_curated",
    "find_same",
    "foresee_answer",
    "foresee_edit",
    "hides_personal",
    "index_document",
    "knowledge_version",
    "known_origins",
    "look_again",
    "mark_gone",
    "record_gap",
    "reindex_document",
    "remove_curated_answer",
    "remove_document",
    "remove_source",
    "rename_document",
    "reopen_gap",
    "replace_content",
    "search",
    "sweep",
    "text_of",
    "visit_next",
]

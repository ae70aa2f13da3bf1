"""What a search gives back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage that may answer the question.

    ``similarity`` is the cosine of question and passage; ``score`` orders the passages of one
    search and means nothing across searches.
    """

    passage_id: int
    document_id: int
    document_title: str
    document_version: int
    heading: str
    text: str
    language: str
    score: float
    similarity: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best passages, best first, and how sure we are (0..1) that they hold the answer."""

    passages: list[FoundPassage]
    confidence: float
    knowledge_version: str

    def is_grounded(self, threshold: float) -> bool:
        """Whether there is something to answer from; below the threshold we refuse."""
        return bool(self.passages) and self.confidence >= threshold

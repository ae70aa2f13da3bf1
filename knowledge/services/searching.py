"""Finding the passages that answer a question."""

from knowledge.models import KnowledgeState
from knowledge.services.results import SearchResult


def knowledge_version() -> str:
    """Changes whenever anything that a search may return changes."""
    return str(KnowledgeState.current().version)


def search(*, question: str, limit: int = 5, language: str = "") -> SearchResult:
    """The passages most likely to answer the question, and how sure we are."""
    raise NotImplementedError


def embed(texts: list[str]) -> list[list[float]]:
    """The texts as points of 512 dimensions and length one, by the configured embedder."""
    raise NotImplementedError

"""What was committed and never finished is rung again."""

from knowledge.services.documents import sweep_documents
from knowledge.services.sources import sweep_sources


def sweep() -> dict[str, int]:
    """Ring for documents and sources that nobody is at."""
    return {"documents": sweep_documents(), "sources": sweep_sources()}

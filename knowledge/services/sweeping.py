"""What was committed and never finished is rung again."""

from knowledge.services.curating import embed_questions_anew
from knowledge.services.documents import sweep_documents
from knowledge.services.gaps import try_gaps_again
from knowledge.services.sources import sweep_sources


def sweep() -> dict[str, int]:
    """Ring for documents and sources that nobody is at; try again what was asked in vain."""
    return {
        "documents": sweep_documents(),
        "sources": sweep_sources(),
        "questions": embed_questions_anew(),
        "gaps": try_gaps_again(),
    }

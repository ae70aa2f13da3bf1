"""Taking documents in, and letting them go."""

from knowledge.models import Document


def add_document(*, title: str, source_name: str, content: bytes, kind: str = "") -> Document:
    """Store a document and have it indexed; the same source with new content replaces the old."""
    raise NotImplementedError

"""Telling the worker that a document, or a page of a site, waits."""

from functools import partial

from django.db import transaction

from tenants.ringing import ring_now


def ring_indexing(document_id: int) -> None:
    """Have the document indexed, once the current transaction is committed."""
    transaction.on_commit(partial(ring_now, "indexing", "index_document", document_id))


def ring_visit(source_id: int, turn: int, *, delay_seconds: float = 0.0) -> None:
    """Have the source's next page visited; a ring of an older turn will find nothing to do."""
    transaction.on_commit(
        partial(ring_now, "indexing", "visit_page", source_id, turn, delay_seconds=delay_seconds)
    )

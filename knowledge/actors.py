"""A document's way into the knowledge, and a site's: one step, as often as it takes."""

import dramatiq

from knowledge import services

LONGEST = 60 * 60 * 1000  # a thousand pages through a remote embedder take their time


@dramatiq.actor(queue_name="indexing", time_limit=LONGEST)
def index_document(document_id: int) -> None:
    """Make the latest content of a document searchable."""
    services.index_document(document_id=document_id)


@dramatiq.actor(queue_name="indexing", max_retries=0)
def visit_page(source_id: int, turn: int) -> None:
    """Visit the next page of a source; the row keeps the turn, and the sweeper rings again."""
    services.visit_next(source_id=source_id, turn=turn)

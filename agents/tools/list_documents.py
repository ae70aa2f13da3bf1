from typing import Any

from pydantic import Field

from agents.tools.base import Arguments, Occasion, Tool
from knowledge.models import Document


class Page(Arguments):
    after: int = Field(default=0, ge=0, description="The last id of the page before.")
    limit: int = Field(default=50, ge=1, le=100)


class ListDocuments(Tool[Page]):
    """What the answers come from."""

    description = "List the company's documents: title, kind, status and version."
    permission = "knowledge.view_document"
    arguments = Page

    def run(self, given: Page, occasion: Occasion) -> dict[str, Any]:
        rows = Document.objects.filter(pk__gt=given.after).order_by("pk")[: given.limit]
        return {
            "documents": [
                {
                    "id": row.pk,
                    "title": row.title,
                    "kind": row.kind,
                    "status": row.status,
                    "version": row.version,
                    "language": row.language,
                }
                for row in rows
            ]
        }

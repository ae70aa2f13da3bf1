from typing import Any
from uuid import UUID

from agents.models import ToolApproval
from agents.tools.base import Arguments, Occasion, Tool, ToolRefused


class Approval(Arguments):
    approval: UUID


class CheckApproval(Tool[Approval]):
    """Of one's own requests only."""

    description = "What became of something that waited for a person's approval."
    permission = "agents.view_toolapproval"
    arguments = Approval

    def run(self, given: Approval, occasion: Occasion) -> dict[str, Any]:
        row = ToolApproval.objects.filter(pk=given.approval, asked_by=occasion.actor).first()
        if row is None:
            raise ToolRefused("not_found", "You asked for no such thing.")
        return {
            "approval": str(row.pk),
            "tool": row.tool,
            "state": row.state,
            "expires_at": row.expires_at.isoformat(),
            "result": row.result,
        }

"""What the AI waits for, as a company's own addresses are told of it."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from agents.models import ReplyDraft, ToolApproval
from tenants.outgoing.events import AGENTS, Shape, declare
from tenants.outgoing.services import announce


class DraftNews(Shape):
    """A reply that is not sent before a person says so; ``draft`` is decided on in the API."""

    draft: int
    conversation: int
    run: int | None
    text: str
    state: str


class ApprovalNews(Shape):
    """A use of a tool that a person has to allow."""

    approval: str
    tool: str
    conversation: int | None
    asked_by: str
    expires_at: datetime


DRAFT_WAITING = declare(
    "draft.waiting",
    group=AGENTS,
    label=_("A reply waits for approval"),
    text="The AI wrote a reply that waits for a person, or for its time to be sent.",
    example=DraftNews(
        draft=77,
        conversation=204,
        run=513,
        text="The standing desk Nova costs 499 €.",
        state="waiting",
    ),
)
APPROVAL_ASKED = declare(
    "approval.requested",
    group=AGENTS,
    label=_("The use of a tool waits for approval"),
    text="A program or the AI wants to use a tool for which a person has to be asked.",
    example=ApprovalNews(
        approval="0198a3c2-b7e1-7d4f-9b6a-2f5c8d1e4a70",
        tool="update_lead",
        conversation=204,
        asked_by="key:1a2b3c4d",
        expires_at=datetime.fromisoformat("2026-05-05T09:30:00+00:00"),
    ),
)


def draft_waiting(draft: ReplyDraft) -> None:
    announce(
        DRAFT_WAITING,
        lambda: DraftNews(
            draft=draft.pk,
            conversation=draft.conversation_id,
            run=draft.run_id,
            text=draft.text,
            state=draft.state,
        ),
        unless=lambda: draft.conversation.connection.is_sample,
    )


def approval_asked(row: ToolApproval) -> None:
    announce(
        APPROVAL_ASKED,
        lambda: ApprovalNews(
            approval=str(row.pk),
            tool=row.tool,
            conversation=row.conversation_id,
            asked_by=row.asked_by,
            expires_at=row.expires_at,
        ),
    )

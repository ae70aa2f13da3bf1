"""What the AI leaves to people, as single people are told of it."""

from django.utils.translation import gettext_lazy as _

from agents.models import ReplyDraft
from tenants.notices.kinds import Wish, declare
from tenants.notices.services import tell

DRAFT_WAITING = declare(
    "draft_waiting",
    label=_("A draft of the AI waits for approval"),
    title=_("A draft waits for approval"),
    icon="note",
    place="channels_app:conversation",
    permission="agents.change_replydraft",
    usual=Wish(push=False),  # with a strict policy that is every message
)


def draft_waits(draft: ReplyDraft) -> None:
    """Whose conversation it is, or everybody who may approve it."""
    talk = draft.conversation
    whose = [talk.assignee_id] if talk.assignee_id else None
    tell(DRAFT_WAITING, people=whose, subject=talk.pk, about=str(talk))

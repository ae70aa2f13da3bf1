"""What programs would do with our tools, and the person who decides on it."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from agents import announcements
from agents.models import ToolApproval
from agents.tools.base import Occasion
from agents.tools.using import Outcome, tool_named, use
from channels_app.models import Conversation
from tenants.accounts.credentials import Holder, holder_named
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.live import publish

LIVES = timedelta(hours=24)
WAITING_AT_MOST = 50  # of one program
State = ToolApproval.State


class NotDecidable(Exception):
    """It was decided on already, or its time is over; ``code`` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def may_use(holder: Holder, permission: str) -> bool:
    return bool(holder.has_perm(permission))


@transaction.atomic
def ask_for_approval(
    *, tool: str, arguments: dict[str, Any], conversation: Conversation | None, asked_by: str
) -> ToolApproval:
    """Keep a use of a tool for a person to decide on; the same again is the same one.

    Raises ValidationError where too many wait already.
    """
    waiting = list(_waiting().filter(asked_by=asked_by))
    about = conversation.pk if conversation else None
    for row in waiting:
        if (row.tool, row.conversation_id, row.arguments) == (tool, about, arguments):
            return row
    if len(waiting) >= WAITING_AT_MOST:
        raise ValidationError("Too many of your requests wait for a person.", code="too_many")
    row = ToolApproval.objects.create(
        tool=tool,
        arguments=arguments,
        conversation_id=about,
        asked_by=asked_by,
        expires_at=timezone.now() + LIVES,
    )
    publish("tool_approval", permission="agents.view_toolapproval", approval=str(row.pk))
    announcements.approval_asked(row)
    _record("tool.approval_asked", row, asked_by)
    return row


@transaction.atomic
def approve(*, approval: ToolApproval, by: User) -> ToolApproval:
    """Do it, exactly as it was asked for, at most once; raises NotDecidable.

    Whoever asked must still be let in and hold the right, and so must the person.
    """
    row = _held(approval)
    outcome = _do(row, by)
    row.state = State.DONE if outcome.is_done else State.FAILED
    row.result = outcome.as_json()
    return _decided(row, by, "tool.approved")


@transaction.atomic
def reject(*, approval: ToolApproval, by: User) -> ToolApproval:
    """It is not done; raises NotDecidable."""
    row = _held(approval)
    row.state = State.REJECTED
    return _decided(row, by, "tool.rejected")


def expire_old() -> int:
    """What nobody decided on in time is over; returns how many there were."""
    late = ToolApproval.objects.filter(state=State.WAITING, expires_at__lte=timezone.now())
    return late.update(state=State.EXPIRED)


def _do(row: ToolApproval, by: User) -> Outcome:
    holder = holder_named(row.asked_by)
    if holder is None:
        return Outcome(row.tool, code="not_let_in", text="Who asked for it is not let in any more.")
    conversation = None
    if row.conversation_id is not None:
        conversation = Conversation.objects.filter(pk=row.conversation_id).first()
    occasion = Occasion(
        actor=row.asked_by,
        may=lambda right: may_use(holder, right) and by.has_perm(right),
        conversation=conversation,
    )
    return use(name=row.tool, arguments=row.arguments, occasion=occasion)


def _held(approval: ToolApproval) -> ToolApproval:
    row = ToolApproval.objects.select_for_update().get(pk=approval.pk)
    if row.state == State.WAITING and row.expires_at <= timezone.now():
        raise NotDecidable("expired")
    if row.state != State.WAITING:
        raise NotDecidable("decided")
    return row


def _decided(row: ToolApproval, by: User, action: str) -> ToolApproval:
    row.decided_by = by.actor
    row.decided_at = timezone.now()
    row.save()
    publish("tool_approval", permission="agents.view_toolapproval", approval=str(row.pk))
    _record(action, row, by.actor)
    return row


def _record(action: str, row: ToolApproval, actor: str) -> None:
    details = {"tool": row.tool, "risk": str(tool_named(row.tool).risk.value)}
    record(action=action, subject=f"tool_approval:{row.pk}", actor=actor, details=details)


def _waiting() -> Any:
    return ToolApproval.objects.filter(state=State.WAITING, expires_at__gt=timezone.now())

"""What people and the AI do with a conversation besides writing in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial

from django.db import transaction

from channels_app import announcements, notices
from channels_app.models import Conversation, Message
from channels_app.services.locking import locked
from channels_app.services.mentions import mention_colleagues
from channels_app.services.outgoing import (
    StaleTurn,
    announce_message,
    copy_state,
    record_message,
    withdraw_drafts_of_ai,
)
from channels_app.services.resending import WITHDRAWN
from channels_app.services.ringing import ring
from channels_app.services.rows import update_conversation
from channels_app.services.typing import show_leader
from channels_app.services.winding import house, wind
from channels_app.signals import message_received
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.live import publish
from tenants.prepared import Blank, Prepared
from tenants.transactions import wholly

DEED_FIELDS = (
    "status",
    "controller",
    "turn_version",
    "assignee",
    "escalation_reason",
    "unread_count",
    "waiting_since",
    "closing_reason",
    "snoozed_until",
)
HANDED_OVER = ("controller", "turn_version", "escalation_reason", "waiting_since", "assignee")
HUMAN = Conversation.Controller.HUMAN


@contextmanager
def deed(
    conversation: Conversation, action: str, *, user: User | None = None, actor: str = ""
) -> Iterator[Conversation]:
    """Change a conversation under its lock; afterwards it is saved, announced and on record."""
    with transaction.atomic():
        row = locked(conversation.pk)
        yield row
        row.save(update_fields=(*DEED_FIELDS, *wind(row)))
        copy_state(row, conversation)
        announce_conversation(row)
        announcements.done(row, action)
        who = actor or (f"user:{user.pk}" if user else "system")
        record(action=f"conversation.{action}", subject=f"conversation:{row.pk}", actor=who)


def take_over(
    *, conversation: Conversation, user: User | None, reason: str = "", actor: str = ""
) -> Conversation:
    """A person leads from here on; what the AI was about to say is not said."""
    with deed(conversation, "taken_over", user=user, actor=actor) as row:
        row.controller = HUMAN
        row.turn_version += 1
        row.status = Conversation.Status.OPEN
        row.assignee = user or row.assignee
        row.escalation_reason = reason[:300] or row.escalation_reason
        _withdraw(row)
    return conversation


def _withdraw(row: Conversation) -> None:
    """Who would have been answered by what is not said now waits as before."""
    if withdraw_drafts_of_ai(row):
        row.waiting_since = row.waiting_since or row.last_inbound_at


def begin_writing(
    *, conversation: Conversation, user: User | None, actor: str = ""
) -> Conversation:
    """Somebody types a reply: from the first key on they lead, so that the AI does not answer
    over their shoulder. Nothing happens where a person leads already."""
    if not conversation.is_with_ai:
        return conversation
    return take_over(conversation=conversation, user=user, actor=actor)


def hand_back(*, conversation: Conversation, user: User | None, actor: str = "") -> Conversation:
    """Let the AI lead again. If the contact still waits, their last words are announced anew,
    as ``change="handed_back"``."""
    with deed(conversation, "handed_back", user=user, actor=actor) as row:
        row.controller = Conversation.Controller.AI
        row.turn_version += 1
        row.escalation_reason = ""
        last = row.messages.filter(direction=Message.Direction.IN).last()
        if last is not None and row.waiting_since is not None:
            transaction.on_commit(
                partial(message_received.send, Message, message=last, change="handed_back")
            )
    return conversation


@wholly
def hand_over(
    *,
    conversation: Conversation,
    reason: str,
    text: str = "",
    seen_turn: int | None = None,
    run_id: int | None = None,
    assignee_id: int | None = None,
) -> Conversation:
    """The AI passes the conversation to people, saying ``text`` first if there is any.

    With ``seen_turn`` it is fenced like a reply; raises StaleTurn, and SendRefused for the text.
    ``assignee_id`` is whose it is then, unless it is somebody's already.
    Its record is the AI's run; the audit log keeps what people do.
    """
    if text:
        record_message(
            conversation=conversation,
            text=text,
            author=Message.Author.AI,
            run_id=run_id,
            seen_turn=seen_turn,
            is_answer=False,
        )
    row = conversation if text else locked(conversation.pk)  # what we said has locked and read it
    if seen_turn is not None and not (row.is_with_ai and row.turn_version == seen_turn):
        raise StaleTurn(f"Conversation {row.pk} is at turn {row.turn_version}, not {seen_turn}.")
    row.controller = HUMAN
    row.turn_version += 1
    row.escalation_reason = reason[:300]
    row.waiting_since = row.waiting_since or row.last_inbound_at
    row.assignee_id = row.assignee_id or assignee_id
    update_conversation(row, HANDED_OVER + wind(row))
    copy_state(row, conversation)
    publish("escalated", conversation=row.pk, assignee=row.assignee_id)
    announce_conversation(row)
    announcements.escalated(row, row.escalation_reason)
    notices.handed_over(row)
    ring_tending(row)
    return conversation


def ring_tending(conversation: Conversation) -> None:
    """A person is needed: somebody gets it, and where nobody is there, the contact is told so."""
    if house().tends:
        ring("tend_conversation", conversation.pk)


def close(
    *, conversation: Conversation, user: User | None, actor: str = "", reason: str = ""
) -> Conversation:
    """Nothing is left to do, and perhaps why; the contact's next words open it again."""
    with deed(conversation, "closed", user=user, actor=actor) as row:
        row.status = Conversation.Status.CLOSED
        row.turn_version += 1
        row.unread_count = 0
        row.waiting_since = None
        row.escalation_reason = ""
        row.closing_reason = reason.strip()[:300]
    return conversation


def reopen(*, conversation: Conversation, user: User | None, actor: str = "") -> Conversation:
    with deed(conversation, "reopened", user=user, actor=actor) as row:
        row.status = Conversation.Status.OPEN
        row.turn_version += 1
    return conversation


def assign(
    *,
    conversation: Conversation,
    assignee: User | None,
    user: User | None = None,
    actor: str = "",
) -> Conversation:
    """Give the conversation to a colleague, who then leads it, or to nobody in particular."""
    with deed(conversation, "assigned", user=user, actor=actor) as row:
        whose = row.assignee_id
        row.assignee = assignee
        row.turn_version += 1
        if assignee is not None:
            row.controller = HUMAN
            _withdraw(row)
        publish("assigned", conversation=row.pk, assignee=row.assignee_id)
        if row.assignee_id != whose:
            notices.assigned(row, user)
    return conversation


@transaction.atomic
def add_note(*, conversation: Conversation, text: str, user: User | None) -> Message:
    """A remark for colleagues; it is never sent, and the AI goes on undisturbed."""
    note = Message.objects.create(
        connection_id=conversation.connection_id,
        conversation=conversation,
        direction=Message.Direction.NOTE,
        author=Message.Author.HUMAN if user else Message.Author.SYSTEM,
        user=user,
        text=text,
        state=Message.State.RECEIVED,
    )
    announce_message(note)
    mention_colleagues(note)
    return note


@transaction.atomic
def mark_read(*, conversation: Conversation, user: User | None = None) -> Conversation:
    """Somebody looked: nothing is unread any more."""
    changed = Conversation.objects.filter(pk=conversation.pk, unread_count__gt=0).update(
        unread_count=0
    )
    conversation.unread_count = 0
    if changed:
        announce_conversation(conversation)
    return conversation


def history(*, conversation: Conversation, limit: int = 20) -> list[Message]:
    """The last messages as the conversation went, oldest first; neither notes nor what never left
    because a person took over are among them."""
    newest = _newest(limit).all(conversation=conversation.pk)
    for message in newest:
        message.conversation = conversation
    return newest[::-1]


# A message has thirty-six columns, a dozen of them encrypted; who reads a thread needs these.
SAID = (
    "conversation_id",
    "direction",
    "author",
    "text",
    "attachments",
    "provider_time",
    "sequence",
    "edited_at",
    "deleted_at",
)


@lru_cache(maxsize=8)
def _newest(limit: int) -> Prepared[Message]:
    return Prepared(
        lambda: (
            Message.objects.exclude(direction=Message.Direction.NOTE)
            # Nobody has heard what a colleague's hand withdrew: it is no answer and no turn.
            .exclude(state=Message.State.FAILED, error_code=WITHDRAWN)
            .filter(conversation=Blank("conversation"))
            .order_by("-provider_time", "-sequence", "-pk")
            .only(*SAID)[:limit]
        )
    )


def announce_conversation(conversation: Conversation) -> None:
    publish(
        "conversation",
        conversation=conversation.pk,
        status=conversation.status,
        controller=conversation.controller,
        assignee=conversation.assignee_id,
        unread=conversation.unread_count,
    )
    show_leader(conversation=conversation)

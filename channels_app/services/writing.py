"""What people write: kept while it is half done, and for a moment after it was sent."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from channels_app.models import Conversation, DeskHabits, Media, Message, WrittenDraft
from channels_app.services.conversations import announce_conversation
from channels_app.services.locking import locked
from channels_app.services.outgoing import PREVIEW, copy_state, named
from channels_app.services.winding import wind
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.live import publish

LONGEST = 20_000
UNDO_AT_MOST = 60  # seconds
MARGIN = timedelta(seconds=0.3)  # what is about to leave is not taken back


def habits_of(user: User) -> DeskHabits:
    """As they have set them, or as they are for everybody."""
    return DeskHabits.objects.filter(user=user).first() or DeskHabits(user=user)


def set_habits(
    *, user: User, shortcuts: bool | None = None, undo_seconds: int | None = None
) -> DeskHabits:
    habits = habits_of(user)
    if shortcuts is not None:
        habits.shortcuts = shortcuts
    if undo_seconds is not None:
        habits.undo_seconds = min(max(undo_seconds, 0), UNDO_AT_MOST)
    DeskHabits.objects.bulk_create(
        [habits],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["shortcuts", "undo_seconds"],
    )
    return habits


def draft_of(*, conversation: Conversation, user: User) -> WrittenDraft | None:
    return WrittenDraft.objects.filter(conversation=conversation, user=user).first()


def keep_draft(
    *, conversation: Conversation, user: User, text: str, is_note: bool = False
) -> WrittenDraft | None:
    """Keep what they have written so far; nothing is kept of nothing."""
    if not text.strip():
        drop_draft(conversation=conversation, user=user)
        return None
    draft = WrittenDraft(
        conversation=conversation,
        user=user,
        text=text[:LONGEST],
        is_note=is_note,
        updated_at=timezone.now(),
    )
    [kept] = WrittenDraft.objects.bulk_create(
        [draft],
        update_conflicts=True,
        unique_fields=["conversation", "user"],
        update_fields=["text", "is_note", "updated_at"],
    )
    return kept


def drop_draft(*, conversation: Conversation, user: User) -> None:
    WrittenDraft.objects.filter(conversation=conversation, user=user).delete()


class TooLate(Exception):
    """It has left already."""


def held_by(*, conversation: Conversation, user: User) -> QuerySet[Message]:
    """What they wrote here and may still take back."""
    return conversation.messages.filter(
        user=user,
        author=Message.Author.HUMAN,
        direction=Message.Direction.OUT,
        state=Message.State.QUEUED,
        attempts=0,
        error_code="",
        next_attempt_at__gt=timezone.now() + MARGIN,
    )


@transaction.atomic
def take_back(*, conversation: Conversation, user: User) -> str:
    """What they sent a moment ago was never said; its words are their draft again.

    Returns the words. Raises TooLate where nothing is held any more: a courier that came first
    has the row, and the row decides.
    """
    row = locked(conversation.pk)
    held = list(held_by(conversation=row, user=user).select_for_update())
    if not held:
        raise TooLate("It has left already.")
    ids = [message.pk for message in held]
    Media.objects.filter(message__in=ids).update(message=None)  # gone by itself after a day
    Message.objects.filter(pk__in=ids).delete()
    text = "\n\n".join(message.text for message in held if message.text)
    keep_draft(conversation=row, user=user, text=text)
    _as_it_was(row)
    copy_state(row, conversation)
    publish("message_changed", conversation=row.pk, message=ids[0])
    announce_conversation(row)
    record(
        action="message.taken_back",
        subject=f"conversation:{row.pk}",
        actor=user.actor,
        details={"messages": ids},
    )
    return text


def _as_it_was(row: Conversation) -> None:
    """What the list shows of it, and since when the contact waits, without what was unsaid."""
    said = row.messages.exclude(direction=Message.Direction.NOTE)
    last = said.order_by("-provider_time", "-sequence", "-pk").first()
    answered = said.filter(direction=Message.Direction.OUT).aggregate(at=Max("provider_time"))["at"]
    waiting = said.filter(direction=Message.Direction.IN)
    if answered is not None:
        waiting = waiting.filter(provider_time__gt=answered)
    first = waiting.order_by("provider_time").first()
    row.waiting_since = first.provider_time if first else None
    row.last_message_at = last.provider_time if last else row.last_message_at
    row.preview = (last.text[:PREVIEW] or named(last.attachments)) if last else ""
    row.turn_version += 1
    changed = ("waiting_since", "last_message_at", "preview", "turn_version")
    row.save(update_fields=(*changed, *wind(row)))

"""Silences that ended: answered, read, delivered, closed. The rows themselves say which."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from channels_app.models import Conversation, InboundEvent, Incident, Message

Kind = Incident.Kind
How = Incident.Resolution
STUCK = (Message.State.QUEUED, Message.State.SENDING, Message.State.UNKNOWN)
DRAFTED = "drafted"  # why a person is waited for although the AI leads
FRESH = timedelta(seconds=60)  # what came in this minute is on its way, not forgotten


def end_incidents(*, drafted: Callable[[Iterable[int]], set[int]], only: Q | None = None) -> int:
    """End every open incident whose silence is over; returns how many.

    ``drafted`` says for which conversations an answer waits for a person's approval.
    """
    rows = list(_open(only or Q()))
    _learn(rows, drafted)
    now = timezone.now()
    ended, grown = [], []
    for row in rows:
        how = ENDINGS[row.kind](row)
        if how:
            row.resolved_at, row.resolution = now, how
            ended.append(row)
        elif row.kind == Kind.UNREAD and row.count != row.unread:
            row.count = row.unread
            grown.append(row)
    if ended:
        Incident.objects.bulk_update(ended, ["resolved_at", "resolution"])
    if grown:
        Incident.objects.bulk_update(grown, ["count"])
    return len(ended)


def _learn(rows: list[Any], drafted: Callable[[Iterable[int]], set[int]]) -> None:
    """What is known of many at once, and asked only where somebody needs it."""
    unanswered = [row.conversation_id for row in rows if row.kind == Kind.UNANSWERED]
    has_draft = drafted(unanswered) if unanswered else set()
    needs_numbers = any(row.kind == Kind.UNREAD for row in rows)
    unread = _unread(timezone.now()) if needs_numbers else Counter[int]()
    for row in rows:
        row.has_draft = row.conversation_id in has_draft
        row.unread = unread[row.connection_id]


def _open(only: Q) -> QuerySet[Any]:
    said = Message.objects.filter(
        conversation=OuterRef("conversation"), pk__gt=OuterRef("message")
    ).exclude(direction=Message.Direction.NOTE)
    return (
        Incident.objects.open()
        .filter(only)
        .select_related("conversation__contact", "message")
        .annotate(
            has_newer_inbound=Exists(said.filter(direction=Message.Direction.IN)),
            has_newer_ours=Exists(
                said.filter(direction=Message.Direction.OUT).exclude(state=Message.State.FAILED)
            ),
        )
        .only(
            *("kind", "cause", "since", "count", "message_id", "conversation_id", "connection_id"),
            *("message__state", "message__discarded_at"),
            *("conversation__status", "conversation__controller", "conversation__waiting_since"),
            *("conversation__closing_reason", "conversation__is_led_elsewhere"),
            *("conversation__contact__is_blocked",),
        )
        .order_by()
    )


def _unread(now: datetime) -> Counter[int]:
    """How many items of each channel wait, were rejected, or were never shown to us. Three
    questions: each has an index that holds nothing else, and no index holds all."""
    pending = InboundEvent.objects.filter(
        status=InboundEvent.Status.PENDING, received_at__lt=now - FRESH
    )
    dead = InboundEvent.objects.filter(status=InboundEvent.Status.REJECTED)
    unseen = InboundEvent.objects.filter(
        status=InboundEvent.Status.UNSUPPORTED, outcome=InboundEvent.UNSEEN
    )
    found: Counter[int] = Counter()
    for rows in (pending, dead.exclude(outcome="unrouted"), unseen):
        counted = rows.order_by().values_list("connection").annotate(Count("pk"))
        found.update(dict(counted))
    return found


def _of_conversation(row: Any) -> str:
    """What ends any silence of a conversation."""
    talk = row.conversation
    if talk.status != Conversation.Status.OPEN or talk.contact.is_blocked:
        return How.CLOSED
    return How.HANDED_OVER if talk.is_led_elsewhere else ""


def _unanswered(row: Any) -> str:
    talk = row.conversation
    if how := _of_conversation(row):
        return how
    if talk.waiting_since is None:
        return How.CLOSED if talk.closing_reason else How.ANSWERED
    if talk.waiting_since > row.since:
        return How.ANSWERED  # and they wrote again
    if not talk.is_with_ai:
        return How.HANDED_OVER
    return How.DRAFTED if row.has_draft else ""


def _waiting(row: Any) -> str:
    talk = row.conversation
    if how := _of_conversation(row):
        return how
    if talk.waiting_since is None or talk.waiting_since > row.since:
        return How.ANSWERED
    return How.HANDED_BACK if talk.is_with_ai and row.cause != DRAFTED else ""


def _undelivered(row: Any) -> str:
    if how := _of_conversation(row):
        return how
    message = row.message
    if message is None or message.discarded_at is not None:
        return How.DISCARDED
    if row.has_newer_inbound:
        return How.OVERTAKEN  # their newer words have an incident of their own, if it comes to it
    if row.has_newer_ours:
        return How.ANSWERED
    is_out = message.state not in {Message.State.FAILED, *STUCK}
    return How.DELIVERED if is_out else ""


def _unread_ended(row: Any) -> str:
    return "" if row.unread else How.READ


ENDINGS: dict[str, Callable[[Any], str]] = {
    Kind.UNANSWERED: _unanswered,
    Kind.WAITING: _waiting,
    Kind.UNDELIVERED: _undelivered,
    Kind.UNREAD: _unread_ended,
}

"""Silences that ended: answered, read, delivered, closed. The rows themselves say which."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
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
    unanswered = [row.conversation_id for row in rows if row.kind == Kind.UNANSWERED]
    has_draft = drafted(unanswered) if unanswered else set()
    now = timezone.now()
    ended, grown = [], []
    for row in rows:
        how = ENDINGS[row.kind](row)
        if not how and row.kind == Kind.UNANSWERED and row.conversation_id in has_draft:
            how = How.DRAFTED
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
            unread=Coalesce(Subquery(_unread(timezone.now())), 0),
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


def _unread(now: datetime) -> QuerySet[Any]:
    """How many items of the incident's channel wait or were rejected."""
    events = InboundEvent.objects.filter(
        Q(status=InboundEvent.Status.PENDING, received_at__lt=now - FRESH)
        | Q(status=InboundEvent.Status.REJECTED) & ~Q(outcome="unrouted"),
        connection=OuterRef("connection"),
    )
    counted = events.order_by().values("connection").annotate(count=Count("pk"))
    return counted.values("count")


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
    return "" if talk.is_with_ai else How.HANDED_OVER


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

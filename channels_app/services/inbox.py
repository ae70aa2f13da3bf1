"""What stands in the inbox: tabs, their counters, search, one page after another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Subquery

from channels_app.models import Contact, Conversation, ConversationQuerySet, Message
from channels_app.models.conversations import HAS_DRAFT
from channels_app.services.contacts import called, own_number
from tenants.accounts.models import User

PAGE = 30
THREAD_PAGE = 50
OPEN = Q(status=Conversation.Status.OPEN)
ESCALATED = OPEN & Q(controller=Conversation.Controller.HUMAN) & ~Q(escalation_reason="")
TABS = ("mine", "unassigned", "all", "drafts", "escalated", "closed")


@dataclass(frozen=True, slots=True)
class Slice:
    """Some rows, and where the next ones begin (empty at the end)."""

    rows: Sequence[Any]
    next_cursor: str


def rule_of(tab: str, user: User) -> Q:
    """What a tab shows; its counter counts by the same rule."""
    return {
        "mine": OPEN & Q(assignee=user),
        "unassigned": OPEN & Q(assignee=None),
        "drafts": HAS_DRAFT,
        "escalated": ESCALATED,
        "closed": Q(status=Conversation.Status.CLOSED),
    }.get(tab, OPEN)


def begun() -> ConversationQuerySet:
    """Conversations in which something was said; an empty one is in no list and no counter."""
    return Conversation.objects.filter(last_message_at__isnull=False)


def counters(user: User) -> dict[str, int]:
    """How many conversations each tab lists, in one query."""
    counted: dict[str, int] = begun().aggregate(
        **{tab: Count("pk", filter=rule_of(tab, user)) for tab in TABS}
    )
    return counted


def waiting_count() -> int:
    """Open conversations that a person leads and whose contact waits for an answer."""
    return Conversation.objects.waiting_for_human().count()


def list_conversations(*, user: User, tab: str, search: str = "", cursor: str = "") -> Slice:
    """One page of a tab, newest word first. A search looks at every conversation instead."""
    rows = begun().with_people()
    rows = rows.filter(found_by(search)) if search.strip() else rows.filter(rule_of(tab, user))
    rows = rows.order_by("-last_message_at", "-pk")
    if after := _position(cursor):
        moment, pk = after
        rows = rows.filter(Q(last_message_at__lt=moment) | Q(last_message_at=moment, pk__lt=pk))
    found = list(rows[: PAGE + 1])
    more = len(found) > PAGE
    found = found[:PAGE]
    return Slice(found, _cursor(found[-1]) if more else "")


def found_by(search: str) -> Q:
    """The conversations of whoever goes by this address, or the one of this number."""
    contacts = Contact.objects.filter(called(search))
    rule = Q(contact__in=Subquery(contacts.values("pk")))
    if number := own_number(search):
        rule |= Q(pk=number)
    return rule


def thread_page(*, conversation: Conversation, before: int = 0) -> tuple[list[Message], int]:
    """The last messages, oldest first, and the id to ask for what came before (0: nothing)."""
    rows = (
        conversation.messages.select_related("user")
        .prefetch_related("media")
        .order_by("-provider_time", "-sequence", "-pk")
    )
    anchor = conversation.messages.filter(pk=before).first() if before else None
    if anchor is not None:
        at, order = anchor.provider_time, anchor.sequence
        rows = rows.filter(
            Q(provider_time__lt=at)
            | Q(provider_time=at, sequence__lt=order)
            | Q(provider_time=at, sequence=order, pk__lt=anchor.pk)
        )
    found = list(rows[: THREAD_PAGE + 1])
    more = len(found) > THREAD_PAGE
    found = found[:THREAD_PAGE]
    return list(reversed(found)), found[-1].pk if more else 0


def _cursor(row: Conversation) -> str:
    return f"{row.last_message_at.isoformat()}_{row.pk}" if row.last_message_at else ""


def _position(cursor: str) -> tuple[datetime, int] | None:
    moment, _mark, pk = cursor.rpartition("_")
    try:
        at = datetime.fromisoformat(moment)
        return (at, int(pk)) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None

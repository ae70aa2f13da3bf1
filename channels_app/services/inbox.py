"""What stands in the inbox: tabs, their counters, search, one page after another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from channels_app.models import Conversation, ConversationQuerySet, InboxView, Message
from channels_app.models.conversations import HAS_DRAFT
from channels_app.services.contacts import contacts_called, own_number
from channels_app.services.mentions import mentions
from channels_app.services.searching import conversations_with, read_new_words
from channels_app.services.views import rule_of_view
from tenants import context
from tenants.accounts.models import User
from tenants.workspace.services import profile

PAGE = 30
THREAD_PAGE = 50
FEW = 1_000  # that many found ones are laid in order, more are looked for in order
COUNTED = 999  # beyond that a counter says "999+": nobody works by the difference
OPEN = Q(status=Conversation.Status.OPEN)
ESCALATED = OPEN & Q(controller=Conversation.Controller.HUMAN) & ~Q(escalation_reason="")
# Encrypted, and nothing that a list shows.
_UNLISTED = ("connection__config", "connection__poll_cursor", "external_thread")
TABS = (
    *("mine", "unassigned", "all", "mentions", "drafts", "escalated", "due_soon", "overdue"),
    *("snoozed", "closed"),
)
TIMED = ("due_soon", "overdue")  # of no use where nothing is promised


@dataclass(frozen=True, slots=True)
class Slice:
    """Some rows, and where the next ones begin (empty at the end)."""

    rows: Sequence[Any]
    next_cursor: str


def rule_of(tab: str, user: User) -> Q:
    """What a tab shows; its counter counts by the same rule."""
    if tab == "mentions":
        return mentions(user)
    if tab in TIMED:
        return _due(is_over=tab == "overdue")
    return {
        "mine": OPEN & Q(assignee=user),
        "unassigned": OPEN & Q(assignee=None),
        "drafts": HAS_DRAFT,
        "escalated": ESCALATED,
        "snoozed": Q(status=Conversation.Status.SNOOZED),
        "closed": Q(status=Conversation.Status.CLOSED),
    }.get(tab, OPEN)


def _due(*, is_over: bool) -> Q:
    now = timezone.now()
    soon = now + timedelta(minutes=profile().due_soon_minutes)
    return OPEN & (Q(due_at__lte=now) if is_over else Q(due_at__gt=now, due_at__lte=soon))


def begun() -> ConversationQuerySet:
    """Conversations in which something was said; an empty one is in no list and no counter."""
    return Conversation.objects.filter(last_message_at__isnull=False)


def counters(user: User, views: Sequence[InboxView] = ()) -> dict[str, int]:
    """How many conversations each tab and each kept view (``view-7``) lists, in one query."""
    rules = {tab: rule_of(tab, user) for tab in TABS}
    return _count(rules | {f"view-{view.pk}": rule_of_view(view, user) for view in views})


def _count(rules: Mapping[str, Q]) -> dict[str, int]:
    """How many conversations follow each rule, no further than to one more than ``COUNTED``.

    Each is counted by itself, along the index that its list goes by: one look at all rows for
    all of them together takes as long as there are conversations.
    """
    parts: list[str] = []
    values: list[Any] = []
    for rule in rules.values():
        rows = begun().filter(rule).order_by().values("pk")[: COUNTED + 1]
        sql, given = rows.query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS listed)")  # noqa: S608 - Django's own SQL
        values.extend(given)
    with context.connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        found = cursor.fetchone()
    return dict(zip(rules, found, strict=True))


def waiting_count() -> int:
    """Open conversations that a person leads and whose contact waits for an answer."""
    return Conversation.objects.waiting_for_human().count()


def list_conversations(
    *, user: User, tab: str, view: InboxView | None = None, search: str = "", cursor: str = ""
) -> Slice:
    """One page of a tab or of a kept view, newest word first. A search looks at every
    conversation instead."""
    if search.strip():
        return _found(search, cursor)
    rule = rule_of_view(view, user) if view else rule_of(tab, user)
    return _slice(_newest_first(begun().filter(rule), cursor))


def _newest_first(rows: ConversationQuerySet, cursor: str) -> list[Conversation]:
    """One more than a page has, from the cursor on."""
    rows = rows.with_people().defer(*_UNLISTED).order_by("-last_message_at", "-pk")
    if after := _position(cursor):
        moment, pk = after
        # The last part says nothing that the others do not; it is one an index can go by.
        rows = rows.filter(
            Q(last_message_at__lt=moment) | Q(last_message_at=moment, pk__lt=pk),
            last_message_at__lte=moment,
        )
    return list(rows[: PAGE + 1])


def _slice(found: list[Conversation]) -> Slice:
    more, found = len(found) > PAGE, found[:PAGE]
    return Slice(found, _cursor(found[-1]) if more else "")


def _found(search: str, cursor: str) -> Slice:
    """The conversations of whoever goes by this name or address, the one of this number, and
    those in which these words were said."""
    read_new_words()
    said = conversations_with(search)
    by_words = list(said.order_by().values_list("pk", flat=True)[: FEW + 1])
    own = Q(pk=own_number(search)) | Q(contact__in=contacts_called(search))
    if len(by_words) <= FEW:
        return _slice(_newest_first(begun().filter(own | Q(pk__in=by_words)), cursor))
    # What is said everywhere is soon found going back in time; each status has its own index.
    holds = Exists(said.filter(pk=OuterRef("pk")))
    found = _newest_first(begun().filter(own), cursor)
    for status in Conversation.Status.values:
        found += _newest_first(begun().filter(holds, status=status), cursor)
    unique = {row.pk: row for row in found}.values()
    newest = sorted(unique, key=lambda row: (row.last_message_at, row.pk), reverse=True)
    return _slice(newest[: PAGE + 1])


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

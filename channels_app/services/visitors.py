"""What a visitor of a website may see of their own conversation, and whose it becomes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from channels_app import announcements
from channels_app.media.links import public_link
from channels_app.models import (
    ChannelConnection,
    ContactIdentity,
    Conversation,
    Message,
    id_index,
)
from channels_app.services.conversations import announce_conversation
from channels_app.services.finding import ring_bell
from channels_app.services.locking import locked
from channels_app.services.outgoing import withdraw_drafts_of_ai
from channels_app.services.people import hold
from channels_app.services.winding import wind

PAGE = 30
State = Message.State
# What has left for the page, or may have.
SHOWN = (State.ACCEPTED, State.SENT, State.DELIVERED, State.READ, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Past:
    """Some messages, oldest first, and whether there are earlier ones."""

    messages: list[dict[str, Any]]
    has_more: bool
    with_person: bool = False  # who is to answer


def past_of(
    *, connection_id: int, visitor: str, before: str = "", after: str = "", limit: int = PAGE
) -> Past:
    """A page of the visitor's own conversation; ``before`` and ``after`` are ids of theirs.

    An id that is not in it says nothing: the newest page is given, as at first.
    """
    thread = _thread(connection_id, visitor)
    if thread is None:
        return Past([], has_more=False)
    rows = _shown(thread)
    if (edge := _find(thread, before)) is not None:
        rows = rows.filter(pk__lt=edge.pk)
    elif (edge := _find(thread, after)) is not None:
        newer = list(rows.filter(pk__gt=edge.pk).order_by("pk")[:limit])
        shown = [as_seen(row) for row in newer]
        return Past(shown, has_more=False, with_person=not thread.is_with_ai)
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = [as_seen(row) for row in found[:limit]][::-1]
    return Past(shown, has_more=len(found) > limit, with_person=not thread.is_with_ai)


def own_references(*, connection_id: int, visitor: str, claimed: Iterable[str]) -> list[str]:
    """Those of the claimed references that are messages to this visitor, as they were claimed."""
    thread = _thread(connection_id, visitor)
    wanted = {found: each for each in claimed if (found := _uuid(each)) is not None}
    if thread is None or not wanted:
        return []
    ours = _shown(thread).filter(reference__in=list(wanted), direction=Message.Direction.OUT)
    return [wanted[found] for found in ours.values_list("reference", flat=True)]


def as_seen(row: Message) -> dict[str, Any]:
    """A message as the visitor's page shows it: never a name or a number of ours."""
    return {
        "id": row.external_id.rpartition(":")[2] if row.is_inbound else str(row.reference),
        "from": FROM.get(row.author, "team"),
        "text": "" if row.deleted_at else row.text,
        "files": [] if row.deleted_at else [_file(each) for each in row.attachments],
        "at": int(row.provider_time.timestamp() * 1000),
        "state": row.state,
        "deleted": row.deleted_at is not None,
    }


FROM: dict[str, str] = {Message.Author.CONTACT: "visitor", Message.Author.AI: "ai"}
OF_A_FILE = ("kind", "name", "url", "mime", "size")


def _file(attachment: Mapping[str, Any]) -> dict[str, Any]:
    """A file of ours by an address that ends within the hour; the page asks for a fresh one."""
    seen = {name: attachment[name] for name in OF_A_FILE if attachment.get(name)}
    if ours := _uuid(attachment.get("media") or ""):
        seen["url"] = public_link(ours)
    return seen


@transaction.atomic
def join_visitor(
    *, connection: ChannelConnection, anonymous: str, user: str, name: str, email: str
) -> bool:
    """Somebody who wrote as a stranger has signed in: their words join the user's thread.

    The anonymous id is nobody's from then on: who shows it later (the next person at the same
    screen) begins anew, and sees nothing of this. Returns whether there was anything to join.
    """
    for each in sorted((anonymous, user)):
        hold("person", connection.platform, connection.account_id, each)
    begun = _locked(connection, anonymous)
    if begun is None:
        return False
    known = _locked(connection, user)
    if known is None:
        _become(begun, connection, user)
    else:
        _move(begun, known)
    _forget(connection, anonymous)
    target = known or begun
    contact = target.contact
    news = {
        field: value
        for field, value in (("name", name), ("email", email))
        if value and not getattr(contact, field)
    }
    for field, value in news.items():
        setattr(contact, field, value)
    if news:
        contact.save(update_fields=[*news, "updated_at"])
        announcements.learnt(contact)
    announce_conversation(target)
    return True


def _become(begun: Conversation, connection: ChannelConnection, user: str) -> None:
    """The stranger's thread is the user's first one."""
    identity = ContactIdentity.objects.filter(**_identity(connection, user)).first()
    if identity is not None:  # known, though their thread has gone
        begun.contact = identity.contact
    else:
        ContactIdentity.objects.create(
            **_identity(connection, user),
            contact=begun.contact,
            external_id=user,
            display=begun.contact.name,
        )
    begun.external_thread, begun.thread_index = user, id_index(user)
    begun.turn_version += 1  # what was being written was addressed to the old thread
    begun.save(update_fields=["contact", "external_thread", "thread_index", "turn_version"])
    _ask_again(begun)


def _move(begun: Conversation, known: Conversation) -> None:
    withdraw_drafts_of_ai(begun)
    begun.messages.update(conversation=known)
    known.waiting_since = known.waiting_since or begun.waiting_since
    for field in ("last_inbound_at", "last_message_at"):
        moments = filter(None, (getattr(known, field), getattr(begun, field)))
        setattr(known, field, max(moments, default=None))
    known.unread_count += begun.unread_count
    known.status = Conversation.Status.OPEN
    known.turn_version += 1
    if not begun.is_with_ai:
        known.controller = begun.controller
        known.escalation_reason = known.escalation_reason or begun.escalation_reason
    last = known.messages.exclude(direction=Message.Direction.NOTE).order_by("-pk").first()
    known.preview = last.text[:140] if last else known.preview
    wind(known)
    known.save()
    begun.status, begun.waiting_since = Conversation.Status.CLOSED, None
    begun.turn_version += 1
    begun.unread_count = 0
    changed = ("status", "waiting_since", "turn_version", "unread_count")
    begun.save(update_fields=(*changed, *wind(begun)))
    announce_conversation(begun)
    _ask_again(known)


def _ask_again(conversation: Conversation) -> None:
    """A run that was at it has lost its turn: the last words are announced anew."""
    if conversation.waiting_since is None:
        return
    last = conversation.messages.filter(direction=Message.Direction.IN).order_by("-pk").first()
    if last is not None:
        last.conversation = conversation
        ring_bell(last, "new")


def _forget(connection: ChannelConnection, anonymous: str) -> None:
    ContactIdentity.objects.filter(**_identity(connection, anonymous)).delete()
    Conversation.objects.filter(connection=connection, thread_index=id_index(anonymous)).update(
        thread_index=id_index(f"joined:{anonymous}")
    )


def _identity(connection: ChannelConnection, external_id: str) -> dict[str, Any]:
    return {
        "platform": connection.platform,
        "account_id": connection.account_id,
        "external_id_index": id_index(external_id),
    }


def _thread(connection_id: int, visitor: str) -> Conversation | None:
    return Conversation.objects.filter(
        connection=connection_id, thread_index=id_index(visitor)
    ).first()


def _locked(connection: ChannelConnection, visitor: str) -> Conversation | None:
    thread = _thread(connection.pk, visitor)
    return locked(thread.pk) if thread else None


def _shown(thread: Conversation) -> QuerySet[Message]:
    inbound = Q(direction=Message.Direction.IN)
    return thread.messages.filter(inbound | Q(direction=Message.Direction.OUT, state__in=SHOWN))


def _find(thread: Conversation, shown_id: str) -> Message | None:
    """The message that the page knows under this id, if it is of this very thread."""
    if not shown_id:
        return None
    if (reference := _uuid(shown_id)) is not None:
        found = thread.messages.filter(reference=reference, direction=Message.Direction.OUT).first()
        if found is not None:
            return found
    key = id_index(f"{thread.external_thread}:{shown_id}")
    return thread.messages.filter(external_key=key).first()


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        return None

"""From a stored event to rows: each event once, each kind with its own meaning."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from channels_app.models import ChannelConnection, Conversation, InboundEvent, Message, id_index
from channels_app.providers.base import (
    Inbound,
    InboundDelete,
    InboundEcho,
    InboundEdit,
    InboundMessage,
    InboundReaction,
    InboundStatus,
    InboundWatermark,
    Unsupported,
)
from channels_app.services.outgoing import PREVIEW, announce_message, withdraw_drafts_of_ai
from channels_app.services.people import conversation_with, find_conversation, latest
from channels_app.services.ringing import ring, ring_now
from channels_app.services.statuses import (
    STATE_FIELDS,
    advance,
    advance_up_to,
    announce_status,
)
from channels_app.signals import message_received
from tenants.live import publish
from tenants.plugins.errors import PayloadRejected

Status = InboundEvent.Status
SKEW = timedelta(minutes=5)  # a network's clock may run ahead of ours by this much
SEEN_EVERY = timedelta(minutes=1)
IN_FLIGHT = (Message.State.SENDING, Message.State.UNKNOWN)


class NotYetKnown(Exception):
    """The event is about a message that we do not have (yet)."""

    def __init__(self, outcome: str, external_id: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.key = id_index(external_id)


def ingest(*, event_id: str | UUID) -> str:
    """Read one stored event and do what it says; return its outcome, or "" if it is not ours.

    Safe to call any number of times and from several workers at once: the row's status
    decides, and the row is locked while somebody works on it.
    """
    event = None
    finished = False
    try:
        with transaction.atomic():
            event = _pick(event_id)
            if event is not None:
                _process(event)
                _close(event)
        finished = True
    finally:
        if not finished:  # whatever went wrong, the row remembers that it was tried
            InboundEvent.objects.filter(pk=event_id).update(attempts=F("attempts") + 1)
    if event is None:
        return ""
    if event.status == Status.WAITING:
        _look_again(event)
    return event.outcome


def _pick(event_id: str | UUID) -> InboundEvent | None:
    """The event, locked; None if it is finished or in somebody else's hands."""
    return (
        InboundEvent.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("connection")
        .filter(pk=event_id, status__in=[Status.PENDING, Status.WAITING])
        .first()
    )


def _close(event: InboundEvent) -> None:
    event.processed_at = timezone.now()
    event.save(update_fields=["status", "outcome", "reason", "awaits", "processed_at"])
    _note_sign_of_life(event.connection, event.processed_at)


def _process(event: InboundEvent) -> None:
    try:
        found = event.connection.provider().read(event.kind, event.body)
        outcomes = [_apply(event, each) for each in found]
    except PayloadRejected as error:
        event.status, event.outcome, event.reason = Status.REJECTED, "rejected", str(error)
        event.awaits = ""
    except NotYetKnown as missing:
        event.status, event.outcome, event.awaits = Status.WAITING, missing.outcome, missing.key
        event.reason = "Its message is not known yet."
    else:
        event.outcome, event.reason = next(iter(outcomes), ("unsupported", "Nothing in it."))
        event.awaits = ""
        unsupported = event.outcome == "unsupported"
        event.status = Status.UNSUPPORTED if unsupported else Status.DONE


def _look_again(event: InboundEvent) -> None:
    """Its message may have been stored while we found that it was missing.

    Whoever commits last sees the other: we look after our commit, the sender after its own.
    """
    known = Message.objects.filter(connection_id=event.connection_id, external_key=event.awaits)
    if known.exists():
        ring_now("ingest_event", str(event.pk))


def _apply(event: InboundEvent, inbound: Inbound) -> tuple[str, str]:
    """Do what one value says; return outcome and reason."""
    return DEEDS[type(inbound)](event, inbound)


# -- what contacts and colleagues wrote


def _receive(event: InboundEvent, inbound: InboundMessage) -> tuple[str, str]:
    connection = event.connection
    conversation = conversation_with(
        connection=connection, person=inbound.sender, thread_id=inbound.thread_id
    )
    key = id_index(inbound.external_id)
    if conversation.pk and _is_here(connection, key):
        return "duplicate", "This message is here already."
    message = Message(
        connection=connection,
        conversation=conversation,
        direction=Message.Direction.IN,
        author=Message.Author.CONTACT,
        external_id=inbound.external_id,
        external_key=key,
        sender_name=inbound.sender.name if inbound.thread_id else "",
        text=inbound.text,
        attachments=[asdict(attachment) for attachment in inbound.attachments],
        state=Message.State.RECEIVED,
        provider_time=believable(inbound.sent_at, event.received_at),
        received_at=event.received_at,
        reply_to_external=inbound.reply_to,
        sequence=inbound.sequence,
    )
    conversation.status = Conversation.Status.OPEN
    conversation.turn_version += 1
    conversation.unread_count += 1
    conversation.last_inbound_at = latest(conversation.last_inbound_at, message.provider_time)
    conversation.waiting_since = conversation.waiting_since or message.provider_time
    conversation.unreachable_at = None
    _save_both(conversation, message, RECEIVED_FIELDS)
    if not conversation.contact.is_blocked:
        _ring_bell(message, "new")
    return "message", ""


RECEIVED_FIELDS = (
    "status",
    "turn_version",
    "unread_count",
    "last_inbound_at",
    "waiting_since",
    "unreachable_at",
)
ECHO_FIELDS = ("controller", "turn_version", "waiting_since", "unread_count")


def _is_here(connection: ChannelConnection, key: str) -> bool:
    return Message.objects.filter(connection=connection, external_key=key).exists()


def _save_both(conversation: Conversation, message: Message, changed: tuple[str, ...]) -> None:
    """The conversation first, for it may be new; then what was said in it, and who is told."""
    shown = conversation.last_message_at
    if shown is None or message.provider_time >= shown:
        conversation.preview = message.text[:PREVIEW] or _named(message.attachments)
    conversation.last_message_at = latest(shown, message.provider_time)
    if conversation.pk:
        conversation.save(update_fields=[*changed, "last_message_at", "preview"])
    else:
        conversation.save(force_insert=True)
    message.conversation = conversation
    message.save(force_insert=True)
    announce_message(message)
    ring_waiting(message)


def _named(attachments: list[dict[str, object]]) -> str:
    return ", ".join(str(attachment.get("kind", "file")) for attachment in attachments[:3])


def _echo(event: InboundEvent, inbound: InboundEcho) -> tuple[str, str]:
    """Our own send coming back, or a colleague writing in the network's own app.

    An echo may outrun the answer to the send; it is then recognised by our reference, or as
    the text that is on its way in this conversation.
    """
    connection = event.connection
    own = _message_by(connection, inbound.external_id, inbound.reference)
    if own is None:
        conversation = conversation_with(connection=connection, person=inbound.recipient)
        own = _in_flight(conversation, inbound.text) if conversation.pk else None
    if own is not None:
        _settle(own, inbound.external_id, Message.State.SENT, event.received_at)
        return "echo", "Our own message."
    if inbound.by_our_app:
        raise NotYetKnown("echo", inbound.external_id)
    message = Message(
        connection=connection,
        conversation=conversation,
        direction=Message.Direction.OUT,
        author=Message.Author.ECHO,
        external_id=inbound.external_id,
        external_key=id_index(inbound.external_id),
        text=inbound.text,
        attachments=[asdict(attachment) for attachment in inbound.attachments],
        state=Message.State.SENT,
        provider_time=believable(inbound.sent_at, event.received_at),
        received_at=event.received_at,
        sequence=inbound.sequence,
    )
    message.sent_at = message.provider_time
    conversation.controller = Conversation.Controller.HUMAN
    conversation.turn_version += 1
    conversation.waiting_since = None
    conversation.unread_count = 0
    if conversation.pk:
        withdraw_drafts_of_ai(conversation)
    _save_both(conversation, message, ECHO_FIELDS)
    return "echo", "Sent in the network's own app."


# -- what happened to messages that are here already


def _status(event: InboundEvent, inbound: InboundStatus) -> tuple[str, str]:
    message = _message_by(event.connection, inbound.external_id, inbound.reference)
    if message is None:
        raise NotYetKnown("status", inbound.external_id)
    if not message.external_key:
        message.external_id = inbound.external_id
        message.external_key = id_index(inbound.external_id)
        message.save(update_fields=["external_id", "external_key"])
    news = advance(
        message,
        inbound.state,
        at=inbound.at or timezone.now(),
        error_code=inbound.error_code,
        error_text=inbound.error_text,
    )
    if not news:
        return "status", f"{inbound.state} is no news after {message.state}."
    message.save(update_fields=STATE_FIELDS)
    announce_status(message)
    return "status", ""


def _watermark(event: InboundEvent, inbound: InboundWatermark) -> tuple[str, str]:
    conversation = find_conversation(connection=event.connection, person_ids=[inbound.thread_id])
    if conversation is None:
        return "status", "There is no conversation with them."
    changed = advance_up_to(conversation=conversation, state=inbound.state, up_to=inbound.up_to)
    return "status", "" if changed else "No message of ours was still behind it."


def _edit(event: InboundEvent, inbound: InboundEdit) -> tuple[str, str]:
    message = _message_by(event.connection, inbound.external_id)
    if message is None:
        raise NotYetKnown("edit", inbound.external_id)
    at = believable(inbound.at, event.received_at)
    if message.deleted_at or (message.edited_at and message.edited_at > at):
        return "edit", "A later change is here already."
    message.earlier_texts = [
        *message.earlier_texts,
        {"text": message.text, "until": at.isoformat()},
    ][-20:]
    message.text, message.edited_at = inbound.text, at
    message.save(update_fields=["text", "edited_at", "earlier_texts"])
    _changed(message, "edited")
    return "edit", ""


def _delete(event: InboundEvent, inbound: InboundDelete) -> tuple[str, str]:
    """What somebody took back is not kept: neither words nor files."""
    message = _message_by(event.connection, inbound.external_id)
    if message is None:
        raise NotYetKnown("delete", inbound.external_id)
    message.deleted_at = message.deleted_at or believable(inbound.at, event.received_at)
    message.text, message.attachments, message.earlier_texts = "", [], []
    message.save(update_fields=["deleted_at", "text", "attachments", "earlier_texts"])
    _changed(message, "deleted")
    return "delete", ""


def _react(event: InboundEvent, inbound: InboundReaction) -> tuple[str, str]:
    message = _message_by(event.connection, inbound.external_id)
    if message is None:
        raise NotYetKnown("reaction", inbound.external_id)
    others = {who: emoji for who, emoji in message.reactions.items() if who != inbound.by}
    message.reactions = {**others, inbound.by: inbound.emoji} if inbound.emoji else others
    message.save(update_fields=["reactions"])
    publish("message_changed", conversation=message.conversation_id, message=message.pk)
    return "reaction", "" if inbound.emoji else "Taken back."


def _changed(message: Message, change: str) -> None:
    conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("contact", "connection")
        .get(pk=message.conversation_id)
    )
    if conversation.last_message_at == message.provider_time:
        conversation.preview = message.text[:PREVIEW]
    if message.is_inbound:
        conversation.turn_version += 1
    conversation.save(update_fields=["preview", "turn_version"])
    message.conversation = conversation
    publish("message_changed", conversation=conversation.pk, message=message.pk)
    if message.is_inbound and not conversation.contact.is_blocked:
        _ring_bell(message, change)


# -- finding, settling, ringing


def _message_by(
    connection: ChannelConnection, external_id: str, reference: str = ""
) -> Message | None:
    """A message by the network's id, else by the reference we sent along; locked."""
    rows = Message.objects.select_for_update().filter(connection=connection)
    found = rows.filter(external_key=id_index(external_id)).first()
    if found is None and reference:
        try:
            ours = UUID(reference)
        except ValueError:
            return None  # somebody else's tracking words
        found = rows.filter(reference=ours).first()
    return found


def _in_flight(conversation: Conversation, text: str) -> Message | None:
    words = text.split()
    candidates = conversation.messages.select_for_update().filter(
        direction=Message.Direction.OUT, state__in=IN_FLIGHT, external_key=""
    )
    return next((each for each in candidates if each.text.split() == words), None)


def _settle(message: Message, external_id: str, state: str, at: datetime) -> None:
    """The network has it, under this id: an echo or a status is as good as the lost answer."""
    if not message.external_key:
        message.external_id, message.external_key = external_id, id_index(external_id)
        message.save(update_fields=["external_id", "external_key"])
        ring_waiting(message)
    if advance(message, state, at=at):
        message.save(update_fields=STATE_FIELDS)
        announce_status(message)


def ring_waiting(message: Message) -> None:
    """Statuses, edits and reactions that came before the message they are about."""
    waiting = InboundEvent.objects.filter(
        connection_id=message.connection_id, status=Status.WAITING, awaits=message.external_key
    )
    for event_id in waiting.values_list("pk", flat=True):
        ring("ingest_event", str(event_id))


def _ring_bell(message: Message, change: str) -> None:
    transaction.on_commit(
        partial(message_received.send, sender=Message, message=message, change=change)
    )


def believable(claimed: datetime | None, received_at: datetime) -> datetime:
    """The network's time, unless it has none or lies in the future."""
    if claimed is None or claimed > received_at + SKEW:
        return received_at
    return claimed


def _note_sign_of_life(connection: ChannelConnection, now: datetime) -> None:
    seen = connection.last_inbound_at
    if seen is None or now - seen > SEEN_EVERY:
        ChannelConnection.objects.filter(pk=connection.pk).update(last_inbound_at=now)


def _unsupported(event: InboundEvent, inbound: Unsupported) -> tuple[str, str]:
    return "unsupported", inbound.reason


DEEDS: dict[type, Callable[[InboundEvent, Any], tuple[str, str]]] = {
    InboundMessage: _receive,
    InboundEcho: _echo,
    InboundStatus: _status,
    InboundWatermark: _watermark,
    InboundEdit: _edit,
    InboundDelete: _delete,
    InboundReaction: _react,
    Unsupported: _unsupported,
}

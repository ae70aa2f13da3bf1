"""What happened to messages that are here already: states, edits, deletions, reactions."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from channels_app.models import (
    ChannelConnection,
    Conversation,
    InboundEvent,
    Message,
    OptOut,
    id_index,
)
from channels_app.providers.values import (
    InboundDelete,
    InboundEdit,
    InboundHidden,
    InboundOptOut,
    InboundReaction,
    InboundStatus,
    InboundWatermark,
)
from channels_app.services.consent import NETWORK, opt_in, opt_out
from channels_app.services.consequences import draw_consequences, set_health
from channels_app.services.finding import (
    NotYetKnown,
    believable,
    last_message_to,
    lost_message_to,
    message_by,
    ring_bell,
)
from channels_app.services.locking import locked
from channels_app.services.outgoing import PREVIEW
from channels_app.services.people import find_conversation
from channels_app.services.receiving import DUPLICATE, receive
from channels_app.services.statuses import (
    STATE_FIELDS,
    advance,
    advance_up_to,
    announce_status,
)
from channels_app.services.winding import wind
from tenants.live import publish


def take_status(event: InboundEvent, inbound: InboundStatus) -> tuple[str, str]:
    message = message_by(event.connection, inbound.external_id, inbound.reference)
    message = message or lost_message_to(event.connection, inbound.sent_to)
    message = message or last_message_to(event.connection, inbound.recipient)
    if message is None:
        raise NotYetKnown("status", inbound.external_id)
    if inbound.unreachable:
        _mark_unreachable(message)
    if not message.external_key and inbound.external_id:
        message.external_id = inbound.external_id
        message.external_key = id_index(inbound.external_id)
        message.save(update_fields=["external_id", "external_key"])
    news = advance(
        message,
        inbound.state,
        at=believable(inbound.at, event.received_at),
        error_code=inbound.error_code,
        error_text=inbound.error_text,
    )
    if not news:
        return "status", f"{inbound.state} is no news after {message.state}."
    message.save(update_fields=STATE_FIELDS)
    announce_status(message)
    _go_further(event, inbound, message)
    return "status", ""


def _go_further(event: InboundEvent, inbound: InboundStatus, message: Message) -> None:
    """What the news of one message says beyond it."""
    if inbound.meaning is not None:
        draw_consequences(message=message, meaning=inbound.meaning, text=inbound.error_text)
    if inbound.with_earlier and message.sent_at is not None:
        advance_up_to(conversation=message.conversation, state=inbound.state, up_to=message.sent_at)
    if inbound.state in ARRIVED and event.connection.health == Health.TROUBLE:
        set_health(connection=event.connection, health=Health.OK, text="")


Health = ChannelConnection.Health
ARRIVED = {Message.State.DELIVERED, Message.State.READ}


def take_opt_out(event: InboundEvent, inbound: InboundOptOut) -> tuple[str, str]:
    """Nothing more is sent to who called ours spam, and people see why."""
    if inbound.purpose != OptOut.Purpose.ALL or inbound.is_over:
        return _take_preference(event, inbound)
    message = message_by(event.connection, inbound.external_id, inbound.reference)
    message = message or last_message_to(event.connection, inbound.recipient)
    if message is None:  # they forbid it before we have written anything
        return _take_preference(event, inbound)
    _mark_unreachable(message)
    opt_out(
        contact=message.conversation.contact,
        connection=event.connection,
        source=NETWORK,
        reason=inbound.reason,
    )
    Conversation.objects.filter(pk=message.conversation_id).update(
        controller=Conversation.Controller.HUMAN, escalation_reason=inbound.reason[:300]
    )
    publish("message_changed", conversation=message.conversation_id, message=message.pk)
    return "opt_out", inbound.reason


def _take_preference(event: InboundEvent, inbound: InboundOptOut) -> tuple[str, str]:
    """Some kind of messages, stopped or wanted again; everything else may still be sent."""
    conversation = find_conversation(connection=event.connection, person_ids=[inbound.recipient])
    if conversation is None:
        return "opt_out", "Nobody we have written to."
    if inbound.is_over:
        opt_in(
            contact=conversation.contact,
            connection=event.connection,
            purpose=inbound.purpose,
            source=NETWORK,
        )
        return "opt_in", inbound.reason
    opt_out(
        contact=conversation.contact,
        connection=event.connection,
        purpose=inbound.purpose,
        source=NETWORK,
        reason=inbound.reason,
    )
    return "opt_out", inbound.reason


def _mark_unreachable(message: Message) -> None:
    Conversation.objects.filter(pk=message.conversation_id, unreachable_at=None).update(
        unreachable_at=timezone.now()
    )


def take_watermark(event: InboundEvent, inbound: InboundWatermark) -> tuple[str, str]:
    conversation = find_conversation(connection=event.connection, person_ids=[inbound.thread_id])
    if conversation is None:
        return "status", "There is no conversation with them."
    up_to = believable(inbound.up_to, event.received_at)
    changed = advance_up_to(conversation=conversation, state=inbound.state, up_to=up_to)
    return "status", "" if changed else "No message of ours was still behind it."


def edit(event: InboundEvent, inbound: InboundEdit) -> tuple[str, str]:
    message = message_by(event.connection, inbound.external_id)
    if message is None:
        return _edited_before_it_came(event, inbound)
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


EDIT_PATIENCE = timedelta(minutes=2)  # networks mix up the order of seconds


def _edited_before_it_came(event: InboundEvent, inbound: InboundEdit) -> tuple[str, str]:
    """Their words reached us as an edit only: if the message does not follow, they are one.

    Should it come after all, it is a second copy.
    """
    is_late = event.received_at < timezone.now() - EDIT_PATIENCE
    if inbound.said is None or not is_late or receive(event, inbound.said) == DUPLICATE:
        raise NotYetKnown("edit", inbound.external_id)
    return "edit", "The message it changes never came; it stands for it."


def delete(event: InboundEvent, inbound: InboundDelete) -> tuple[str, str]:
    """What somebody took back is not kept: neither words nor files."""
    message = message_by(event.connection, inbound.external_id)
    if message is None:
        raise NotYetKnown("delete", inbound.external_id)
    message.deleted_at = message.deleted_at or believable(inbound.at, event.received_at)
    message.text, message.attachments, message.earlier_texts = "", [], []
    message.save(update_fields=["deleted_at", "text", "attachments", "earlier_texts"])
    message.media.all().delete()
    _changed(message, "deleted")
    return "delete", ""


def react(event: InboundEvent, inbound: InboundReaction) -> tuple[str, str]:
    message = message_by(event.connection, inbound.external_id)
    if message is None and inbound.on_ours:
        return "reaction", f"{inbound.emoji or 'Taken back:'} {inbound.on_ours}"
    if message is None:
        raise NotYetKnown("reaction", inbound.external_id)
    others = {who: emoji for who, emoji in message.reactions.items() if who != inbound.by}
    message.reactions = {**others, inbound.by: inbound.emoji} if inbound.emoji else others
    message.save(update_fields=["reactions"])
    publish("message_changed", conversation=message.conversation_id, message=message.pk)
    return "reaction", "" if inbound.emoji else "Taken back."


def take_hidden(event: InboundEvent, inbound: InboundHidden) -> tuple[str, str]:
    """A colleague moderated in the network's own app."""
    message = message_by(event.connection, inbound.external_id)
    if message is None:
        raise NotYetKnown("hidden", inbound.external_id)
    message.hidden_at = timezone.now() if inbound.hidden else None
    message.save(update_fields=["hidden_at"])
    publish("message_changed", conversation=message.conversation_id, message=message.pk)
    return "hidden", "" if inbound.hidden else "Shown again."


TAKEN_BACK = _("They took back what they had written.")


def _nothing_is_left(conversation: Conversation) -> bool:
    """Whether everything that waits for an answer was taken back."""
    if conversation.waiting_since is None:
        return False
    since = conversation.waiting_since
    waiting = conversation.messages.filter(
        # What was written before the first of them may have come after it, and waits as well.
        Q(provider_time__gte=since) | Q(received_at__gte=since),
        direction=Message.Direction.IN,
        deleted_at=None,
    )
    return not waiting.exists()


def _changed(message: Message, change: str) -> None:
    conversation = locked(message.conversation_id)
    if conversation.last_message_at == message.provider_time:
        conversation.preview = message.text[:PREVIEW]
    changed = ["preview", "turn_version"]
    if message.is_inbound:
        conversation.turn_version += 1
        if change == "deleted" and _nothing_is_left(conversation):
            conversation.waiting_since, conversation.closing_reason = None, TAKEN_BACK
            changed += ["waiting_since", "closing_reason"]
    conversation.save(update_fields=[*changed, *wind(conversation)])
    message.conversation = conversation
    publish("message_changed", conversation=conversation.pk, message=message.pk)
    if message.is_inbound and not conversation.contact.is_blocked:
        ring_bell(message, change)

"""What contacts and colleagues wrote, as rows."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.utils.translation import gettext_noop as _

from channels_app import announcements, notices
from channels_app.media.services import expect
from channels_app.models import ChannelConnection, Conversation, InboundEvent, Message, id_index
from channels_app.providers.values import (
    UNSHOWN,
    Attachment,
    InboundEcho,
    InboundMessage,
    Person,
)
from channels_app.services.conversations import ring_tending
from channels_app.services.finding import (
    NotYetKnown,
    believable,
    message_by,
    ring_bell,
)
from channels_app.services.outgoing import (
    PREVIEW,
    announce_message,
    named,
    withdraw_drafts_of_ai,
)
from channels_app.services.people import conversation_of, conversation_with, latest, prove
from channels_app.services.rows import (
    WHO_WAITS,
    TakenMeanwhile,
    is_here,
    ring_waiting,
    save_first_message,
    save_new_message,
    update_conversation,
)
from channels_app.services.statuses import STATE_FIELDS, advance, announce_status
from channels_app.services.winding import wind
from tenants.limits import take
from tenants.live import publish
from tenants.prepared import PreparedUpdate

IN_FLIGHT = (Message.State.SENDING, Message.State.UNKNOWN)


def receive(event: InboundEvent, inbound: InboundMessage) -> tuple[str, str]:
    connection = event.connection
    key = id_index(inbound.external_id)
    conversation = conversation_of(connection, inbound.references) or conversation_with(
        connection=connection,
        person=inbound.sender,
        thread_id=inbound.thread_id,
        surface=inbound.surface,
    )
    # A conversation is not begun for a message that is here already, somewhere else.
    if not conversation.pk and is_here(connection_id=connection.pk, external_key=key):
        return _here_already(event, inbound)
    is_guest = _is_guest(conversation, inbound)
    if inbound.references and inbound.sender.proven and not is_guest:
        prove(connection, inbound.sender)
    message = Message(
        connection=connection,
        conversation=conversation,
        direction=Message.Direction.IN,
        author=Message.Author.CONTACT,
        external_id=inbound.external_id,
        external_key=key,
        sender_name=_signed_by(inbound.sender) if inbound.thread_id or is_guest else "",
        text=inbound.text,
        attachments=[asdict(attachment) for attachment in inbound.attachments],
        details=dict(inbound.details),
        state=Message.State.RECEIVED,
        provider_time=believable(inbound.sent_at, event.received_at),
        received_at=event.received_at,
        reply_to_external=inbound.reply_to,
        sequence=inbound.sequence,
    )
    if inbound.quiet:
        conversation.unread_count += 1
        if not _save_both(event, conversation, message, ("unread_count",)):
            return _here_already(event, inbound)
        return "quiet", inbound.quiet
    return _open_turn(event, inbound, message, is_guest=is_guest)


def _open_turn(
    event: InboundEvent, inbound: InboundMessage, message: Message, *, is_guest: bool
) -> tuple[str, str]:
    """The contact has said something: whoever leads has to answer it."""
    conversation = message.conversation
    conversation.status = Conversation.Status.OPEN
    conversation.turn_version += 1
    conversation.unread_count += 1
    conversation.last_inbound_at = latest(conversation.last_inbound_at, message.provider_time)
    conversation.waiting_since = conversation.waiting_since or message.provider_time
    conversation.unreachable_at = None
    conversation.closing_reason = ""
    conversation.is_led_elsewhere = inbound.is_standby
    alarm = GUEST if is_guest else _alarm(conversation, inbound)
    takes_over = bool(alarm) and conversation.is_with_ai
    if alarm:
        conversation.controller = Conversation.Controller.HUMAN
        conversation.escalation_reason = alarm
    fields = RECEIVED_FIELDS + ALARM_FIELDS if alarm else RECEIVED_FIELDS
    changed = (*fields, *wind(conversation))
    if not _save_both(event, conversation, message, changed):
        return _here_already(event, inbound)
    if takes_over:
        withdraw_drafts_of_ai(conversation)
    if alarm:
        publish("escalated", conversation=conversation.pk, assignee=conversation.assignee_id)
        notices.handed_over(conversation)
    if not conversation.contact.is_blocked:
        ring_bell(message, "new")
    if alarm:
        announcements.escalated(conversation, alarm)
    if not conversation.is_with_ai:
        ring_tending(conversation)
    return "standby" if inbound.is_standby else "message", alarm


DUPLICATE = ("duplicate", "This message is here already.")
GUEST = _("Somebody else wrote in this thread.")
STANDBY = _("Another app leads this conversation at the network.")
LOOP = _("Messages come faster than people write; it may be a machine answering ours.")
UNSHOWN_HERE = _("They sent something that cannot be shown here.")
UNVERIFIED = _("The sender could not be verified; it may be somebody else.")
ALARM_FIELDS = ("controller", "escalation_reason")
RECEIVED_FIELDS = (
    "status",
    "turn_version",
    "unread_count",
    "last_inbound_at",
    "waiting_since",
    "unreachable_at",
    "is_led_elsewhere",
    "closing_reason",
)
ECHO_FIELDS = ("controller", "turn_version", "waiting_since", "unread_count")


def _is_guest(conversation: Conversation, inbound: InboundMessage) -> bool:
    """A reference led here somebody who is not the one we are talking to."""
    if not inbound.references or not conversation.pk or inbound.thread_id:
        return False
    ids = (inbound.sender.id, *inbound.sender.aliases)
    return conversation.thread_index not in map(id_index, ids)


def _signed_by(person: Person) -> str:
    return person.name or person.email or person.id


def _alarm(conversation: Conversation, inbound: InboundMessage) -> str:
    """Why a person and not the AI has to answer this; empty if the AI may."""
    if inbound.is_standby:
        return STANDBY
    if inbound.details.get("authentication") == "fail":
        return UNVERIFIED
    if conversation.is_with_ai and _is_unshown(inbound.attachments):
        return UNSHOWN_HERE
    guard = conversation.connection.capabilities.loop_guard
    if guard is not None and conversation.pk and conversation.is_with_ai:
        return "" if take(f"loop:{conversation.pk}", guard).allowed else LOOP
    return ""


def _is_unshown(attachments: Sequence[Attachment]) -> bool:
    return any(each.kind == UNSHOWN for each in attachments)


def _here_already(event: InboundEvent, inbound: InboundMessage) -> tuple[str, str]:
    """A second copy changes nothing; where the first could not be shown and this one can, it is
    shown from now on."""
    message = message_by(event.connection, inbound.external_id)
    known = message is not None and any(each["kind"] == UNSHOWN for each in message.attachments)
    if message is None or not known or message.deleted_at or _is_unshown(inbound.attachments):
        return DUPLICATE
    message.text = inbound.text
    message.attachments = [asdict(attachment) for attachment in inbound.attachments]
    message.save(update_fields=["text", "attachments"])
    if message.attachments:
        expect(message=message, event=event)
    publish("message_changed", conversation=message.conversation_id, message=message.pk)
    return "message", "It can be shown by now."


def _save_both(
    event: InboundEvent, conversation: Conversation, message: Message, changed: tuple[str, ...]
) -> bool:
    """What was said, and its conversation as it is by now; then who is told.

    False, with nothing written, where a message of its name is here already.
    """
    shown = conversation.last_message_at
    if shown is None or message.provider_time >= shown:
        conversation.preview = message.text[:PREVIEW] or named(message.attachments)
    conversation.last_message_at = latest(shown, message.provider_time)
    if conversation.pk:
        if not save_new_message(message):
            return False
        update_conversation(conversation, (*changed, "last_message_at", "preview"))
    else:
        save_first_message(message)
    if message.attachments:
        expect(message=message, event=event)
    announce_message(message)
    return True


def take_echo(event: InboundEvent, inbound: InboundEcho) -> tuple[str, str]:
    """Our own send coming back, or a colleague writing in the network's own app.

    An echo may outrun the answer to the send; it is then recognised by our reference, or as
    the text that is on its way in this conversation.
    """
    connection = event.connection
    own = message_by(connection, inbound.external_id, inbound.reference)
    if own is None:
        found = _thread_of(connection, inbound)
        if found is None:
            return "echo", "Ours, where nobody has written to us."
        conversation = found
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
    if inbound.quiet:
        _save_echo(event, conversation, message, ())
        return "quiet", inbound.quiet
    conversation.controller = Conversation.Controller.HUMAN
    conversation.turn_version += 1
    conversation.waiting_since = None
    conversation.unread_count = 0
    if conversation.pk:
        withdraw_drafts_of_ai(conversation)
    _save_echo(event, conversation, message, ECHO_FIELDS + wind(conversation))
    return "echo", "Sent in the network's own app."


def _save_echo(
    event: InboundEvent, conversation: Conversation, message: Message, changed: tuple[str, ...]
) -> None:
    """One whose name was given to our own message a moment ago is read once more, as ours."""
    if not _save_both(event, conversation, message, changed):
        raise TakenMeanwhile(f"{message.external_key} of connection {message.connection_id}")
    announcements.went_out(message)


def _thread_of(connection: ChannelConnection, inbound: InboundEcho) -> Conversation | None:
    """Where our side wrote: to a person, or in public under what somebody wrote."""
    if inbound.recipient is not None:
        return conversation_with(connection=connection, person=inbound.recipient)
    return conversation_of(connection, (inbound.reply_to,) if inbound.reply_to else ())


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
        ring_waiting(_NAMED.row(message)[0])
    if advance(message, state, at=at):
        message.save(update_fields=STATE_FIELDS)
        announce_status(message)


_NAMED = PreparedUpdate(Message, ["external_id", "external_key"], returning=WHO_WAITS)

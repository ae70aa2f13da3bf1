"""What came of a send: the network took it, refused it, or nobody knows."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from channels_app import announcements
from channels_app.models import ChannelConnection, Message, id_index
from channels_app.providers.values import Sent
from channels_app.services.people import know_as
from channels_app.services.rows import WHO_WAITS, ring_waiting
from channels_app.services.statuses import STATE_FIELDS, advance, announce_status
from tenants.plugins.errors import (
    CredentialsRejected,
    OptedOut,
    ProviderError,
    RecipientUnreachable,
    WindowClosed,
)
from tenants.prepared import Blank, Prepared, PreparedUpdate

State = Message.State
IN_LINE = (State.QUEUED, State.SENDING)
SEEN_EVERY = timedelta(minutes=1)


def accept(*, message: Message, sent: Sent) -> None:
    """The network took it: its name there and its state are kept, in one statement if we can."""
    now = timezone.now()
    key = id_index(sent.external_id)
    state = State.SENT if sent.is_sent else State.ACCEPTED
    # An event about it stands and falls with it, so that one statement is not enough.
    in_two = announcements.follows_sends()
    if in_two or not _settle_at_once(message, state, sent.external_id, key, now):
        try:
            with transaction.atomic():
                _settle(message, state, sent.external_id, key, now)
        except IntegrityError:
            _absorb_echo(message, sent.external_id, key, now)
    if sent.recipient_id:
        know_as(
            contact=message.conversation.contact,
            connection=message.connection,
            external_id=sent.recipient_id,
        )
    _note_success(message.connection, now)


def _settle_at_once(
    message: Message, state: str, external_id: str, key: str, now: datetime
) -> bool:
    """As ``_settle`` does, in one statement, where the row is still as we left it.

    False where an echo or a status was faster than the answer, or an echo has the name.
    """
    message.external_id, message.external_key = external_id, key
    advance(message, state, at=now)
    try:
        told = _UNTOUCHED.row(message)
    except IntegrityError:  # the echo came while the statement ran
        return False
    if told is None:
        return False
    ring_waiting(told[0])
    announce_status(message)
    return True


def _settle(message: Message, state: str, external_id: str, key: str, now: datetime) -> None:
    """Give the row its name at the network and its new state, under its lock."""
    row = _SETTLING.first(pk=message.pk)
    if row is None:
        return  # erased while it was on its way
    is_named = bool(row.external_key)  # an echo or a status was faster than the answer
    if not is_named:
        row.external_id, row.external_key = external_id, key
    is_news = advance(row, state, at=now)
    if is_news or not is_named:
        ring_waiting(_SETTLED.row(row)[0])
    if is_news:
        announce_status(row)


SETTLED = ("external_id", "external_key", *STATE_FIELDS)
_SETTLED = PreparedUpdate(Message, SETTLED, returning=WHO_WAITS)
_UNTOUCHED = PreparedUpdate(
    Message,
    SETTLED,
    where="""id = %(id)s AND state = 'sending' AND external_key = '' AND NOT EXISTS (
        SELECT FROM channels_app_message AS echo
        WHERE echo.connection_id = %(connection_id)s AND echo.external_key = %(external_key)s)""",
    returning=WHO_WAITS,
)
_SETTLING = Prepared(
    lambda: (
        Message.objects.select_for_update()
        .only(*SETTLED, "connection_id", "conversation_id")
        .order_by()
        .filter(pk=Blank("pk"))
    )
)


@transaction.atomic
def _absorb_echo(message: Message, external_id: str, key: str, now: datetime) -> None:
    """Its echo came first and was taken for a colleague's words: they are one message."""
    echo = Message.objects.filter(
        connection_id=message.connection_id, external_key=key, author=Message.Author.ECHO
    )
    echo.delete()
    _settle(message, State.SENT, external_id, key, now)


def requeue(*, message: Message, error: ProviderError, pause: float) -> None:
    """It is tried again after ``pause`` seconds."""
    Message.objects.filter(pk=message.pk, state=State.SENDING).update(
        state=State.QUEUED,
        state_at=timezone.now(),
        next_attempt_at=timezone.now() + timedelta(seconds=pause),
        error_code=(error.code or type(error).__name__)[:64],
        error_text=str(error)[:500],
    )


def fail(*, message: Message, code: str, text: str) -> None:
    """It will not be sent; people are told why."""
    _set(message, State.FAILED, code, text)


def give_up_knowing(*, message: Message) -> None:
    """Sent or not: only an echo, a status or a person can tell now."""
    _set(message, State.UNKNOWN, "answer_lost", "The network's answer was lost.")


@transaction.atomic
def _set(message: Message, state: str, code: str, text: str) -> None:
    """Only from where we left it: an echo or a status that came meanwhile knows better."""
    changed = Message.objects.filter(pk=message.pk, state__in=IN_LINE, external_key="").update(
        state=state, state_at=timezone.now(), error_code=code[:64], error_text=text[:500]
    )
    if changed:
        message.state = state
        announce_status(message)


def mark_unhealthy(*, connection: ChannelConnection, text: str) -> None:
    """The company must reconnect; until then every send would fail like this one."""
    ChannelConnection.objects.filter(pk=connection.pk).update(
        health=ChannelConnection.Health.RECONNECT, health_text=text[:300]
    )


def _note_success(connection: ChannelConnection, now: datetime) -> None:
    seen = connection.last_outbound_at
    refused = connection.health == ChannelConnection.Health.RECONNECT
    if not refused and seen is not None and now - seen < SEEN_EVERY:
        return
    # What it was taken with is good again; whether it arrives, the statuses say.
    mended = {"health": ChannelConnection.Health.OK, "health_text": ""} if refused else {}
    ChannelConnection.objects.filter(pk=connection.pk).update(last_outbound_at=now, **mended)


def for_people(error: ProviderError) -> str:
    """What a refusal means, for whoever reads the thread."""
    sentences = {
        CredentialsRejected: "The channel's access was refused; reconnect it.",
        RecipientUnreachable: "They blocked this channel or cannot be reached.",
        WindowClosed: "The network allows an answer only once they write again.",
        OptedOut: "They asked for no messages of this kind.",
    }
    for kind, sentence in sentences.items():
        if isinstance(error, kind):
            return sentence
    return str(error) or "The network refused this message."

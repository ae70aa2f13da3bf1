"""Handing a queued message to its network: claimed first, sent outside any transaction.

A message whose fate we do not know is never simply sent again: it is ``unknown`` until an
echo or a status tells, or until people are told that nobody knows.
"""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from channels_app import policy
from channels_app.media import sending as media
from channels_app.models import ChannelConnection, Message, id_index
from channels_app.providers.values import Outgoing, Sent
from channels_app.services.answering import Answer
from channels_app.services.consequences import draw_consequences
from channels_app.services.outgoing import ask_policy
from channels_app.services.patience import may_knock, pause_before_next
from channels_app.services.people import know_as
from channels_app.services.rows import WHO_WAITS, ring_waiting
from channels_app.services.statuses import STATE_FIELDS, advance, announce_status
from tenants import context
from tenants.limits import take
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    OptedOut,
    ProviderError,
    RecipientUnreachable,
    WindowClosed,
)
from tenants.prepared import Blank, Prepared, PreparedUpdate

State = Message.State
IN_LINE = (State.QUEUED, State.SENDING)
TICK = 0.05  # a timer that rings a moment early would find its message not due
SEEN_EVERY = timedelta(minutes=1)
THREAD = 10  # letters that a reply names


@dataclass(frozen=True, slots=True)
class Next:
    """What the courier does then: which message, and in how many seconds."""

    message_id: int
    delay: float = 0


def deliver(*, message_id: int) -> Next | None:
    """Send one queued message, if it is its turn. Safe to call at any time, any number of times.

    Returns the message to be delivered next: the same one later, or its follower in the
    conversation. Messages of one conversation leave in the order in which they were written.
    """
    message = _QUEUED.first(pk=message_id)
    if message is None:
        return None
    now = timezone.now()
    if message.next_attempt_at is not None and message.next_attempt_at > now:
        return None  # its own timer rings, or the sweeper
    message.conversation.connection = message.connection
    wait = _wait_for_room(message)
    if wait > 0:
        return _postpone(message, wait)
    verdict = _verdict(message)
    if isinstance(verdict, policy.Refused):
        _fail(message, verdict.code, verdict.text)
        return _follower(message)
    if not may_knock(message.connection):
        _fail(message, "reconnect", _for_people(CredentialsRejected()))
        return _follower(message)
    if not _claim(message):
        return None  # somebody else has it, or an earlier one goes first and will ring us
    try:
        sent = message.connection.provider().send(_outgoing(message, verdict.tag))
    except ProviderError as error:
        return _not_sent(message, error)
    _accept(message, sent)
    return _follower(message)


_QUEUED = Prepared(
    lambda: (
        Message.objects.select_related("connection", "conversation__contact")
        .order_by()
        .filter(pk=Blank("pk"), state=State.QUEUED)
    )
)


def _wait_for_room(message: Message) -> float:
    """Seconds until the network's rates leave room for this message."""
    capabilities = message.conversation.capabilities
    limits = [(f"send:{message.connection_id}", capabilities.rate)]
    pair_rate = capabilities.rate_to(message.conversation.external_thread)
    if pair_rate is not None:
        limits.append((f"send:to:{message.conversation_id}", pair_rate))
    for name, rate in limits:
        verdict = take(name, rate)
        if not verdict.allowed:
            # Spread out, else everybody who waits comes back in the same moment.
            return verdict.wait_seconds * random.uniform(1, 2) + 0.01  # noqa: S311
    return 0


def _postpone(message: Message, seconds: float) -> Next:
    due = timezone.now() + timedelta(seconds=seconds)
    Message.objects.filter(pk=message.pk, state=State.QUEUED).update(next_attempt_at=due)
    return Next(message.pk, seconds + TICK)


def _verdict(message: Message) -> policy.Verdict:
    return ask_policy(
        conversation=message.conversation,
        text=message.text,
        by_human=message.author == Message.Author.HUMAN,
        attachments=message.attachments,
        answer=Answer(message=message.answers, privately=message.is_private, own=message.pk),
        template=message.template,
    )


CLAIM = """
UPDATE channels_app_message AS mine
SET state = 'sending', state_at = %s, attempts = attempts + 1
WHERE id = %s AND state = 'queued' AND NOT EXISTS (
    SELECT FROM channels_app_message AS earlier
    WHERE earlier.conversation_id = mine.conversation_id AND earlier.id < mine.id
      AND earlier.state IN ('queued', 'sending')
)
"""


def _claim(message: Message) -> bool:
    """Mark it as being sent, in a statement of its own; only one caller succeeds."""
    with context.connection.cursor() as cursor:
        cursor.execute(CLAIM, [timezone.now(), message.pk])
        claimed = cursor.rowcount
    message.attempts += 1
    return claimed == 1


def _outgoing(message: Message, tag: str) -> Outgoing:
    outgoing = Outgoing(
        recipient_id=message.conversation.external_thread,
        text=message.text,
        reference=str(message.reference),
        attachments=tuple(map(media.on_the_way, message.attachments)),
        read=media.bytes_to_send,
        tag=tag,
        by_ai=message.author == Message.Author.AI,
        surface=message.conversation.surface,
        is_private=message.is_private,
        template=message.template,
        answers=message.answers.external_id if message.answers else "",
    )
    return _threaded(outgoing, message) if message.connection.capabilities.threads else outgoing


def _threaded(outgoing: Outgoing, message: Message) -> Outgoing:
    """With what a reply has to name: the letters before it, and their subject."""
    before = list(
        message.conversation.messages.filter(pk__lt=message.pk)
        .exclude(external_key="")
        .order_by("-pk")[:THREAD]
    )
    subjects = (each.details.get("subject", "") for each in before if each.is_inbound)
    return replace(
        outgoing,
        answers=next((each.external_id for each in before if each.is_inbound), ""),
        thread=tuple(each.external_id for each in reversed(before)),
        subject=next(filter(None, subjects), ""),
    )


# -- what came of it


def _accept(message: Message, sent: Sent) -> None:
    now = timezone.now()
    key = id_index(sent.external_id)
    state = State.SENT if sent.is_sent else State.ACCEPTED
    if not _settle_at_once(message, state, sent.external_id, key, now):
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


def _not_sent(message: Message, error: ProviderError) -> Next | None:
    if isinstance(error, AnswerLost):
        _set(message, State.UNKNOWN, "answer_lost", "The network's answer was lost.")
        return _follower(message)
    pause = pause_before_next(message, error)
    if pause is not None:
        _requeue(message, error, pause)
        return Next(message.pk, pause + TICK)
    draw_consequences(message=message, meaning=type(error), text=str(error))
    _fail(message, error.code or type(error).__name__, _for_people(error))
    return _follower(message)


def _requeue(message: Message, error: ProviderError, pause: float) -> None:
    Message.objects.filter(pk=message.pk, state=State.SENDING).update(
        state=State.QUEUED,
        state_at=timezone.now(),
        next_attempt_at=timezone.now() + timedelta(seconds=pause),
        error_code=(error.code or type(error).__name__)[:64],
        error_text=str(error)[:500],
    )


def _fail(message: Message, code: str, text: str) -> None:
    _set(message, State.FAILED, code, text)


@transaction.atomic
def _set(message: Message, state: str, code: str, text: str) -> None:
    """Only from where we left it: an echo or a status that came meanwhile knows better."""
    changed = Message.objects.filter(pk=message.pk, state__in=IN_LINE, external_key="").update(
        state=state, state_at=timezone.now(), error_code=code[:64], error_text=text[:500]
    )
    if changed:
        message.state = state
        announce_status(message)


def _follower(message: Message) -> Next | None:
    with context.connection.cursor() as cursor:
        cursor.execute(FOLLOWER, [message.conversation_id, message.pk])
        following = cursor.fetchone()
    return Next(following[0]) if following else None


FOLLOWER = """
SELECT id FROM channels_app_message
WHERE conversation_id = %s AND id > %s AND state = 'queued' ORDER BY id LIMIT 1
"""


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


def _for_people(error: ProviderError) -> str:
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

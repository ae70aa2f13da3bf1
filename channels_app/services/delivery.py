"""Handing a queued message to its network: claimed first, sent outside any transaction.

A message whose fate we do not know is never simply sent again: it is ``unknown`` until an
echo or a status tells, or until people are told that nobody knows.
"""

import random
from dataclasses import dataclass, replace
from datetime import timedelta

from django.utils import timezone

from channels_app import policy
from channels_app.media import sending as media
from channels_app.models import Message
from channels_app.providers.values import Outgoing
from channels_app.services.answering import Answer
from channels_app.services.consequences import draw_consequences
from channels_app.services.outcomes import accept, fail, for_people, give_up_knowing, requeue
from channels_app.services.outgoing import ask_policy
from channels_app.services.patience import may_knock, pause_before_next
from tenants.limits import take
from tenants.plugins.errors import AnswerLost, CredentialsRejected, ProviderError
from tenants.prepared import Blank, Prepared
from tenants.statements import Statement

State = Message.State
TICK = 0.05  # a timer that rings a moment early would find its message not due
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
        return _refused(message, verdict)
    if not may_knock(message.connection):
        fail(message=message, code="reconnect", text=for_people(CredentialsRejected()))
        return _follower(message)
    if not _claim(message):
        return None  # somebody else has it, or an earlier one goes first and will ring us
    try:
        sent = message.connection.provider().send(_outgoing(message, verdict.tag))
    except ProviderError as error:
        return _not_sent(message, error)
    accept(message=message, sent=sent)
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


def _refused(message: Message, verdict: policy.Refused) -> Next | None:
    if verdict.next_allowed_at is None:
        fail(message=message, code=verdict.code, text=verdict.text)
        return _follower(message)
    # Written in time and held up on its way: waiting helps.
    return _postpone(message, (verdict.next_allowed_at - timezone.now()).total_seconds())


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


CLAIM = Statement("""
UPDATE channels_app_message AS mine
SET state = 'sending', state_at = %s, attempts = attempts + 1
WHERE id = %s AND state = 'queued' AND NOT EXISTS (
    SELECT FROM channels_app_message AS earlier
    WHERE earlier.conversation_id = mine.conversation_id AND earlier.id < mine.id
      AND earlier.state IN ('queued', 'sending')
)
""")


def _claim(message: Message) -> bool:
    """Mark it as being sent, in a statement of its own; only one caller succeeds."""
    claimed = CLAIM.changed([timezone.now(), message.pk])
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


def _not_sent(message: Message, error: ProviderError) -> Next | None:
    if isinstance(error, AnswerLost):
        give_up_knowing(message=message)
        return _follower(message)
    pause = pause_before_next(message, error)
    if pause is not None:
        requeue(message=message, error=error, pause=pause)
        return Next(message.pk, pause + TICK)
    draw_consequences(message=message, meaning=type(error), text=str(error))
    fail(message=message, code=error.code or type(error).__name__, text=for_people(error))
    return _follower(message)


def _follower(message: Message) -> Next | None:
    following = FOLLOWER.first([message.conversation_id, message.pk])
    return Next(following[0]) if following else None


FOLLOWER = Statement("""
SELECT id FROM channels_app_message
WHERE conversation_id = %s AND id > %s AND state = 'queued' ORDER BY id LIMIT 1
""")

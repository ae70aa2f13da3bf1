"""How long a send that a network would not take now is put off, and what waits with it."""

import random

from django.utils import timezone

from channels_app.models import ChannelConnection, Message
from channels_app.services.ringing import ring_now
from channels_app.services.tokens import LEASE, renew_soon
from tenants.limits import Rate, hold, take
from tenants.plugins.errors import CredentialsRejected, PairLimited, ProviderError, RateLimited

ATTEMPTS = 8
ATTEMPTS_WHEN_TOLD_TO_WAIT = 14  # nothing is wrong but the pace: most of an hour
LONGEST_PAUSE = 600.0  # seconds, where the network names none
LONGEST_ASKED = 86_400.0  # a day's quota is the longest that any network lets us wait for
RENEWING = 30.0
# While our access is refused one send in this time finds out whether it still is.
KNOCK = Rate(1, 60)


def pause_before_next(message: Message, error: ProviderError) -> float | None:
    """Seconds until it may be tried again; None if it should not be.

    Never sooner than the network said, and each time twice as long as before.
    """
    if isinstance(error, CredentialsRejected):
        return _pause_for_renewal(message)
    if not error.retryable or message.attempts >= _attempts(error):
        return None
    # Spread out, else all who wait come back in one moment.
    asked = min(error.retry_after or 0.0, LONGEST_ASKED) + random.uniform(0, 0.5)  # noqa: S311
    backoff = min(2.0**message.attempts, LONGEST_PAUSE) * random.uniform(0.8, 1.2)  # noqa: S311
    pause = max(asked, backoff)
    if isinstance(error, RateLimited):
        _hold_the_others(message, error, pause)
    return pause


def may_knock(connection: ChannelConnection) -> bool:
    """Whether to ask the network at all, whose last word was that it does not know us.

    Everything behind the first message would be refused like it, one call each.
    """
    if connection.health != ChannelConnection.Health.RECONNECT:
        return True
    return take(f"knock:{connection.pk}", KNOCK).allowed


def _attempts(error: ProviderError) -> int:
    return ATTEMPTS_WHEN_TOLD_TO_WAIT if isinstance(error, RateLimited) else ATTEMPTS


def _hold_the_others(message: Message, error: RateLimited, seconds: float) -> None:
    """What goes the same way waits as well, and does not ask to be told the same."""
    capabilities = message.conversation.capabilities
    pair_rate = capabilities.rate_to(message.conversation.external_thread)
    if isinstance(error, PairLimited) and pair_rate is not None:
        hold(f"send:to:{message.conversation_id}", pair_rate, seconds=seconds)
    elif not isinstance(error, PairLimited):
        hold(f"send:{message.connection_id}", capabilities.rate, seconds=seconds)


def _pause_for_renewal(message: Message) -> float | None:
    """Access that can be renewed may only have ended early: the message waits for that, once."""
    if message.attempts >= ATTEMPTS:
        return None
    if renew_soon(connection=message.connection):
        ring_now("renew_connection", message.connection_id)
        return RENEWING
    return RENEWING if _is_being_renewed(message.connection) else None


def _is_being_renewed(connection: ChannelConnection) -> bool:
    """Due, or in somebody's hands; what cannot be renewed is never due again."""
    due = ChannelConnection.objects.values_list("renew_due_at", flat=True).get(pk=connection.pk)
    return due is not None and due <= timezone.now() + LEASE

"""Looking for news where a network does not bring them: claimed, asked, kept, moved on.

What a look brought and the cursor behind it are committed together: a crash before leaves
both as they were, and the items of a repeated look have the keys they had before.
"""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Case, F, PositiveSmallIntegerField, When
from django.db.models.functions import Least
from django.utils import timezone

from channels_app.models import ChannelConnection
from channels_app.providers.values import Polled
from channels_app.services.canaries import note_poll
from channels_app.services.intake import store
from channels_app.services.outcomes import mark_unhealthy
from channels_app.services.ringing import ring_events, ring_now
from channels_app.services.tokens import renew_soon
from tenants.plugins.errors import CredentialsRejected, PayloadRejected, ProviderError

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)  # longer than any look can take
LONGEST_PAUSE = timedelta(hours=1)
HOPELESS = 6  # failures in a row after which people are told
COUNTED = 10_000  # no more of them: a network that says "in a second" for days is asked often
ONE_MORE = Least(F("poll_failures") + 1, COUNTED)
Health = ChannelConnection.Health
NO_NEWS = "No news:"
KEPT = (
    *("poll_cursor", "poll_due_at", "poll_claimed_until", "poll_failures"),
    *("health", "health_text"),
)


def start_polling(*, connection: ChannelConnection) -> None:
    """Have a connection looked after from now on, if its network wants that."""
    due = timezone.now() if connection.is_active and connection.provider().poll_every() else None
    connection.poll_due_at = due
    connection.poll_failures = 0
    connection.poll_claimed_until = None  # who is looking has lost the lease
    connection.save(update_fields=["poll_due_at", "poll_failures", "poll_claimed_until"])


def ring_due_polls() -> int:
    """Ring for every connection that should be looked at now; return how many."""
    due = ChannelConnection.objects.filter(is_active=True, poll_due_at__lte=timezone.now())
    found = list(due.order_by("poll_due_at").values_list("pk", flat=True))
    for connection_id in found:
        ring_now("poll_connection", connection_id)
    return len(found)


def poll(*, connection_id: int) -> bool:
    """Look once, if it is time; return whether there is more to be had at once.

    Safe to call at any time and from several workers: one of them takes the lease, and only
    who still holds it may move the cursor.
    """
    lease = _claim(connection_id)
    if lease is None:
        return False
    connection = ChannelConnection.objects.get(pk=connection_id)
    try:
        polled = connection.provider().poll(connection.poll_cursor)
    except (ProviderError, PayloadRejected) as error:
        _put_off(connection, lease, error)
        return False
    return _keep(connection, lease, polled) and polled.more


def _claim(connection_id: int) -> datetime | None:
    """Take the lease; its end is what we are recognised by."""
    now = timezone.now()
    lease = now + LEASE
    claimed = ChannelConnection.objects.filter(
        pk=connection_id, is_active=True, poll_due_at__lte=now
    ).update(
        poll_due_at=lease,
        poll_claimed_until=lease,
        # A claim that nobody gave back: that look ended without a word, and counts as failed.
        poll_failures=Case(
            When(poll_claimed_until__isnull=False, then=ONE_MORE),
            default=F("poll_failures"),
            output_field=PositiveSmallIntegerField(),
        ),
    )
    return lease if claimed else None


@transaction.atomic
def _keep(connection: ChannelConnection, lease: datetime, polled: Polled) -> bool:
    row = (
        ChannelConnection.objects.select_for_update()
        .filter(pk=connection.pk, poll_due_at=lease)
        .first()
    )
    if row is None:
        return False  # it took so long that somebody else looked meanwhile
    stored = store(connection_id=row.pk, items=polled.items)
    row.poll_cursor = dict(polled.cursor)
    pause = timedelta(0) if polled.more else timedelta(seconds=connection.provider().poll_every())
    row.poll_due_at = timezone.now() + pause
    row.poll_claimed_until = None
    row.poll_failures = 0
    if row.health == Health.TROUBLE and row.health_text.startswith(NO_NEWS):
        row.health, row.health_text = Health.OK, ""  # ours to say, and over
    row.save(update_fields=KEPT)
    note_poll(connection=row)
    if stored:
        transaction.on_commit(partial(ring_events, stored))
    return True


def _put_off(connection: ChannelConnection, lease: datetime, error: ProviderError) -> None:
    """Look again later: when the network said, else after twice the last pause."""
    logger.warning("connection %s could not be polled: %s", connection.pk, error)
    seconds = connection.provider().poll_every() * 2.0 ** min(connection.poll_failures, 10)
    if error.retry_after is not None:
        seconds = max(error.retry_after, 1)
    pause = min(timedelta(seconds=seconds), LONGEST_PAUSE)
    ChannelConnection.objects.filter(pk=connection.pk, poll_due_at=lease).update(
        poll_due_at=timezone.now() + pause,
        poll_claimed_until=None,
        poll_failures=ONE_MORE,
    )
    note_poll(connection=connection, error=error)
    if isinstance(error, CredentialsRejected):
        if renew_soon(connection=connection):
            return  # it may only have ended early
        mark_unhealthy(connection=connection, text=str(error))
    elif connection.poll_failures + 1 >= HOPELESS and connection.health == Health.OK:
        ChannelConnection.objects.filter(pk=connection.pk).update(
            health=Health.TROUBLE, health_text=f"{NO_NEWS} {error}"[:300]
        )

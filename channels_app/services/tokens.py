"""Access that ends by itself is made to last, in time.

A refresh token often works once only, so one worker at a time trades it; what it got is kept
wherever the row still holds the token that was traded.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from channels_app.models import ChannelConnection
from channels_app.providers.access import Renewed
from channels_app.services.ringing import ring_now
from tenants.audit.services import record
from tenants.plugins.errors import CredentialsRejected, ProviderError

logger = logging.getLogger(__name__)

AHEAD = timedelta(minutes=30)  # before the end; X's tokens last two hours, TikTok's a day
LONG, WEEK = timedelta(days=14), timedelta(days=7)
LEASE = timedelta(minutes=2)  # longer than any answer can take
LONGEST_PAUSE = timedelta(minutes=30)
Health = ChannelConnection.Health


def watch_token(*, connection: ChannelConnection, seconds: int = 0) -> None:
    """Have a connection's access renewed before it ends.

    Where nobody says how long it lasts, it is renewed at once: the answer tells.
    """
    now = timezone.now()
    connection.token_expires_at = now + timedelta(seconds=seconds) if seconds else None
    connection.renew_due_at = None
    connection.renew_failures = 0
    if connection.is_active and connection.provider().renews():
        connection.renew_due_at = _due(now, seconds) if seconds else now
    connection.save(update_fields=["token_expires_at", "renew_due_at", "renew_failures"])


def ring_due_renewals() -> int:
    """Ring for every connection whose access should be renewed now; return how many."""
    due = ChannelConnection.objects.filter(is_active=True, renew_due_at__lte=timezone.now())
    found = list(due.values_list("pk", flat=True))
    for connection_id in found:
        ring_now("renew_connection", connection_id)
    return len(found)


def renew_soon(*, connection: ChannelConnection) -> bool:
    """The network refuses our access: perhaps it only ended early. False if that cannot be."""
    return bool(
        ChannelConnection.objects.filter(
            pk=connection.pk, renew_due_at__gt=timezone.now() + LEASE
        ).update(renew_due_at=timezone.now())
    )


def renew(*, connection_id: int) -> bool:
    """Renew once, if it is time; return whether that worked. Safe to call at any time."""
    lease = _claim(connection_id)
    if lease is None:
        return False
    connection = ChannelConnection.objects.get(pk=connection_id)
    try:
        renewed = connection.provider().renew()
    except CredentialsRejected as error:
        _give_up(connection, lease, error)
        return False
    except ProviderError as error:
        _put_off(connection, lease, error)
        return False
    return _keep(connection, renewed)


def _claim(connection_id: int) -> datetime | None:
    now = timezone.now()
    lease = now + LEASE
    claimed = ChannelConnection.objects.filter(
        pk=connection_id, is_active=True, renew_due_at__lte=now
    ).update(renew_due_at=lease)
    return lease if claimed else None


def _due(now: datetime, seconds: int) -> datetime:
    """A token of weeks is renewed a week ahead: whoever is down for a day then loses nothing."""
    whole = timedelta(seconds=seconds)
    ahead = AHEAD if whole < LONG else WEEK
    return now + max(whole - ahead, whole / 2)


@transaction.atomic
def _keep(connection: ChannelConnection, renewed: Renewed) -> bool:
    row = ChannelConnection.objects.select_for_update().get(pk=connection.pk)
    if row.config.get("refresh_token") != connection.config.get("refresh_token"):
        return False  # it was connected anew meanwhile
    now = timezone.now()
    row.config = {**row.config, **renewed.config}
    row.token_expires_at = now + timedelta(seconds=renewed.seconds) if renewed.seconds else None
    row.renew_due_at = _due(now, renewed.seconds) if renewed.seconds else None
    row.renew_failures = 0
    if row.health in {Health.RECONNECT, Health.TROUBLE}:
        row.health, row.health_text = Health.OK, ""
    row.save(
        update_fields=[
            "config",
            "token_expires_at",
            "renew_due_at",
            "renew_failures",
            "health",
            "health_text",
        ]
    )
    record(action="channel.renewed", subject=f"connection:{row.pk}", actor="system")
    return True


def _give_up(connection: ChannelConnection, lease: datetime, error: ProviderError) -> None:
    """Nobody but the company can help: they must connect it again."""
    logger.warning("connection %s cannot be renewed: %s", connection.pk, error)
    ChannelConnection.objects.filter(pk=connection.pk, renew_due_at=lease).update(
        renew_due_at=None,
        health=Health.RECONNECT,
        health_text=f"Our access could not be renewed: {error}"[:300],
    )


def _put_off(connection: ChannelConnection, lease: datetime, error: ProviderError) -> None:
    logger.warning("connection %s was not renewed yet: %s", connection.pk, error)
    now = timezone.now()
    seconds = error.retry_after or 30.0 * 2.0 ** min(connection.renew_failures, 6)
    row = ChannelConnection.objects.filter(pk=connection.pk, renew_due_at=lease)
    ended = connection.token_expires_at is not None and connection.token_expires_at <= now
    if ended:
        row.update(
            health=Health.TROUBLE,
            health_text=f"Our access ended and could not be renewed yet: {error}"[:300],
        )
    row.update(
        renew_due_at=now + min(timedelta(seconds=seconds), LONGEST_PAUSE),
        renew_failures=F("renew_failures") + 1,
    )

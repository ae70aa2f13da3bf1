"""Out of sight until a moment, or until they write again."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from channels_app import snoozes
from channels_app.models import Conversation
from channels_app.services.conversations import deed
from channels_app.services.locking import locked
from tenants import context
from tenants.accounts.models import User

AT_ONCE = 500


def moment_meant(said: str) -> datetime | None:
    """A preset or typed words as a moment of the company's clock; None where they say none."""
    zone = ZoneInfo(context.current_company().time_zone)
    now = timezone.now().astimezone(zone)
    return snoozes.preset(said, now) if said in snoozes.PRESETS else snoozes.typed(said, now)


def snooze(
    *, conversation: Conversation, until: datetime | None, user: User | None, actor: str = ""
) -> Conversation:
    """Put it away until then; without a moment, until the contact's next words. Those open it
    in any case."""
    with deed(conversation, "snoozed", user=user, actor=actor) as row:
        row.status = Conversation.Status.SNOOZED
        row.snoozed_until = until
        row.unread_count = 0
    return conversation


def wake_due() -> int:
    """Open again what was put away until now; the beat asks every minute."""
    due = Conversation.objects.filter(
        status=Conversation.Status.SNOOZED, snoozed_until__lte=timezone.now()
    ).order_by("snoozed_until")
    woken = 0
    for found in due[:AT_ONCE]:
        with transaction.atomic():
            row = locked(found.pk)
            if row.status != Conversation.Status.SNOOZED or row.snoozed_until is None:
                continue  # they wrote, or somebody opened it, a moment ago
            with deed(row, "woken") as sleeper:
                sleeper.status = Conversation.Status.OPEN
                sleeper.snoozed_until = None
                sleeper.unread_count = max(sleeper.unread_count, 1)  # seen to come back
            woken += 1
    return woken

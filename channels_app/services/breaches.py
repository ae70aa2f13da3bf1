"""Promises that were not kept: found by the clock, noted once each."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from channels_app import announcements, notices
from channels_app.clocks import Clock
from channels_app.models import Breach, Conversation
from channels_app.services.locking import locked
from channels_app.services.winding import CLOCK_FIELDS, show, wind
from tenants.live import publish

AT_ONCE = 500


def note_breaches() -> int:
    """Look at every conversation whose time is over; how many promises were broken.

    The row says when to look, and that it was looked at: a crash between two of them loses none,
    and of two workers one notes it.
    """
    over = Conversation.objects.filter(alarm_at__lte=timezone.now()).order_by("alarm_at")
    keys = list(over.values_list("pk", flat=True)[:AT_ONCE])
    return sum(_look_at(key) for key in keys)


@transaction.atomic
def _look_at(pk: int) -> int:
    row = locked(pk)
    wind(row)  # what is promised may be something else by now
    clock, now = Clock.of_json(row.clock), timezone.now()
    late = [(due, target) for due, target in clock.dues if due <= now and target not in clock.late]
    noted = sum(_note(row, clock, due, target) for due, target in late)
    show(row, clock)
    row.save(update_fields=CLOCK_FIELDS)
    return noted


def _note(row: Conversation, clock: Clock, due: datetime, target: str) -> bool:
    clock.late.append(target)
    _breach, is_new = Breach.objects.get_or_create(
        conversation=row,
        target=target,
        since=clock.since(target) or due,
        defaults={"due_at": due, "assignee_id": row.assignee_id},
    )
    if is_new:
        publish("sla_breached", conversation=row.pk, target=target, assignee=row.assignee_id)
        announcements.broken(row, target, due)
        if not row.connection.is_sample:
            notices.promise_broken(row)
    return is_new

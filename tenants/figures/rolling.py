"""Counting days: the last two always, older ones when something of theirs came in late."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from tenants import context
from tenants.figures.models import Figure, Watermark
from tenants.figures.sources import SOURCES, Day, Source
from tenants.workspace.services import profile

ALWAYS = 2  # days that are counted each time: what changes without a new row is mostly young
# Ids are given before they are committed: rows this far back may have come in behind the mark.
BEHIND = 1_000


def roll_up() -> dict[str, int]:
    """Count what may have changed since the last time; days counted, by source."""
    zone = context.current_company().time_zone
    return {name: _roll(source, zone) for name, source in SOURCES.items()}


def oldest_day() -> date:
    """Raw messages older than the retention time are gone: such a day is never counted again."""
    return timezone.localdate() - timedelta(days=max(profile().retention_days - 1, 0))


def _roll(source: Source, zone: str) -> int:
    known = Watermark.objects.filter(source=source.name).first() or Watermark(source=source.name)
    moved = known.zone != zone  # days begin at another hour now: all anew
    days, last = source.touched(0 if moved else max(known.mark - BEHIND, 0), zone)
    if moved:
        days |= set(Figure.objects.filter(kind__in=source.kinds).values_list("day", flat=True))
    here = ZoneInfo(zone)
    today = timezone.now().astimezone(here).date()
    days |= {today - timedelta(days=back) for back in range(ALWAYS)}
    oldest = oldest_day()
    due = sorted(day for day in days if oldest <= day <= today)
    for day in due:
        _count(source, Day.of(day, here))
    known.mark = last if moved else max(last, known.mark)
    known.zone, known.counted_at = zone, timezone.now()
    known.save()
    return len(due)


@transaction.atomic
def _count(source: Source, day: Day) -> None:
    # Two jobs that count the same day one after the other leave the same; at once they must not.
    with context.connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(current_schema() || 'figures' || %s))",
            [source.name],
        )
    found = [
        Figure(
            day=day.day,
            kind=count.kind,
            channel=count.channel[:32],
            agent=count.agent[:40],
            n=count.n,
            total=count.total,
            buckets=count.buckets,
        )
        for count in source.count(day)
    ]
    Figure.objects.filter(day=day.day, kind__in=source.kinds).delete()
    Figure.objects.bulk_create(found)

"""Quiet hours: when nobody is written to who did not ask."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(
    *, now: datetime, zone: ZoneInfo, start: time | None, end: time | None
) -> datetime | None:
    """When the quiet hours that ``now`` lies in are over; None if it lies in none.

    ``start`` and ``end`` are wall-clock times in ``zone``; hours that end before they start go
    over midnight. None or equal times mean that there are none.
    """
    if start is None or end is None or start == end:
        return None
    here = now.astimezone(zone)
    clock = here.time()
    day = here.date()
    if start < end:
        is_quiet = start <= clock < end
    else:
        is_quiet = clock >= start or clock < end
        if clock >= start:
            day += timedelta(days=1)
    if not is_quiet:
        return None
    # On the wall clock: a night in which the clocks change ends at the same hour, and where
    # that hour comes twice, at the one that is still to come.
    over = datetime.combine(day, end, tzinfo=zone)
    return over if over.timestamp() > now.timestamp() else over.replace(fold=1)

"""What the other floors ask of the workspace."""

from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils import timezone

from tenants import context
from tenants.audit.services import record
from tenants.hours import DAYS, Hours, read_other_days, read_week
from tenants.moments import Moment
from tenants.statements import Statement, Write, write_together
from tenants.workspace.models import Profile

# The company's profile, as it stood half a second ago at most; for reading only.
profile = Moment(Profile, Profile.current)


def opening_hours(ours: Profile | None = None) -> Hours:
    """When people are there, on the company's clock."""
    ours = ours or profile()
    days = tuple(str(ours.opening_hours.get(day) or "") for day in DAYS)
    return _hours(_zone(), days, ours.other_days)


@lru_cache(maxsize=1_000)
def _hours(zone: ZoneInfo, days: tuple[str, ...], other_days: str) -> Hours:
    return Hours(zone, read_week(dict(zip(DAYS, days, strict=True))), read_other_days(other_days))


# What a timer is set by: where one of these changes, every timer is set anew.
PROMISED_BY = frozenset({"opening_hours", "other_days", "promises"})


def promise_anew(**changes: Any) -> None:
    """The promises, or the hours they are counted in, are others from now on."""
    Profile.objects.filter(pk=Profile.current().pk).update(promised_at=timezone.now(), **changes)


@transaction.atomic
def change_profile(*, actor: str, **changes: Any) -> Profile:
    """Change how the company is represented; the next message is handled that way."""
    profile = Profile.current()
    details = {"fields": sorted(changes)}
    for name, value in changes.items():
        setattr(profile, name, value)
    if PROMISED_BY.intersection(changes):
        profile.promised_at = timezone.now()
        changes["promised_at"] = profile.promised_at
    profile.full_clean()
    profile.save(update_fields=[*changes, "updated_at"])
    record(action="profile.changed", subject="profile:1", actor=actor, details=details)
    return profile


def record_usage(**amounts: Decimal | int | float) -> None:
    """Add to today's counters, e.g. ``record_usage(messages=1, tokens=812)``."""
    write_together([usage(**amounts)])


def usage(**amounts: Decimal | int | float) -> Write | None:
    """As ``record_usage``, to be written together with what was done."""
    now = timezone.now()  # in UTC
    # Sorted: two workers that add to the same counters take their locks in the same order.
    added = [
        (now.date(), kind, Decimal(str(amount)))
        for kind, amount in sorted(amounts.items())
        if amount
    ]
    if cost := amounts.get("cost"):
        own = now.astimezone(_zone()).date()
        added.append((own, "model_cost", Decimal(str(cost))))
    return (
        Write(_add_usage(len(added)), [value for row in added for value in row]) if added else None
    )


def _zone() -> ZoneInfo:
    name = context.current_company().time_zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@lru_cache(maxsize=16)
def _add_usage(count: int) -> Statement:
    rows = ", ".join(["(%s, %s, %s)"] * count)
    return Statement(f"""
        INSERT INTO workspace_usageday AS known (day, kind, amount) VALUES {rows}
        ON CONFLICT (day, kind) DO UPDATE SET amount = known.amount + EXCLUDED.amount
    """)  # noqa: S608 (places only)

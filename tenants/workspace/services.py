"""What the other floors ask of the workspace."""

from datetime import UTC, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils import timezone

from tenants import context
from tenants.audit.services import record
from tenants.moments import Moment
from tenants.statements import Statement, Write, write_together
from tenants.workspace.models import Profile

# The company's profile, as it stood half a second ago at most; for reading only.
profile = Moment(Profile, Profile.current)


@transaction.atomic
def change_profile(*, actor: str, **changes: Any) -> Profile:
    """Change how the company is represented; the next message is handled that way."""
    profile = Profile.current()
    for name, value in changes.items():
        setattr(profile, name, value)
    profile.full_clean()
    profile.save(update_fields=[*changes, "updated_at"])
    details = {"fields": sorted(changes)}
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


def _zone() -> tzinfo:
    name = context.current_company().time_zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


@lru_cache(maxsize=16)
def _add_usage(count: int) -> Statement:
    rows = ", ".join(["(%s, %s, %s)"] * count)
    return Statement(f"""
        INSERT INTO workspace_usageday AS known (day, kind, amount) VALUES {rows}
        ON CONFLICT (day, kind) DO UPDATE SET amount = known.amount + EXCLUDED.amount
    """)  # noqa: S608 (places only)

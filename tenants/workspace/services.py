"""What the other floors ask of the workspace."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F

from tenants.audit.services import record
from tenants.workspace.models import Profile, UsageDay


def profile() -> Profile:
    """The company's profile, as it stands now."""
    return Profile.current()


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
    today = datetime.now(UTC).date()
    for kind, amount in amounts.items():
        if not amount:
            continue
        added = Decimal(str(amount))
        UsageDay.objects.bulk_create(
            [UsageDay(day=today, kind=kind, amount=0)], ignore_conflicts=True
        )
        UsageDay.objects.filter(day=today, kind=kind).update(amount=F("amount") + added)

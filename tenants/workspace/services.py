"""What the other floors ask of the workspace."""

from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import F

from tenants.workspace.models import Profile, UsageDay


def profile() -> Profile:
    """The company's profile, as it stands now."""
    return Profile.current()


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

"""Writing the log, and proving that nobody rewrote it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from tenants import context
from tenants.audit.models import AuditEntry

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Damage:
    """One entry that is not what it was when it was written."""

    sequence: int
    reason: str


@transaction.atomic
def record(
    *, action: str, subject: str, actor: str = "system", details: dict[str, Any] | None = None
) -> AuditEntry:
    """Append one deed. Names and ids only: no message text, no personal data, no secrets."""
    with context.connection.cursor() as cursor:
        # One writer at a time per schema, else two entries would follow the same one.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [context.scoped("audit")])
    last = AuditEntry.objects.order_by("-sequence").only("sequence", "hash").first()
    entry = AuditEntry(
        sequence=last.sequence + 1 if last else 1,
        at=timezone.now(),
        actor=actor[:120],
        action=action,
        subject=subject[:120],
        details=details or {},
        previous_hash=last.hash if last else GENESIS,
    )
    entry.hash = entry.computed_hash()
    entry.save(force_insert=True)
    return entry


def find_damage() -> Iterator[Damage]:
    """Walk the whole chain of this schema; yield each entry that was changed, added or lost."""
    expected_hash, expected_sequence = GENESIS, 1
    for entry in AuditEntry.objects.order_by("sequence").iterator():
        if entry.sequence != expected_sequence:
            yield Damage(entry.sequence, f"entries from #{expected_sequence} on are missing")
        elif entry.previous_hash != expected_hash:
            yield Damage(entry.sequence, "does not follow the entry before it")
        if entry.hash != entry.computed_hash():
            yield Damage(entry.sequence, "its content was changed")
        expected_hash, expected_sequence = entry.hash, entry.sequence + 1

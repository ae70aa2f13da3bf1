"""Writing the log, and proving that nobody rewrote it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from tenants import context
from tenants.audit.models import AuditEntry
from tenants.models import AuditHead
from tenants.prepared import Blank, Prepared

GENESIS = "0" * 64
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Damage:
    """One entry that is not what it was when it was written."""

    sequence: int
    reason: str


@transaction.atomic(savepoint=False)
def record(
    *, action: str, subject: str, actor: str = "system", details: dict[str, Any] | None = None
) -> AuditEntry:
    """Append one deed. Names and ids only: no message text, no personal data, no secrets.

    Call it last in a transaction: until that commits, other writers of this company wait.
    """
    head = _locked_head()
    entry = AuditEntry(
        sequence=head.sequence + 1,
        at=timezone.now(),
        actor=actor[:120],
        action=action,
        subject=subject[:120],
        details=details or {},
        previous_hash=head.hash,
    )
    entry.hash = entry.computed_hash()
    entry.save(force_insert=True)
    head.sequence, head.hash = entry.sequence, entry.hash
    head.save(update_fields=["sequence", "hash"])
    return entry


def find_damage() -> Iterator[Damage]:
    """Walk the whole chain of this schema; yield each entry that was changed, added or lost."""
    expected_hash, expected_sequence = GENESIS, 1
    for entry in _in_order():
        if entry.sequence != expected_sequence:
            yield Damage(entry.sequence, f"entries from #{expected_sequence} on are missing")
        elif entry.previous_hash != expected_hash:
            yield Damage(entry.sequence, "does not follow the entry before it")
        if entry.hash != entry.computed_hash():
            yield Damage(entry.sequence, "its content was changed")
        expected_hash, expected_sequence = entry.hash, entry.sequence + 1
    head = AuditHead.objects.filter(schema_name=context.schema()).first()
    last = head.sequence if head else 0
    if last >= expected_sequence:
        yield Damage(expected_sequence, f"entries from here to #{last} were cut off")
    elif last < expected_sequence - 1:
        yield Damage(last + 1, "entries from here on were added by another hand")
    elif head and head.hash != expected_hash:
        yield Damage(last, "the last entry is not the one that was written")


def _locked_head() -> AuditHead:
    schema = context.schema()
    head = _HEAD.first(schema=schema)
    if head is None:
        AuditHead.objects.bulk_create(
            [AuditHead(schema_name=schema, hash=GENESIS)], ignore_conflicts=True
        )
        head = AuditHead.objects.select_for_update().get(schema_name=schema)
    return head


_HEAD = Prepared(
    lambda: AuditHead.objects.select_for_update().order_by().filter(schema_name=Blank("schema"))
)


def _in_order() -> Iterator[AuditEntry]:
    """All entries from the oldest on, a batch at a time."""
    after = -1
    while batch := list(AuditEntry.objects.filter(sequence__gt=after).order_by("sequence")[:BATCH]):
        yield from batch
        after = batch[-1].sequence

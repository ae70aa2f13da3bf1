"""Writing the log, and proving that nobody rewrote it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from tenants import context
from tenants.audit.acting import acting_operator
from tenants.audit.models import AuditEntry
from tenants.models import AuditHead
from tenants.statements import Statement

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
    if operator := acting_operator():
        details = {**(details or {}), "operator": operator}
    entry = AuditEntry(
        at=timezone.now(),
        actor=actor[:120],
        action=action,
        subject=subject[:120],
        details=details or {},
    )
    before, behind = entry.hashed_around()
    values = {
        **entry.__dict__,
        "details": Jsonb(entry.details),
        "schema": context.schema(),
        "before": before,
        "behind": behind,
    }
    written = _APPEND.first(values)
    if written is None:
        _begin_chain()
        [written] = _APPEND.rows(values)
    entry.pk, entry.sequence, entry.previous_hash, entry.hash = written
    entry._state.adding = False
    return entry


# One journey: every other writer of the company waits from here to our commit, and each answer
# that went back and forth in between was time in which a busy worker's thread stood in the line
# for its turn to run.
_APPEND = Statement("""
WITH head AS MATERIALIZED (
    SELECT id, sequence + 1 AS sequence, hash FROM public.tenants_audithead
    WHERE schema_name = %(schema)s FOR UPDATE
),
entry AS (
    INSERT INTO audit_auditentry
        (sequence, at, actor, action, subject, details, previous_hash, hash)
    SELECT sequence, %(at)s, %(actor)s, %(action)s, %(subject)s, %(details)s, hash,
           encode(sha256(convert_to(
               %(before)s::text || hash || '", "sequence": ' || sequence || %(behind)s::text, 'UTF8'
           )), 'hex')
    FROM head
    RETURNING id, sequence, previous_hash, hash
)
UPDATE public.tenants_audithead AS ending SET sequence = entry.sequence, hash = entry.hash
FROM entry, head WHERE ending.id = head.id
RETURNING entry.id, entry.sequence, entry.previous_hash, entry.hash
""")


def _begin_chain() -> None:
    """The schema's first entry follows nothing."""
    AuditHead.objects.bulk_create(
        [AuditHead(schema_name=context.schema(), hash=GENESIS)], ignore_conflicts=True
    )


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


def _in_order() -> Iterator[AuditEntry]:
    """All entries from the oldest on, a batch at a time."""
    after = -1
    while batch := list(AuditEntry.objects.filter(sequence__gt=after).order_by("sequence")[:BATCH]):
        yield from batch
        after = batch[-1].sequence

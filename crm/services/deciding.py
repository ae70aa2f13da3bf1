"""What a person says where both sides have changed a field."""

from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.ledger import Entry
from crm.models import FieldConflict, FieldLedger, SyncRecord
from crm.services.marking import resend_ones
from crm.services.taking import is_fit, take
from leads.models import Lead
from tenants.audit.services import record

State = FieldConflict.State


@transaction.atomic
def decide_conflict(*, conflict: FieldConflict, winner: str, actor: str) -> FieldConflict:
    """Ours or theirs: the other side gets it. Decided twice, the first word stands."""
    if winner not in {State.OURS, State.THEIRS}:
        raise ValidationError({"winner": _("Say ours or theirs.")})
    lead = Lead.objects.select_for_update(of=("self",)).get(pk=conflict.record.lead_id)
    row = FieldConflict.objects.select_for_update(of=("self",)).get(pk=conflict.pk)
    if row.state != State.OPEN:
        return row
    ledger, _new = FieldLedger.objects.select_for_update().get_or_create(record=row.record)
    entry = ledger.entry(row.field) or Entry(source=row.source)
    if winner == State.THEIRS:
        if not is_fit(lead, row.source, row.theirs):
            raise ValidationError({"winner": _("Their value does not fit this field here.")})
        take(lead=lead, theirs={row.source: row.theirs}, actor=actor, where=row.record.connection)
        entry = replace(entry, ours=row.theirs)
    # Both are settled: what is there now is known, and says nothing any more.
    entry = replace(entry, theirs=row.theirs, synced=row.theirs, winner=winner)
    ledger.entries[row.field] = entry.kept()
    ledger.updated_at = timezone.now()
    ledger.save(update_fields=["entries", "updated_at"])
    row.state, row.decided_by, row.decided_at = winner, actor, timezone.now()
    row.save(update_fields=["state", "decided_by", "decided_at"])
    resend_ones(records=SyncRecord.objects.filter(pk=row.record_id))
    record(
        action="crm.conflict_decided",
        subject=f"lead:{lead.pk}",
        actor=actor,
        details={"field": row.field, "winner": winner},
    )
    return row

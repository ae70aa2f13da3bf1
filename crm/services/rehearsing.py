"""What would be sent of a lead: every request, precisely, and nothing is sent."""

from crm.models import CrmConnection, SyncRecord
from crm.services.access import provider_of
from crm.services.cards import cards_of, upsert_of
from crm.services.fields import held_back, ledgers_of
from leads.models import Lead
from tenants.plugins.rehearsal import Asked, rehearsed


def rehearse(*, connection: CrmConnection, lead: Lead) -> list[Asked]:
    """The requests of a push of this lead as it stands now, in their order.

    The plug-in's own push runs; ids that the CRM would give are in angle brackets, or 1. What
    waits for a person stays out, as it would.
    """
    record = SyncRecord.objects.filter(connection=connection, lead=lead).first()
    record = record or SyncRecord(connection=connection, lead=lead)
    known = [record] if record.pk else []
    held = held_back(known).get(record.pk, set()) if known else set()
    ledger = ledgers_of(known).get(record.pk) if known else None
    provider = provider_of(connection)
    upsert = upsert_of(
        record=record,
        card=cards_of([record])[lead.pk],
        fields=[one for one in connection.sent_fields() if one.name not in held],
        provider=provider,
        known=ledger.known_parts() if ledger else None,
    )
    with rehearsed(provider.rehearsed) as stage:
        for outcome in provider.push([upsert]):
            if outcome.error is not None:
                raise outcome.error
    return stage.asked

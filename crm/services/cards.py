"""A lead as a CRM is told of it."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from crm import mapping
from crm.models import SyncRecord
from crm.providers.base import CrmProvider, Field, Part, Upsert
from leads.models import Lead
from leads.pipeline import counts_as
from tenants import context


def key_of(lead: Lead) -> str:
    """Ours, for good. The company's name is part of it: two may share a CRM account."""
    return f"{context.schema()}-{lead.pk}"


def card_of(lead: Lead) -> mapping.LeadCard:
    """Everything a CRM may be told of a lead. Reads people and contributions: prefetch them."""
    return mapping.LeadCard(
        key=key_of(lead),
        version=lead.version,
        name=lead.name,
        email=lead.email,
        phone=lead.phone,
        score=lead.score,
        tier=lead.tier,
        stage=counts_as(lead.stage),
        owner_email=lead.owner.email if lead.owner else "",
        facts=lead.facts,
        reasons=tuple(
            mapping.Reason(label=row.label, points=row.points, quote=row.quote)
            for row in lead.contributions.all()
        ),
        created_at=lead.created_at,
        updated_at=lead.updated_at,
    )


def cards_of(records: Sequence[SyncRecord]) -> dict[int, mapping.LeadCard]:
    """By lead; one that has just been erased has none."""
    leads = (
        Lead.everything.filter(pk__in=[record.lead_id for record in records])
        .with_people()
        .prefetch_related("contributions")
        .in_bulk()
    )
    return {lead_id: card_of(lead) for lead_id, lead in leads.items()}


def told_of(*, record: SyncRecord) -> dict[str, object]:
    """What the CRM would be told of the record's lead, as it stands now."""
    card = cards_of([record])[record.lead_id]
    return dict(mapping.properties(card, record.connection.sent_fields()))


def upsert_of(
    *,
    record: SyncRecord,
    card: mapping.LeadCard,
    fields: Sequence[Field],
    provider: CrmProvider,
    known: dict[str, Part] | None = None,
) -> Upsert:
    card = replace(card, merged_into=record.merged_into)
    return Upsert(
        key=card.key,
        delivery_id=delivery_id(record.connection_id, card),
        changed_at=card.updated_at,
        properties=mapping.properties(card, fields),
        external_id=record.external_id,
        parts=mapping.parts(card, provider.parts),
        known=known or {},
    )


def delivery_id(connection_id: int, card: mapping.LeadCard) -> str:
    """The same for the same state of the same lead, however often and by whomever it is sent."""
    content = f"{connection_id}/{card.key}/{card.version}"
    return "msg_" + sha256(content.encode()).hexdigest()[:32]

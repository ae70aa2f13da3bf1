"""Bringing leads into a CRM: claim, push outside any transaction, record what became of each."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from crm import mapping
from crm.models import CrmConnection, SyncRecord, SyncRecordQuerySet
from crm.providers.base import CrmProvider, Outcome, Upsert
from crm.services.outcomes import RECONNECT, record_outcomes
from leads.models import Lead
from leads.pipeline import counts_as
from tenants import context, limits
from tenants.plugins.errors import ProviderError, Rejected

State = SyncRecord.State

# One call works no longer than this, far below a claim's life and an actor's time limit.
SPENDS_SECONDS = 60.0


@dataclass(slots=True)
class Pushed:
    """How a push went; ``again_in`` says in how many seconds the rest should follow, if any."""

    synced: int = 0
    failed: int = 0
    dead: int = 0
    again_in: float | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """Records that are ours until their outcome is written, with what the CRM shall know."""

    claim: uuid.UUID
    records: dict[str, SyncRecord]
    upserts: list[Upsert]
    versions: dict[str, int]


def push_due(*, connection: CrmConnection) -> Pushed:
    """Push everything that is due at this CRM, in its batches, until trouble or time ends it."""
    return _push(connection, SyncRecord.objects.due().filter(connection=connection))


def push_lead(*, connection: CrmConnection, lead_id: int) -> Pushed:
    """Push this one lead now, if it is behind and not waiting after a failure."""
    due = SyncRecord.objects.due().filter(connection=connection, lead=lead_id)
    return _push(connection, due)


def _push(connection: CrmConnection, due: SyncRecordQuerySet) -> Pushed:
    pushed = Pushed()
    if not connection.is_active or connection.health == CrmConnection.Health.RECONNECT:
        return pushed
    provider = connection.provider()
    rate = limits.Rate(int(provider.rate[0]), provider.rate[1])
    ends = time.monotonic() + SPENDS_SECONDS
    while due.exists():
        room = limits.take(f"crm:{connection.pk}", rate)
        if not room.allowed or time.monotonic() > ends:
            pushed.again_in = max(room.wait_seconds, 0.1)
            break
        claimed = _claim(due, provider)
        if not claimed.records:  # another worker was faster
            break
        began = time.monotonic()
        outcomes = _send(provider, claimed.upserts)
        spent = int((time.monotonic() - began) * 1000)
        counts = record_outcomes(
            connection=connection,
            claim=claimed.claim,
            outcomes={outcome.key: outcome for outcome in outcomes},
            sent={key: (record, claimed.versions[key]) for key, record in claimed.records.items()},
            delivery_ids={upsert.key: upsert.delivery_id for upsert in claimed.upserts},
            milliseconds=spent,
        )
        pushed.synced += counts.synced
        pushed.failed += counts.failed
        pushed.dead += counts.dead
        if counts.trouble:
            break
    return pushed


def _claim(due: SyncRecordQuerySet, provider: CrmProvider) -> Claimed:
    """Take a batch in a commit of its own: whatever happens next, the rows say who has them."""
    claim = uuid.uuid4()
    with transaction.atomic():
        records = list(
            due.select_for_update(skip_locked=True, of=["self"]).order_by("next_attempt_at", "pk")[
                : provider.batch_size
            ]
        )
        SyncRecord.objects.filter(pk__in=[record.pk for record in records]).update(
            state=State.SYNCING, claim=claim, claimed_at=timezone.now()
        )
    leads = (
        Lead.everything.filter(pk__in=[record.lead_id for record in records])
        .with_people()
        .prefetch_related("contributions")
        .in_bulk()
    )
    cards = {lead_id: card_of(lead) for lead_id, lead in leads.items()}
    kept = [record for record in records if record.lead_id in cards]  # a lead may just be erased
    return Claimed(
        claim=claim,
        records={cards[record.lead_id].key: record for record in kept},
        upserts=[_upsert(record, cards[record.lead_id], provider) for record in kept],
        versions={card.key: card.version for card in cards.values()},
    )


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


def told_of(*, record: SyncRecord) -> dict[str, object]:
    """What the CRM would be told of the record's lead, as it stands now."""
    lead = Lead.everything.with_people().prefetch_related("contributions").get(pk=record.lead_id)
    return dict(mapping.properties(card_of(lead), record.connection.provider().fields))


def _upsert(record: SyncRecord, card: mapping.LeadCard, provider: CrmProvider) -> Upsert:
    return Upsert(
        key=card.key,
        delivery_id=delivery_id(record.connection_id, card),
        changed_at=card.updated_at,
        properties=mapping.properties(
            replace(card, merged_into=record.merged_into), provider.fields
        ),
        external_id=record.external_id,
    )


def delivery_id(connection_id: int, card: mapping.LeadCard) -> str:
    """The same for the same state of the same lead, however often and by whomever it is sent."""
    content = f"{connection_id}/{card.key}/{card.version}"
    return "msg_" + sha256(content.encode()).hexdigest()[:32]


def _send(provider: CrmProvider, upserts: Sequence[Upsert]) -> list[Outcome]:
    """Push; where a batch is refused as a whole, halve it until the culprit stands alone."""
    try:
        return provider.push(upserts)
    except RECONNECT as error:
        return _all(provider, upserts, error)
    except Rejected as error:
        if len(upserts) == 1:
            return _all(provider, upserts, error)
        middle = len(upserts) // 2
        return _send(provider, upserts[:middle]) + _send(provider, upserts[middle:])
    except ProviderError as error:
        return _all(provider, upserts, error)


def _all(provider: CrmProvider, upserts: Sequence[Upsert], error: ProviderError) -> list[Outcome]:
    request_id = provider.request_id_of(error)
    return [Outcome(upsert.key, "", error.status, request_id, error) for upsert in upserts]

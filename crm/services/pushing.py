"""Bringing leads into a CRM: claim, push outside any transaction, record what became of each."""

import time
import uuid
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from crm.mapping import LeadCard
from crm.models import CrmConnection, SyncRecord, SyncRecordQuerySet
from crm.providers.base import CrmProvider, Outcome, Upsert
from crm.services.access import provider_of
from crm.services.cards import cards_of, upsert_of
from crm.services.fields import hear_all, held_back, ledgers_of, names_asked
from crm.services.outcomes import RECONNECT, Sent, record_outcomes
from tenants import limits
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
    """Records that are ours until their outcome is written, with the leads they are about."""

    claim: uuid.UUID
    records: dict[str, SyncRecord]
    cards: dict[str, LeadCard]


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
    provider = provider_of(connection)
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
        upserts, outcomes = _bring(connection, provider, claimed)
        spent = int((time.monotonic() - began) * 1000)
        counts = record_outcomes(
            connection=connection,
            claim=claimed.claim,
            outcomes={outcome.key: outcome for outcome in outcomes},
            sent={
                key: Sent(record, claimed.cards[key].version, upserts[key])
                for key, record in claimed.records.items()
            },
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
    cards = cards_of(records)
    kept = {cards[record.lead_id].key: record for record in records if record.lead_id in cards}
    return Claimed(claim, kept, {card.key: card for card in cards.values()})


def _bring(
    connection: CrmConnection, provider: CrmProvider, claimed: Claimed
) -> tuple[dict[str, Upsert], list[Outcome]]:
    """Look at what people there have changed, then push what is left for us to say."""
    records, fields = claimed.records, connection.sent_fields()
    known = {
        record_id: ledger.known_parts()
        for record_id, ledger in ledgers_of(list(records.values())).items()
    }
    asked = names_asked(connection.rules()) if provider.has_people else []

    def upserts(held: Mapping[str, Container[str]]) -> dict[str, Upsert]:
        return {
            key: upsert_of(
                record=record,
                card=claimed.cards[key],
                fields=[one for one in fields if one.name not in held.get(key, ())],
                provider=provider,
                known=known.get(record.pk),
            )
            for key, record in records.items()
        }

    made = upserts({})
    held: dict[str, set[str]] = {}
    if asked:
        try:
            found = provider.read(list(made.values()), asked)
        except ProviderError as error:
            return made, _all(provider, list(made.values()), error)
        heard = hear_all(connection=connection, records=records, cards=claimed.cards, found=found)
        if any(each.applied for each in heard.values()):
            fresh = cards_of(list(records.values()))
            claimed.cards.update({card.key: card for card in fresh.values()})
        waiting = held_back(list(records.values()))
        held = {
            key: waiting.get(record.pk, set()) | (heard[key].held if key in heard else set())
            for key, record in records.items()
        }
        if heard or any(held.values()):
            made = upserts(held)
    return made, _send(provider, list(made.values()))


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

"""What people have changed in a CRM, asked for: not every CRM tells us by itself."""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from crm import mapping
from crm.ledger import OWNER, Rule, is_pulled
from crm.models import CrmConnection, SyncRecord
from crm.providers.base import Changed, Found
from crm.services.access import provider_of
from crm.services.cards import cards_of
from crm.services.fields import has_news, hear, ledgers_of
from crm.services.outcomes import RECONNECT, Counts, note_health
from tenants.plugins.errors import ProviderError

logger = logging.getLogger(__name__)

# A search finds what was written a moment ago only after a while, and clocks differ.
OVERLAP = timedelta(minutes=2)
ROUNDS = 10  # answers of one look; the next look goes on from there


def pull_changes(*, connection: CrmConnection) -> int:
    """Bring home what was changed there since the last look; returns how many leads that changed.

    Our own pushes are among it: what both sides agreed on says nothing. A CRM that does not answer
    is asked again with the beat's next stroke, from where this look ended.
    """
    provider, rules = provider_of(connection), connection.rules()
    names = [rule.field.name for rule in rules if rule.field.name and is_pulled(rule.field.source)]
    is_usable = connection.is_active and connection.health != CrmConnection.Health.RECONNECT
    if not (is_usable and provider.has_people and names):
        return 0
    began = timezone.now()
    since, moved = connection.pulled_until or connection.created_at, 0
    for _round in range(ROUNDS):
        try:
            changed = provider.changed(since, names)
        except ProviderError as error:
            _note(connection, error)
            break
        moved += _take_in(connection, rules, changed)
        last = max((each.at for each in changed), default=since)
        if last <= since:
            since = max(since, began - OVERLAP)
            break
        since = last
    CrmConnection.objects.filter(pk=connection.pk).update(pulled_until=since)
    return moved


def _note(connection: CrmConnection, error: ProviderError) -> None:
    """Refused credentials are a person's to mend; whether anything else passes, a push will say."""
    if isinstance(error, RECONNECT):
        note_health(connection, Counts(trouble=error))
        return
    name = type(error).__name__
    logger.warning("crm pull: connection %s: %s %s", connection.pk, name, error.code)


def _take_in(connection: CrmConnection, rules: Sequence[Rule], changed: Sequence[Changed]) -> int:
    records = _records(connection, changed)
    cards = cards_of(list(records.values()))
    ledgers = ledgers_of(list(records.values()))
    moved = 0
    for each in changed:
        record = records.get(each.external_id)
        if record is None or record.lead_id not in cards or not _concerns(each, record, cards):
            continue
        found = {**each.values, **_owner(each)}
        if has_news(ledgers.get(record.pk), found, card=cards[record.lead_id], rules=rules):
            with transaction.atomic():
                moved += bool(hear(record=record, found=found, rules=rules).applied)
    return moved


def _concerns(changed: Changed, record: SyncRecord, cards: Mapping[int, mapping.LeadCard]) -> bool:
    """A person there may have deals that are not about our lead."""
    ours = {cards[record.lead_id].key, *record.external_id.split(".")}
    return not changed.only_of or changed.only_of in ours


def _records(connection: CrmConnection, changed: Sequence[Changed]) -> dict[str, SyncRecord]:
    """By the id there; of several ids that we remember together the first is the person's."""
    ids = {each.external_id for each in changed}
    named = Q(external_id__in=ids)
    for identity in ids:
        named |= Q(external_id__startswith=f"{identity}.")
    rows = SyncRecord.objects.filter(named, connection=connection) if ids else []
    return {row.external_id.partition(".")[0]: row for row in rows}


def _owner(changed: Changed) -> dict[str, Found]:
    return {OWNER: Found(changed.owner_email, changed.at)} if changed.owner_email else {}

"""What both sides have in each field: noted with every push, asked before one, and judged.

Where a person there has changed a field it is their value against ours, by the policy of the
field. What came from there is noted as agreed on, so that it is never sent back as news.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from crm import mapping
from crm.ledger import FACT, OWNER, Entry, Rule, Verdict, is_pulled, is_same, judge
from crm.models import CrmConnection, FieldConflict, FieldLedger, SyncRecord
from crm.providers.base import Found, Outcome, Upsert
from crm.services.cards import card_of
from crm.services.taking import actor_of, is_fit, take
from leads.models import Lead, LeadChange

KEPT = 2_000  # characters of a value that the ledger keeps
Open = FieldConflict.State.OPEN


@dataclass(slots=True)
class Heard:
    """What came of what they have: ours by now, or held back from being written over."""

    applied: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)


def names_asked(rules: Iterable[Rule]) -> list[str]:
    """The fields there that we look at before we write."""
    return [rule.field.name for rule in rules if rule.field.name and rule.is_asked]


def ledgers_of(records: Sequence[SyncRecord]) -> dict[int, FieldLedger]:
    """By record; one that has never got through has none."""
    return {row.record_id: row for row in FieldLedger.objects.filter(record__in=records)}


def held_back(records: Sequence[SyncRecord]) -> dict[int, set[str]]:
    """Fields that wait for a person: neither side's value goes anywhere."""
    rows = FieldConflict.objects.filter(record__in=records, state=Open)
    held: dict[int, set[str]] = {}
    for record_id, name in rows.values_list("record_id", "field"):
        held.setdefault(record_id, set()).add(name)
    return held


def hear_all(
    *,
    connection: CrmConnection,
    records: Mapping[str, SyncRecord],
    cards: Mapping[str, mapping.LeadCard],
    found: Mapping[str, Mapping[str, Found]],
) -> dict[str, Heard]:
    """Judge what a look at the CRM has brought, by our keys; most of it is no news."""
    rules = connection.rules()
    ledgers = ledgers_of(list(records.values()))
    heard = {}
    for key, values in found.items():
        record = records[key]
        if has_news(ledgers.get(record.pk), values, card=cards[key], rules=rules):
            heard[key] = hear(record=record, found=values, rules=rules)
    return heard


def has_news(
    ledger: FieldLedger | None,
    found: Mapping[str, Found],
    *,
    card: mapping.LeadCard,
    rules: Sequence[Rule],
) -> bool:
    """Whether anything there is neither what we have nor what both agreed on."""
    sent = [rule.field for rule in rules if rule.field.name]
    ours = {OWNER: card.owner_email, **mapping.properties(card, sent)}
    return any(_is_news(ledger, name, ours, each) for name, each in found.items())


def _is_news(ledger: FieldLedger | None, name: str, ours: Mapping[str, Any], each: Found) -> bool:
    entry = ledger.entry(name) if ledger else None
    known = entry.synced if entry is not None else str(ours.get(name, ""))
    return bool(each.value.strip()) and not is_same(each.value, known)


@transaction.atomic
def hear(*, record: SyncRecord, found: Mapping[str, Found], rules: Sequence[Rule]) -> Heard:
    """Bring what they have together with what we have, by the policy of each field."""
    heard = Heard()
    lead = Lead.objects.select_for_update(of=("self",)).filter(pk=record.lead_id).first()
    if lead is None:  # part of another one, whose own record speaks for both
        return heard
    ledger, _new = FieldLedger.objects.select_for_update().get_or_create(record=record)
    ours = _ours(lead, rules)
    at = _changed_at(lead)
    theirs: dict[str, str] = {}
    for rule in rules:
        name, source = rule.field.name or rule.field.source, rule.field.source
        if name not in found or not is_pulled(source):
            continue
        value, entry = found[name].value, ledger.entry(name)
        verdict = judge(
            entry,
            ours=ours.get(name, ""),
            theirs=value,
            policy=rule.policy,
            ours_at=at.get(_changed_as(source), lead.updated_at),
            theirs_at=found[name].at,
        )
        if verdict is Verdict.THEIRS and not is_fit(lead, source, value):
            heard.held.add(name)  # nothing we could be: it stays theirs
            continue
        if verdict is Verdict.ASK:
            heard.held.add(name)
            _ask(record, name, source, ours.get(name, ""), found[name], at)
        else:
            _settle_by_itself(record, name)
        if verdict is Verdict.THEIRS:
            theirs[source] = value
            heard.applied.add(name)
        ledger.entries[name] = _entry(entry, source, ours.get(name, ""), value, verdict).kept()
    _save(ledger)
    if theirs:
        take(
            lead=lead, theirs=theirs, actor=actor_of(record.connection_id), where=record.connection
        )
    return heard


def note_heard(*, record: SyncRecord, source: str, name: str, value: str) -> None:
    """They have changed a field, and the lead has followed.

    Where one of our fields follows another of theirs, theirs of the same meaning stays as it was
    until the next push.
    """
    rules = record.connection.rules()
    named = next(
        (one.field.name or one.field.source for one in rules if one.field.source == source), ""
    )
    if not named:
        return
    ledger, _new = FieldLedger.objects.select_for_update().get_or_create(record=record)
    before = ledger.entry(named) or Entry(source=source)
    if name == named or source == OWNER:
        now = timezone.now().isoformat()
        before = replace(before, theirs=value, synced=value, synced_at=now)
    ledger.entries[named] = replace(before, ours=value, winner="theirs").kept()
    _save(ledger)
    _settle_by_itself(record, named)


def note_pushed(
    *,
    rows: Mapping[str, SyncRecord],
    upserts: Mapping[str, Upsert],
    outcomes: Mapping[str, Outcome],
    rules: Sequence[Rule],
) -> None:
    """What the CRM took is what both have; runs in the transaction that writes the outcomes."""
    taken = {key: row for key, row in rows.items() if _is_taken(outcomes.get(key))}
    ledgers = ledgers_of(list(taken.values()))
    sources = {rule.field.name: rule.field.source for rule in rules}
    now = timezone.now()
    for key, row in taken.items():
        ledger = ledgers.setdefault(row.pk, FieldLedger(record=row))
        for name, sent in upserts[key].properties.items():
            value, before = str(sent)[:KEPT], ledger.entry(name)
            is_theirs = before is not None and before.winner == "theirs"
            stays = is_theirs and before is not None and is_same(before.theirs, value)
            ledger.entries[name] = Entry(
                source=sources.get(name, ""),
                ours=value,
                theirs=value,
                synced=value,
                synced_at=now.isoformat(),
                winner="theirs" if stays else "ours",
            ).kept()
        parts = outcomes[key].parts
        ledger.parts = {name: [part.id, part.told] for name, part in parts.items()} or ledger.parts
        ledger.updated_at = now
    FieldLedger.objects.bulk_create(
        list(ledgers.values()),
        update_conflicts=True,
        unique_fields=["record"],
        update_fields=["entries", "parts", "updated_at"],
    )


def _is_taken(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.error is None


def _ours(lead: Lead, rules: Sequence[Rule]) -> dict[str, str]:
    card = card_of(lead)
    ours = mapping.properties(card, [rule.field for rule in rules if rule.field.name])
    return {OWNER: card.owner_email, **{name: str(value)[:KEPT] for name, value in ours.items()}}


def _changed_as(source: str) -> str:
    """What a lead's history calls it."""
    if source in {"first_name", "last_name"}:
        source = "name"
    return source if source in {"stage", OWNER} or source.startswith(FACT) else f"{FACT}{source}"


def _changed_at(lead: Lead) -> dict[str, datetime]:
    rows = LeadChange.objects.filter(lead=lead).order_by("pk").values_list("field", "at")
    return dict(rows)


def _entry(entry: Entry | None, source: str, ours: str, theirs: str, verdict: Verdict) -> Entry:
    now = timezone.now().isoformat()
    before = entry or Entry()
    if verdict is Verdict.SAME:
        agreed = not is_same(before.synced, theirs)
        return replace(
            before,
            source=source,
            ours=ours,
            theirs=theirs,
            synced=theirs,
            synced_at=now if agreed else before.synced_at,
        )
    if verdict is Verdict.THEIRS:
        return Entry(
            source=source, ours=theirs, theirs=theirs, synced=theirs, synced_at=now, winner="theirs"
        )
    winner = "ours" if verdict is Verdict.OURS else before.winner
    return replace(before, source=source, ours=ours, theirs=theirs, winner=winner)


def _ask(
    record: SyncRecord,
    name: str,
    source: str,
    ours: str,
    found: Found,
    at: Mapping[str, datetime],
) -> None:
    FieldConflict.objects.update_or_create(
        record=record,
        field=name,
        state=Open,
        defaults={
            "source": source,
            "ours": ours,
            "theirs": found.value[:KEPT],
            "ours_at": at.get(_changed_as(source)),
            "theirs_at": found.at,
        },
    )


def _settle_by_itself(record: SyncRecord, name: str) -> None:
    FieldConflict.objects.filter(record=record, field=name, state=Open).update(
        state=FieldConflict.State.SETTLED, decided_by="system", decided_at=timezone.now()
    )


def _save(ledger: FieldLedger) -> None:
    ledger.updated_at = timezone.now()
    ledger.save(update_fields=["entries", "updated_at"])

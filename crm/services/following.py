"""What people change in the CRM is pulled back onto the lead, where it is newer than ours.

It is never told to that CRM again: its record counts as being in step with the change that came
from there. A change we wrote ourselves comes back as news too, and says nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from crm.hooks.values import News, RecordChanged, RecordGone
from crm.ledger import OWNER, Policy, is_pulled
from crm.models import HookEvent, SyncRecord
from crm.providers.base import Found
from crm.services.access import provider_of
from crm.services.fields import hear, note_heard
from crm.services.ringing import ring
from crm.services.taking import person
from leads.models import Lead
from leads.pipeline import counts_as
from leads.services import assign_owner, set_stage

State = SyncRecord.State
OwnerEmails = Mapping[str, str]  # the CRM's id of an owner -> the e-mail they have there
NOBODY = ("nobody", "No lead of ours is this record.")


def owner_emails(event: HookEvent, news: Sequence[News]) -> dict[str, str]:
    """Who the owners are that the news name: the CRM knows them by ids of its own."""
    asked = {
        each.value: each.record_id
        for each in news
        if isinstance(each, RecordChanged) and each.field == "owner" and each.value
    }
    found = {}
    for owner_id, record_id in asked.items():
        record = _records(event, record_id).select_related("connection").first()
        if record is not None:
            found[owner_id] = provider_of(record.connection).owner_email(owner_id)
    return found


def follow_change(event: HookEvent, change: RecordChanged, owners: OwnerEmails) -> tuple[str, str]:
    """Bring stage or owner of the lead to what they are in the CRM."""
    if change.is_ours:
        return "echo", "We wrote this ourselves."
    found = _held(event, change.record_id)
    if not change.field and (found is None or not _is_mapped(found[1], change.name)):
        return "unsupported", f"The property {change.name[:60] or '?'} is not ours to follow."
    if found is None:
        return NOBODY
    lead, record = found
    # Its clock may run ahead of ours; read again, it says the same.
    at = min(change.at or event.received_at, event.received_at)
    known_as = change.field or change.name
    if not _is_later(record, known_as, at):
        return "older", "We have heard later news of it."
    outcome = _follow(event, lead, record, change, owners, at)
    if outcome[0] != "older":
        record.heard = {**record.heard, known_as: at.isoformat()}
        record.save(update_fields=["heard", "wanted_version", "synced_version"])
    return outcome


def _follow(
    event: HookEvent,
    lead: Lead,
    record: SyncRecord,
    change: RecordChanged,
    owners: OwnerEmails,
    at: datetime,
) -> tuple[str, str]:
    """By who wins in the field: where it is the newest, an event that says when is enough."""
    policy = record.connection.policy_of(change.field)
    if change.field and policy is Policy.OURS:
        return "ours", "Ours wins in this field."
    if change.field and policy is Policy.NEWEST:
        here = lead.changes.filter(field=change.field).exclude(actor=_actor(event))
        last = here.order_by("-pk").first()
        if last is not None and last.at >= at:
            return "older", "The lead was changed since."
        outcome = _apply(event, lead, change, owners)
        if outcome[0] == change.field:
            _is_in_step(record, lead)
            note_heard(record=record, source=change.field, name=change.name, value=change.value)
        return outcome
    return _judged(lead, record, change, owners, at)


def _judged(
    lead: Lead, record: SyncRecord, change: RecordChanged, owners: OwnerEmails, at: datetime
) -> tuple[str, str]:
    rules = record.connection.rules()
    name, value = change.name, change.value
    if change.field:
        name = next(
            (one.field.name or OWNER for one in rules if one.field.source == change.field), name
        )
        value = owners.get(value, "") if change.field == OWNER else value
    heard = hear(record=record, found={name: Found(value, at)}, rules=rules)
    if heard.held:
        return "conflict", "Both sides have changed it: a person decides."
    if not heard.applied:
        return "unchanged", "It says nothing that is not so already, or ours wins."
    if change.field:
        lead.refresh_from_db(fields=["version"])
        _is_in_step(record, lead)  # nothing else of the lead hangs on it
    return change.field or "field", ""


def mark_gone(event: HookEvent, gone: RecordGone, owners: OwnerEmails) -> tuple[str, str]:
    """The record is not there any more: nothing is pushed into it, and people see why.

    Making it anew is theirs to decide, for somebody has deleted it on purpose.
    """
    found = _held(event, gone.record_id)
    if found is None:
        return NOBODY
    _lead, record = found
    if not gone.is_back:
        record.state, record.claim, record.claimed_at = State.GONE, None, None
        record.save(update_fields=["state", "claim", "claimed_at"])
        return "gone", ""
    if record.state != State.GONE:
        return "unchanged", "It was not marked as deleted."
    record.state, record.next_attempt_at = State.DIRTY, timezone.now()
    record.save(update_fields=["state", "next_attempt_at"])
    ring("push_due", record.connection_id)
    return "restored", ""


def _records(event: HookEvent, record_id: str) -> QuerySet[SyncRecord]:
    """The records of that name, in the CRM the hook is about, or in any of its kind."""
    rows = SyncRecord.objects.filter(external_id=record_id, connection__kind=event.hook.kind)
    return rows.filter(connection=event.hook.crm_id) if event.hook.crm_id else rows


def _held(event: HookEvent, record_id: str) -> tuple[Lead, SyncRecord] | None:
    """The lead and its record, locked in the order in which everybody locks them."""
    named = _records(event, record_id).order_by("pk").values_list("lead_id", flat=True).first()
    if named is None:
        return None
    lead = Lead.objects.select_for_update(of=("self",)).filter(pk=named).first()
    if lead is None:  # part of another one, whose own record speaks for both
        return None
    rows = _records(event, record_id).select_for_update(of=("self",)).filter(lead=lead)
    record = rows.order_by("pk").first()
    return None if record is None else (lead, record)


def _is_later(record: SyncRecord, known_as: str, at: datetime) -> bool:
    """Whether it was changed there after what we heard of it last."""
    heard = record.heard.get(known_as)
    return not heard or at > datetime.fromisoformat(heard)


def _is_mapped(record: SyncRecord, name: str) -> bool:
    rules = record.connection.rules()
    return any(rule.field.name == name and is_pulled(rule.field.source) for rule in rules)


def _apply(
    event: HookEvent, lead: Lead, change: RecordChanged, owners: OwnerEmails
) -> tuple[str, str]:
    reason, actor = f"Changed in {event.hook.get_kind_display()}", _actor(event)
    before = lead.version
    if change.field == "stage":
        # A CRM knows the six only: a stage of the company's own that counts as it stays.
        is_it = counts_as(lead.stage) == change.value
        stage = lead.stage if is_it else change.value
        now = set_stage(lead=lead, stage=stage, actor=actor, reason=reason)
    else:
        owner = person(owners.get(change.value, ""))
        if change.value and owner is None:
            return "unknown_owner", "Nobody here has the e-mail of this owner."
        now = assign_owner(lead=lead, owner=owner, actor=actor, reason=reason)
    lead.version = now.version
    return (change.field, "") if now.version != before else ("unchanged", "It is so already.")


def _is_in_step(record: SyncRecord, lead: Lead) -> None:
    """What came from there need not go there.

    A push that is under way may still carry the old value, so that the record stays behind and
    the next one carries the new.
    """
    record.wanted_version = max(record.wanted_version, lead.version)
    if record.state == State.CLEAN:
        record.synced_version = record.wanted_version


def _actor(event: HookEvent) -> str:
    return f"hook:{event.hook_id}"

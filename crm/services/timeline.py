"""Meetings and calls on the timeline of whoever they were with."""

from datetime import datetime
from typing import Any

from django.db.models import F, Q

from channels_app.models import ContactIdentity
from channels_app.proofs import comparable_phone
from channels_app.wire import key_of
from crm.hooks.values import Call, Meeting
from crm.models import HookEvent, TimelineEntry
from crm.services.calling import hear_of_call
from crm.services.following import OwnerEmails
from leads.models import Lead
from tenants import crypto

Kind = TimelineEntry.Kind
NOBODY = ("nobody", "No lead of ours has this e-mail address or phone number (yet).")
# A call goes one way through these; whatever came first, it does not go back.
CALL_STATES = ("scheduled", "queued", "ringing", "in-progress", "forwarding", "ended")
MATCHED_AT_ONCE = 500


def note_meeting(event: HookEvent, news: Meeting, owners: OwnerEmails) -> tuple[str, str]:
    """Write down an appointment that was booked or called off."""
    status = "canceled" if news.is_canceled else "booked"
    entry = _entry(event, Kind.MEETING, news.external_id)
    if entry.pk and entry.status == "canceled":
        status = "canceled"  # the booking may come after its cancellation
    details = {
        "name": news.name,
        "email": news.email,
        "phone": news.phone,
        "place": news.place,
        "ends_at": news.ends_at.isoformat() if news.ends_at else "",
        "reason": news.reason,
        "is_moved": news.is_moved,
        "answers": [list(each) for each in news.answers],
    }
    _learn(entry, details)
    entry.title = news.title or entry.title
    return _save(
        event, entry, status, email=news.email, phone=news.phone, at=news.at, when=news.starts_at
    )


def note_call(event: HookEvent, news: Call, owners: OwnerEmails) -> tuple[str, str]:
    """Write down how far a call has come, or how it went."""
    # A report without a call's name is kept all the same, as a call of its own.
    entry = _entry(event, Kind.CALL, news.external_id or event.key)
    status = news.status
    if entry.pk and entry.status in CALL_STATES:
        status = max(entry.status, news.status, key=CALL_STATES.index)
    details = {
        "name": news.name,
        "phone": news.phone,
        "direction": news.direction,
        "seconds": news.seconds,
        "ended_reason": news.ended_reason,
        "recording_url": news.recording_url,
        "transcript": news.transcript,
    }
    _learn(entry, details)
    entry.text = news.summary or entry.text
    asked = hear_of_call(hook=event.hook, news=news)
    entry.lead = asked.lead if asked is not None else entry.lead
    return _save(event, entry, status, email="", phone=news.phone, at=news.at, when=news.started_at)


def match_timeline() -> int:
    """Find whose the entries of nobody are; returns how many were found. The sweeper asks."""
    found = 0
    waiting = TimelineEntry.objects.filter(lead=None).exclude(email_index="", phone_index="")
    for entry in waiting.order_by("-pk")[:MATCHED_AT_ONCE]:
        lead = _lead_of(entry)
        if lead is not None:
            TimelineEntry.objects.filter(pk=entry.pk, lead=None).update(lead=lead)
            found += 1
    return found


def _entry(event: HookEvent, kind: str, external_id: str) -> TimelineEntry:
    """The entry of this meeting or call, locked; a new one where this is the first word of it."""
    key = key_of(kind, external_id)
    TimelineEntry.objects.bulk_create(
        [TimelineEntry(hook=event.hook, key=key, kind=kind, status="", told_at=event.received_at)],
        ignore_conflicts=True,
    )
    return TimelineEntry.objects.select_for_update().get(hook=event.hook, key=key)


def _learn(entry: TimelineEntry, details: dict[str, Any]) -> None:
    """What this news says; what it leaves out stays as it was."""
    entry.details = {**entry.details, **{name: value for name, value in details.items() if value}}


def _save(
    event: HookEvent,
    entry: TimelineEntry,
    status: str,
    *,
    email: str,
    phone: str,
    at: datetime | None,
    when: datetime | None,
) -> tuple[str, str]:
    entry.status = status
    entry.email_index = crypto.blind_index(email) if email else entry.email_index
    number = comparable_phone(phone)
    entry.phone_index = crypto.blind_index(number) if number else entry.phone_index
    entry.told_at = max(entry.told_at, min(at or event.received_at, event.received_at))
    if when or not entry.details.get("has_time"):
        entry.happens_at = when or at or event.received_at
        entry.details = {**entry.details, "has_time": bool(when)}
    entry.lead = entry.lead or _lead_of(entry)
    entry.save()
    if entry.lead is None:
        return NOBODY
    return entry.kind, ""


def _lead_of(entry: TimelineEntry) -> Lead | None:
    """Whose e-mail or phone it was: what the lead said, its contact's, or what a network knows."""
    mine = Q()
    if entry.email_index:
        mine |= Q(email_index=entry.email_index) | Q(contact__email_index=entry.email_index)
        mine |= Q(contact__in=_known_as(proven_email=entry.email_index))
    if entry.phone_index:
        forms = _as_written(str(entry.details.get("phone") or ""))
        mine |= Q(phone_index__in=forms) | Q(contact__phone_index__in=forms)
        mine |= Q(contact__in=_known_as(proven_phone=entry.phone_index))
    if not mine:
        return None
    return Lead.objects.filter(mine).order_by(F("updated_at").desc(), "pk").first()


def _as_written(phone: str) -> list[str]:
    """The index of a number in each form in which somebody may have told it to us."""
    digits = comparable_phone(phone)
    return [crypto.blind_index(form) for form in {phone, digits, f"+{digits}"}]


def _known_as(**index: str) -> Any:
    return ContactIdentity.objects.filter(**index).values("contact_id")

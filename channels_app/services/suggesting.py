"""Finding contacts that are one person: by what their networks vouch for, and by nothing less.

A number that was typed into a message is shown as well, and never enough: anybody can type it.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from channels_app import proofs
from channels_app.models import Contact, ContactIdentity, MergeSuggestion
from tenants import crypto
from tenants.audit.services import record
from tenants.live import publish

AT_ONCE = 500
# More people than this behind one number or address: an office, a family, a switchboard.
SHARED_BY = 5
PROVEN, CLAIMED = "proven", "claimed"
State = MergeSuggestion.State
Line = dict[str, str]


def compare_new_identities() -> int:
    """Compare what became known since with everybody else's; return how many were suggested."""
    fresh = list(
        ContactIdentity.objects.filter(compared_at=None)
        .exclude(proven_phone="", proven_email="")
        .order_by("pk")[:AT_ONCE]
    )
    if not fresh:
        return 0
    pairs: set[tuple[int, int]] = set()
    for field in ("proven_phone", "proven_email"):
        pairs |= _pairs(field, {getattr(each, field) for each in fresh} - {""})
    contacts = Contact.objects.standing().in_bulk({pk for pair in pairs for pk in pair})
    made = sum(
        _suggest(contacts[one], contacts[other])
        for one, other in sorted(pairs)
        if one in contacts and other in contacts
    )
    ContactIdentity.objects.filter(pk__in=[each.pk for each in fresh]).update(
        compared_at=timezone.now()
    )
    return made


def open_suggestions(contact: Contact | None = None) -> QuerySet[MergeSuggestion]:
    """What waits for somebody's decision, of one contact or of all."""
    rows = MergeSuggestion.objects.filter(
        state=State.OPEN, one__absorbed_into=None, other__absorbed_into=None
    ).select_related("one", "other")
    return rows if contact is None else rows.filter(Q(one=contact) | Q(other=contact))


def dismiss(*, suggestion: MergeSuggestion, actor: str) -> MergeSuggestion:
    """They are two people; not asked again unless something new is proven."""
    suggestion.state = State.DISMISSED
    suggestion.decided_by, suggestion.decided_at = actor[:120], timezone.now()
    suggestion.save(update_fields=["state", "decided_by", "decided_at"])
    record(
        action="contact.merge_dismissed",
        subject=f"contact:{suggestion.one_id}",
        actor=actor,
        details={"other": suggestion.other_id},
    )
    return suggestion


def evidence_between(one: Contact, other: Contact) -> list[Line]:
    """Everything that speaks for their being one person, the strongest first."""
    lines = _proven(one, other)
    shown = {(line["key"], line["value"]) for line in lines}
    claims = [_claimed(key, one, other) for key in (proofs.PHONE, proofs.EMAIL)]
    lines += [
        line for line in claims if line is not None and (line["key"], line["value"]) not in shown
    ]
    if one.name and one.name.casefold() == other.name.casefold():
        lines.append({"key": "name", "value": one.name, "grade": CLAIMED, "here": "", "there": ""})
    return lines


def _pairs(field: str, values: Iterable[str]) -> set[tuple[int, int]]:
    known: dict[str, set[int]] = defaultdict(set)
    rows = ContactIdentity.objects.filter(**{f"{field}__in": list(values)})
    for value, contact_id in rows.values_list(field, "contact_id"):
        known[value].add(contact_id)
    return {
        pair
        for people in known.values()
        if len(people) <= SHARED_BY
        for pair in combinations(sorted(people), 2)
    }


def _suggest(one: Contact, other: Contact) -> bool:
    lines = evidence_between(one, other)
    proven = _keys(lines)
    if not proven:
        return False
    row, is_new = MergeSuggestion.objects.get_or_create(
        one=one, other=other, defaults={"evidence": lines}
    )
    if not is_new and not _is_worth_asking(row, proven):
        return False
    if not is_new:
        row.evidence, row.state = lines, State.OPEN
        row.save(update_fields=["evidence", "state"])
    publish("merge_suggested", contact=one.pk, other=other.pk)
    return True


def _is_worth_asking(row: MergeSuggestion, proven: set[tuple[str, str]]) -> bool:
    return bool(proven - _keys(row.evidence))


def _keys(lines: Iterable[Line]) -> set[tuple[str, str]]:
    return {(line["key"], line["value"]) for line in lines if line["grade"] == PROVEN}


def _proven(one: Contact, other: Contact) -> list[Line]:
    lines: dict[tuple[str, str], Line] = {}
    theirs = list(other.identities.order_by("pk"))
    for mine in one.identities.order_by("pk"):
        for yours in theirs:
            for key in (proofs.PHONE, proofs.EMAIL):
                index = getattr(mine, f"proven_{key}")
                if not index or index != getattr(yours, f"proven_{key}"):
                    continue
                value = _legible(key, index, one, mine)
                places = {"here": mine.platform, "there": yours.platform}
                line = {"key": key, "value": value, "grade": PROVEN, **places}
                lines.setdefault((key, index), line)
    return list(lines.values())


def _legible(key: str, index: str, contact: Contact, identity: ContactIdentity) -> str:
    """The number or address behind a fingerprint, as people write it."""
    for written in (getattr(contact, key), identity.external_id):
        comparable = _comparable(key, written)
        if comparable and crypto.blind_index(comparable) == index:
            return f"+{comparable}" if key == proofs.PHONE else comparable
    return identity.display or str(contact)


def _claimed(key: str, one: Contact, other: Contact) -> Line | None:
    mine, yours = (_comparable(key, getattr(each, key)) for each in (one, other))
    if not mine or mine != yours:
        return None
    value = f"+{mine}" if key == proofs.PHONE else mine
    return {"key": key, "value": value, "grade": CLAIMED, "here": "", "there": ""}


def _comparable(key: str, written: str) -> str:
    how: Any = proofs.comparable_phone if key == proofs.PHONE else proofs.comparable_email
    return str(how(written))

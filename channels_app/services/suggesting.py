"""Finding contacts that are one person: by what their networks vouch for.

What the company itself wrote down of somebody who never wrote (``recorded``) is as good. A number
that was typed into a message is shown, and asked about at most: anybody can type it.
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
PROVEN, RECORDED, CLAIMED = "proven", "recorded", "claimed"
FIELDS = {"proven_phone": proofs.PHONE, "proven_email": proofs.EMAIL}
State, Grade = MergeSuggestion.State, MergeSuggestion.Grade
Line = dict[str, str]
Pair = tuple[int, int]


def compare_new_identities() -> int:
    """Compare what became known since with everybody else's; return how many were suggested."""
    fresh = list(
        ContactIdentity.objects.filter(compared_at=None)
        .exclude(proven_phone="", proven_email="")
        .select_related("contact")
        .order_by("pk")[:AT_ONCE]
    )
    if not fresh:
        return 0
    grades: dict[Pair, str] = {}
    for field, key in FIELDS.items():
        known = _who_has(field, {getattr(each, field) for each in fresh} - {""})
        _add_recorded(known, field, key, fresh)
        for pair, grade in _pairs(known).items():
            grades[pair] = Grade.SURE if Grade.SURE in {grade, grades.get(pair)} else grade
    contacts = Contact.objects.standing().in_bulk({pk for pair in grades for pk in pair})
    made = sum(
        _suggest(contacts[one], contacts[other], grade)
        for (one, other), grade in sorted(grades.items())
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


def suggest_likely(*, one: Contact, other: Contact, lines: list[Line]) -> bool:
    """Ask whether two who say the same of themselves are one; asked once, whatever the answer."""
    first, second = sorted((one, other), key=lambda each: each.pk)
    shown = evidence_between(first, second)
    said = {(line["key"], line["value"]) for line in shown}
    shown += [line for line in lines if (line["key"], line["value"]) not in said]
    made = {"evidence": shown, "grade": Grade.LIKELY}
    _row, is_new = MergeSuggestion.objects.get_or_create(one=first, other=second, defaults=made)
    if is_new:
        publish("merge_suggested", contact=first.pk, other=second.pk)
    return is_new


def claimed(key: str, value: str) -> Line:
    """What both of them say, and nobody vouches for."""
    return {"key": key, "value": value, "grade": CLAIMED, "here": "", "there": ""}


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


def proven_contact(*, key: str, value: str) -> Contact | None:
    """For whom a network vouches with this number or address, where it is one contact."""
    comparable = _comparable(key, value)
    if not comparable:
        return None
    index = crypto.blind_index(comparable)
    found = list(
        Contact.objects.standing()
        .filter(**{f"identities__proven_{key}": index})
        .order_by("pk")
        .distinct()[:2]
    )
    return found[0] if len(found) == 1 else None


def evidence_between(one: Contact, other: Contact) -> list[Line]:
    """Everything that speaks for their being one person, the strongest first."""
    lines = _proven(one, other) or _recorded(one, other)
    shown = {(line["key"], line["value"]) for line in lines}
    claims = [_claimed(key, one, other) for key in (proofs.PHONE, proofs.EMAIL)]
    lines += [
        line for line in claims if line is not None and (line["key"], line["value"]) not in shown
    ]
    if one.name and one.name.casefold() == other.name.casefold():
        lines.append(claimed("name", one.name))
    return lines


def _who_has(field: str, values: Iterable[str]) -> dict[str, set[int]]:
    """Contacts by what a network vouches for."""
    known: dict[str, set[int]] = defaultdict(set)
    rows = ContactIdentity.objects.filter(**{f"{field}__in": list(values)})
    for value, contact_id in rows.values_list(field, "contact_id"):
        known[value].add(contact_id)
    return known


def _add_recorded(
    known: dict[str, set[int]], field: str, key: str, fresh: Iterable[ContactIdentity]
) -> None:
    """Whom the company wrote down with the same, and who never wrote to it themselves."""
    written: dict[str, str] = {}
    for each in fresh:
        if index := getattr(each, field):
            legible = _legible(key, index, each.contact, each)
            for form in {legible, legible.removeprefix("+"), getattr(each.contact, key)} - {""}:
                written[crypto.blind_index(form)] = index
    rows = Contact.objects.standing().filter(identities=None, **{f"{key}_index__in": list(written)})
    for index, contact_id in rows.values_list(f"{key}_index", "pk"):
        known[written[index]].add(contact_id)


def _pairs(known: dict[str, set[int]]) -> dict[Pair, str]:
    """Everybody with everybody; of exactly two it is sure."""
    return {
        pair: Grade.SURE if len(people) == 2 else Grade.PROVEN
        for people in known.values()
        if len(people) <= SHARED_BY
        for pair in combinations(sorted(people), 2)
    }


def _suggest(one: Contact, other: Contact, grade: str) -> bool:
    lines = evidence_between(one, other)
    proven = _keys(lines)
    if not proven:
        return False
    row, is_new = MergeSuggestion.objects.get_or_create(
        one=one, other=other, defaults={"evidence": lines, "grade": grade}
    )
    if not is_new and not _is_worth_asking(row, proven):
        return False
    if not is_new:
        row.evidence, row.state, row.grade = lines, State.OPEN, grade
        row.save(update_fields=["evidence", "state", "grade"])
    publish("merge_suggested", contact=one.pk, other=other.pk)
    return True


def _is_worth_asking(row: MergeSuggestion, proven: set[tuple[str, str]]) -> bool:
    return bool(proven - _keys(row.evidence))


def _keys(lines: Iterable[Line]) -> set[tuple[str, str]]:
    return {(line["key"], line["value"]) for line in lines if line["grade"] != CLAIMED}


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


def _recorded(one: Contact, other: Contact) -> list[Line]:
    """What the company wrote down of somebody without a network, and a network vouches for."""
    lines = []
    for silent, known in ((one, other), (other, one)):
        identities = list(known.identities.order_by("pk"))
        if not identities or silent.identities.exists():
            continue
        for field, key in FIELDS.items():
            comparable = _comparable(key, getattr(silent, key))
            index = crypto.blind_index(comparable) if comparable else ""
            vouched = next((each for each in identities if getattr(each, field) == index), None)
            if index and vouched is not None:
                value = f"+{comparable}" if key == proofs.PHONE else comparable
                places = {"here": vouched.platform, "there": ""}
                lines.append({"key": key, "value": value, "grade": RECORDED, **places})
    return lines


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
    return claimed(key, value)


def _comparable(key: str, written: str) -> str:
    how: Any = proofs.comparable_phone if key == proofs.PHONE else proofs.comparable_email
    return str(how(written))

"""Leads that may be one person: found by what both say of themselves, decided by people.

What networks prove is the floor below's business, and merged there. Here it is only said: the
same e-mail address or number in two leads' facts, or one name at one company. Nobody vouches for
that, so it is shown with its reasons and never acted upon by itself.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from channels_app import services as channels
from channels_app.models import Contact, ContactMerge, MergeSuggestion
from leads.models import Lead
from leads.services.ledger import alike
from tenants import crypto

AT_ONCE = 200
SHARED_BY = 5  # more leads than this behind one number or name: an office, a John Smith
Line = dict[str, str]
Claims = dict[tuple[str, str], Line]  # (key, index) -> what is said


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two leads that may be one, and what speaks for it."""

    suggestion: MergeSuggestion
    one: Lead
    other: Lead


def compare_new_leads() -> int:
    """Compare whose name, company, e-mail or phone is new; how many to ask about."""
    fresh = list(Lead.objects.filter(is_compared=False).with_people().order_by("pk")[:AT_ONCE])
    if not fresh:
        return 0
    _index_what_is_old(fresh)
    claims = {lead.pk: _claims(lead) for lead in fresh}
    pairs: dict[tuple[int, int], list[Line]] = defaultdict(list)
    for (key, index), people in _who_says({each for said in claims.values() for each in said}):
        if len(people) <= SHARED_BY:
            for pair in combinations(sorted(people), 2):
                line = next((claims[pk].get((key, index)) for pk in pair if pk in claims), None)
                if line is not None:
                    pairs[pair].append(line)
    leads = Lead.objects.with_people().in_bulk({pk for pair in pairs for pk in pair})
    made = sum(
        channels.suggest_likely(one=leads[one].contact, other=leads[other].contact, lines=lines)
        for (one, other), lines in sorted(pairs.items())
        if one in leads and other in leads
    )
    # As they were read: whose facts changed meanwhile are compared again.
    for lead in fresh:
        Lead.objects.filter(pk=lead.pk, version=lead.version).update(is_compared=True)
    return made


def open_duplicates() -> QuerySet[MergeSuggestion]:
    """Suggestions that wait and are about two leads, the surest first."""
    of_one = Lead.objects.filter(contact=OuterRef("one"))
    of_other = Lead.objects.filter(contact=OuterRef("other"))
    return channels.open_suggestions().filter(Exists(of_one), Exists(of_other))


def duplicates_of(lead: Lead) -> QuerySet[MergeSuggestion]:
    """Those about this lead."""
    return open_duplicates().filter(Q(one=lead.contact_id) | Q(other=lead.contact_id))


def with_leads(suggestions: Iterable[MergeSuggestion]) -> list[Duplicate]:
    """Each with its two leads, in one query."""
    rows = list(suggestions)
    people = {pk for row in rows for pk in (row.one_id, row.other_id)}
    found = Lead.objects.filter(contact__in=people).with_people().prefetch_related("tags")
    leads = {lead.contact_id: lead for lead in found}
    return [
        Duplicate(row, leads[row.one_id], leads[row.other_id])
        for row in rows
        if row.one_id in leads and row.other_id in leads
    ]


def merge_leads(*, survivor: Lead, absorbed: Lead, actor: str) -> ContactMerge:
    """Make two leads one, with everything of both; undone as any merge of contacts.

    Raises MergeRefused, and ValidationError where it is one and the same lead.
    """
    if survivor.pk == absorbed.pk:
        raise ValidationError({"absorbed": _("That is one and the same lead.")})
    return channels.merge(survivor=survivor.contact, absorbed=absorbed.contact, actor=actor)


def merges_of(lead: Lead) -> QuerySet[ContactMerge]:
    """What was merged into this lead and can be taken back, the latest first."""
    return ContactMerge.objects.filter(survivor=lead.contact_id, undone_at=None).select_related(
        "absorbed"
    )


def find_lead(*, email: str = "", phone: str = "") -> Contact | None:
    """Who has this address or number, by what a network proves, or by what was said or written."""
    for key, text in (("email", email), ("phone", phone)):
        contact = _contact_with(key, text) if text else None
        if contact is not None:
            return contact
    return None


def _contact_with(key: str, text: str) -> Contact | None:
    index = {f"{key}_index": crypto.blind_index(text)}
    lead = Lead.objects.filter(**index).select_related("contact").order_by("pk").first()
    if lead is not None:
        return lead.contact
    named = Contact.objects.filter(**index).order_by("absorbed_into", "pk").first()
    named = named or channels.proven_contact(key=key, value=text)
    while named is not None and named.absorbed_into_id is not None:
        named = named.absorbed_into
    return named


def _index_what_is_old(leads: Iterable[Lead]) -> None:
    """Leads from before there was such an index."""
    for lead in leads:
        if lead.alike_index != (known := alike(lead)):
            lead.alike_index = known
            Lead.objects.filter(pk=lead.pk).update(alike_index=known)


def _claims(lead: Lead) -> Claims:
    said: Claims = {}
    for key in ("email", "phone"):
        for index, value in (
            (getattr(lead, f"{key}_index"), lead.facts.get(key, "")),
            (getattr(lead.contact, f"{key}_index"), getattr(lead.contact, key)),
        ):
            if index and value:
                said[key, index] = channels.claimed(key, value)
    if lead.alike_index:
        said["alike", lead.alike_index] = channels.claimed(
            "company", f"{lead.name} · {lead.company}"
        )
    return said


def _who_says(claims: set[tuple[str, str]]) -> list[tuple[tuple[str, str], set[int]]]:
    """The leads behind each claim, in three queries."""
    people: dict[tuple[str, str], set[int]] = defaultdict(set)
    for key in ("email", "phone"):
        indexes = {index for name, index in claims if name == key}
        by_lead, by_contact = f"{key}_index", f"contact__{key}_index"
        rows = Lead.objects.filter(
            Q(**{f"{by_lead}__in": indexes}) | Q(**{f"{by_contact}__in": indexes})
        )
        for pk, *found in rows.values_list("pk", by_lead, by_contact):
            for index in indexes.intersection(found):
                people[key, index].add(pk)
    alikes = {index for name, index in claims if name == "alike"}
    for pk, index in Lead.objects.filter(alike_index__in=alikes).values_list("pk", "alike_index"):
        people["alike", index].add(pk)
    return list(people.items())

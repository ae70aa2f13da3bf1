"""The one way a lead changes: derive, compare, write down who and why, save, ring."""

import re
from collections.abc import Iterable, Sequence
from functools import partial

from django.db import transaction
from django.utils import timezone

from channels_app.models import Contact, Message
from leads import announcements, notices, scoring
from leads.models import Contribution, Evidence, Lead, LeadChange
from leads.services.rules import weights_in_force
from leads.signals import lead_changed
from tenants import crypto, live
from tenants.prepared import Blank, Prepared, PreparedInsert, PreparedUpdate
from tenants.statements import Write, write_together


def locked(*, lead: Lead) -> Lead:
    """The lead's row as it stands now, held until the transaction ends."""
    return Lead.objects.select_for_update().get(pk=lead.pk)


def locked_lead_of(*, contact: Contact) -> Lead | None:
    """As ``locked``, for the lead of a contact, if there is one; if the contact became part of
    another since it was read, for that one's."""
    lead = _OF_CONTACT.first(contact=contact.pk)
    if lead is None:
        return None
    if lead.absorbed_by_id is not None:
        return _standing(contact)
    lead.contact = contact
    return lead


def locked_new_lead(*, contact: Contact) -> Lead:
    """Make the contact a lead. Where two messages race, both get the same one."""
    lead = Lead(contact=contact)
    if _NEW.row(lead):
        return lead  # nobody else sees it before our commit
    there = locked_lead_of(contact=contact) or _standing(contact)
    if there is None:
        raise Lead.DoesNotExist(f"Contact {contact.pk} is gone.")
    return there


def _standing(contact: Contact) -> Lead | None:
    """The lead of whoever stands for this contact now."""
    pk: int | None = contact.pk
    while pk is not None:
        contact_id, pk = pk, Contact.objects.values_list("absorbed_into", flat=True).get(pk=pk)
    return Lead.objects.select_for_update().order_by().filter(contact=contact_id).first()


_NEW = PreparedInsert(Lead, "ON CONFLICT DO NOTHING")
_OF_CONTACT = Prepared(
    lambda: Lead.everything.select_for_update().order_by().filter(contact=Blank("contact"))
)


def contributions_of(lead: Lead) -> list[Contribution]:
    """Without a query where the lead has only just been made."""
    return _CONTRIBUTIONS.all(lead=lead.pk) if lead.version else []


_CONTRIBUTIONS = Prepared(lambda: Contribution.objects.filter(lead=Blank("lead")))


def rederive(
    *,
    lead: Lead,
    evidence: Iterable[Evidence],
    actor: str,
    reason: str = "",
    message: Message | None = None,
) -> Lead:
    """Let facts, contributions, score and tier follow from the evidence; ring if that changed.

    ``lead`` must be locked; ``evidence`` is all of it, oldest first.
    """
    said = [row.as_said() for row in evidence]
    before = {row.rule: row for row in contributions_of(lead)}
    manual = before.get(scoring.MANUAL)
    weights = weights_in_force()
    verdict = scoring.judge(said, manual=manual.points if manual else 0, weights=weights)
    reasons = _reasons(lead, before, verdict.lines, actor)
    known = {name: fact.value for name, fact in scoring.known(said).items()}
    changes = [] if lead.version else [LeadChange(field="stage", after=lead.stage)]
    changes += _changed_facts(lead.facts, known)
    if verdict.score != lead.score:
        why = reason or _difference(before, verdict.lines)
        changes.append(
            LeadChange(field="score", before=str(lead.score), after=str(verdict.score), reason=why)
        )
    lead.facts = known
    lead.scored_by = weights.number
    return settle(
        lead=lead,
        score=verdict.score,
        changes=changes,
        actor=actor,
        reason=reason,
        message=message,
        reasons=reasons,
    )


def settle(
    *,
    lead: Lead,
    changes: Sequence[LeadChange],
    actor: str,
    reason: str = "",
    score: int | None = None,
    message: Message | None = None,
    reasons: Write | None = None,
) -> Lead:
    """Save the lead with its history and ring ``lead_changed`` on commit; nothing if no change.

    ``reasons`` of the score, where they are new, are written in any case.
    """
    was_hot = lead.is_hot
    if score is not None:
        lead.score = score
    written = list(changes)
    tier = scoring.tier_of(lead.score, weights_in_force())
    if tier != lead.tier:
        written.append(LeadChange(field="tier", before=lead.tier, after=tier))
        lead.tier = tier
    if not written:
        write_together([reasons])
        return lead
    lead.version += 1
    lead.updated_at = timezone.now()
    lead.email_index = _index(lead.facts.get("email"))
    lead.phone_index = _index(lead.facts.get("phone"))
    if lead.version == 1 or any(change.field in WHO for change in written):
        lead.alike_index, lead.is_compared = alike(lead), False
    for change in written:
        change.lead, change.actor, change.message = lead, actor, message
        change.reason = change.reason or reason
    write_together([reasons, _SAVE.later(lead), _CHANGES.later(written)])
    became_hot = lead.is_hot and not was_hot
    if became_hot:
        live.publish("lead_hot", lead=lead.pk, score=lead.score)
        notices.became_hot(lead)
    live.publish("lead_changed", lead=lead.pk, score=lead.score, tier=lead.tier, stage=lead.stage)
    announcements.changed(lead, written, actor, became_hot=became_hot)
    transaction.on_commit(partial(lead_changed.send, sender=Lead, lead=lead, became_hot=became_hot))
    return lead


# What tells who somebody is: where it changes, they are compared with everybody anew.
WHO = frozenset({"fact:name", "fact:email", "fact:phone", "fact:company"})


def alike(lead: Lead) -> str:
    """The same for two leads of one name at one company; empty where either is not known."""
    said = [re.sub(r"[\W_]+", "", each.casefold()) for each in (lead.name, lead.company)]
    return crypto.blind_index("|".join(said)) if all(said) else ""


SAVED = [
    "owner",
    "stage",
    "tier",
    "score",
    "facts",
    "scored_by",
    "email_index",
    "phone_index",
    "alike_index",
    "is_compared",
    "version",
    "updated_at",
]
_SAVE = PreparedUpdate(Lead, SAVED)
_CHANGES = PreparedInsert(LeadChange)


def _reasons(
    lead: Lead, before: dict[str, Contribution], lines: Sequence[scoring.Line], actor: str
) -> Write | None:
    """Touch only the rows that differ: a reason keeps the day it was first found."""
    wanted = {line.rule: line for line in lines}
    gone = [row.pk for rule, row in before.items() if rule not in wanted and rule != scoring.MANUAL]
    if gone:
        Contribution.objects.filter(pk__in=gone).delete()
    new = [
        Contribution(
            lead=lead,
            rule=line.rule,
            rule_version=line.version,
            points=line.points,
            quote=line.quote,
            message_id=line.message,
            actor=actor,
        )
        for line in lines
        if line.rule not in before or _as_line(before[line.rule]) != line
    ]
    return _LINES.later(new)


_LINES = PreparedInsert(
    Contribution,
    """
    ON CONFLICT (lead_id, rule) DO UPDATE SET
        rule_version = EXCLUDED.rule_version, points = EXCLUDED.points, quote = EXCLUDED.quote,
        message_id = EXCLUDED.message_id, actor = EXCLUDED.actor, created_at = EXCLUDED.created_at
    """,
)


def _as_line(row: Contribution) -> scoring.Line:
    return scoring.Line(row.rule, row.rule_version, row.points, row.quote, row.message_id)


def _changed_facts(before: dict[str, str], after: dict[str, str]) -> list[LeadChange]:
    return [
        LeadChange(field=f"fact:{name}", before=before.get(name, ""), after=after.get(name, ""))
        for name in [*after, *(name for name in before if name not in after)]
        if before.get(name) != after.get(name)
    ]


def _difference(before: dict[str, Contribution], lines: Sequence[scoring.Line]) -> str:
    """The rules that made the score move, such as ``Budget +20, Mood -5``."""
    had = {rule: row.points for rule, row in before.items() if rule != scoring.MANUAL}
    has = {line.rule: line.points for line in lines}
    moves = {rule: has.get(rule, 0) - had.get(rule, 0) for rule in [*has, *had]}
    return ", ".join(f"{scoring.label_of(rule)} {move:+d}" for rule, move in moves.items() if move)


def _index(value: str | None) -> str:
    return crypto.blind_index(value) if value else ""

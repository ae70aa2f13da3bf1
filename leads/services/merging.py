"""A lead's way through the merging of two contacts, and back.

Evidence moves and the score follows from it, on both sides: whatever is merged or parted, the
contributions add up. The absorbed lead stays, empty, so that it can be filled again.
"""

from typing import Any

from django.db.models import Q

from channels_app.models import Contact
from channels_app.services import Merging, Parting
from leads import announcements, pipeline, scoring
from leads.models import Contribution, Evidence, Lead, LeadChange, Task
from leads.services.ledger import locked_new_lead, rederive, settle


def merged(merging: Merging) -> dict[str, Any]:
    """Give the survivor's lead everything the other's rests on; if there is one only, that."""
    there = _locked_of(merging.absorbed)
    if there is None:
        return {}
    here = _locked_of(merging.survivor)
    evidence = list(there.evidence.values_list("pk", flat=True))
    if here is None:
        _give_to(there, merging.survivor, merging.actor)
        return {"came": there.pk, "evidence": evidence}
    kept: dict[str, Any] = {"absorbed": there.pk, "evidence": evidence}
    kept |= _take_on(here, there)
    there.absorbed_by = here
    there.save(update_fields=["absorbed_by"])
    Evidence.objects.filter(pk__in=evidence).update(lead=here)
    _settle_both(here, there, f"merged with lead {there.pk}", merging.actor)
    announcements.merged(here, there, merging.actor)
    return kept


def parted(parting: Parting) -> None:
    """Give back what came along, and what was understood since of conversations that go back."""
    here = _locked_of(parting.survivor)
    if here is None:
        return
    kept = parting.kept
    theirs = Q(pk__in=kept.get("evidence", ())) | Q(message__conversation__in=parting.conversations)
    if kept.get("came") == here.pk:
        _part_from(here, here.evidence.exclude(theirs).exclude(message=None), parting)
        return
    back = list(here.evidence.filter(theirs).values_list("pk", flat=True))
    there = _locked(kept["absorbed"]) if "absorbed" in kept else None
    if there is None and not back:
        return
    there = there or locked_new_lead(contact=parting.absorbed)
    there.absorbed_by = None
    there.save(update_fields=["absorbed_by"])
    _give_up(here, kept)
    Task.objects.filter(pk__in=kept.get("tasks", ()), lead=here).update(lead=there)
    here.tags.remove(*kept.get("tags", ()))
    Evidence.objects.filter(pk__in=back).update(lead=there)
    _settle_both(here, there, f"parted from lead {there.pk}", parting.actor)


def _part_from(lead: Lead, staying: Any, parting: Parting) -> None:
    """The lead came with the contact that goes: what is the survivor's gets a lead of its own."""
    ours = list(staying.values_list("pk", flat=True))
    _give_to(lead, parting.absorbed, parting.actor)
    if not ours:
        return
    own = locked_new_lead(contact=parting.survivor)
    Evidence.objects.filter(pk__in=ours).update(lead=own)
    _settle_both(own, lead, f"parted from lead {lead.pk}", parting.actor)


def _give_to(lead: Lead, contact: Contact, actor: str) -> None:
    change = LeadChange(
        field="contact", before=f"contact:{lead.contact_id}", after=f"contact:{contact.pk}"
    )
    lead.contact = contact
    lead.save(update_fields=["contact"])
    settle(lead=lead, changes=[change], actor=actor)


def _take_on(here: Lead, there: Lead) -> dict[str, Any]:
    """Stage, owner and a person's correction, where the survivor's lead has none of its own;
    tasks and tags in any case."""
    kept: dict[str, Any] = {}
    if here.stage == Lead.Stage.NEW and pipeline.counts_as(there.stage) not in {
        Lead.Stage.NEW,
        Lead.Stage.LOST,
    }:
        kept["stage"] = here.stage = there.stage
    if here.owner_id is None and there.owner_id is not None:
        kept["owner"] = here.owner_id = there.owner_id
    if tasks := list(there.tasks.values_list("pk", flat=True)):
        kept["tasks"] = tasks
        Task.objects.filter(pk__in=tasks).update(lead=here)
    had = set(here.tags.values_list("pk", flat=True))
    if tags := [pk for pk in there.tags.values_list("pk", flat=True) if pk not in had]:
        kept["tags"] = tags
        here.tags.add(*tags)
    theirs = there.contributions.filter(rule=scoring.MANUAL).first()
    if theirs is not None and not here.contributions.filter(rule=scoring.MANUAL).exists():
        kept["manual"] = theirs.points
        Contribution.objects.create(
            lead=here,
            rule=scoring.MANUAL,
            points=theirs.points,
            quote=theirs.quote,
            actor=theirs.actor,
        )
    return kept


def _give_up(here: Lead, kept: dict[str, Any]) -> None:
    """What was taken on goes, unless somebody has decided otherwise since."""
    if "stage" in kept and here.stage == kept["stage"]:
        here.stage = Lead.Stage.NEW
    if "owner" in kept and here.owner_id == kept["owner"]:
        here.owner_id = None
    if "manual" in kept:
        here.contributions.filter(rule=scoring.MANUAL, points=kept["manual"]).delete()


def _settle_both(here: Lead, there: Lead, what: str, actor: str) -> None:
    for lead in (there, here):
        evidence = list(lead.evidence.order_by("said_at", "pk"))
        rederive(lead=lead, evidence=evidence, actor=actor, reason=what)
        settle(lead=lead, changes=[LeadChange(field="merge", after=what)], actor=actor)


def _locked_of(contact: Contact) -> Lead | None:
    return Lead.objects.select_for_update().order_by().filter(contact=contact).first()


def _locked(lead_id: int) -> Lead | None:
    return Lead.everything.select_for_update().order_by().filter(pk=lead_id).first()

"""What people do with a lead. Every deed is written to the lead's history and the audit log."""

from django.core.exceptions import ValidationError
from django.db import transaction

from leads import scoring, weights
from leads.models import Contribution, Lead, LeadChange
from leads.services.ledger import contributions_of, locked, settle
from leads.services.stages import check_stage
from tenants import live
from tenants.accounts.models import User
from tenants.audit.services import record


@transaction.atomic
def set_stage(*, lead: Lead, stage: str, actor: str, reason: str = "") -> Lead:
    """Move the lead along the pipeline; nothing happens where it stands there already."""
    check_stage(stage)
    lead = locked(lead=lead)
    if lead.stage == stage:
        return lead
    change = LeadChange(field="stage", before=lead.stage, after=stage)
    was, lead.stage = lead.stage, stage
    settle(lead=lead, changes=[change], actor=actor, reason=reason)
    live.publish("stage_changed", lead=lead.pk, before=was, after=stage)
    _audit(lead, "lead.stage_set", actor, stage=stage)
    return lead


@transaction.atomic
def assign_owner(*, lead: Lead, owner: User | None, actor: str, reason: str = "") -> Lead:
    """Give the lead to a person, or to nobody."""
    if owner is not None and not owner.is_active:
        raise ValidationError({"owner": "This person no longer works here."})
    lead = locked(lead=lead)
    if lead.owner_id == (owner.pk if owner else None):
        return lead
    change = LeadChange(
        field="owner", before=_name(lead.owner_id), after=_name(owner.pk if owner else None)
    )
    lead.owner = owner
    settle(lead=lead, changes=[change], actor=actor, reason=reason)
    live.publish("lead_assigned", lead=lead.pk, owner=lead.owner_id)
    _audit(lead, "lead.assigned", actor, owner=lead.owner_id)
    return lead


@transaction.atomic
def override_score(*, lead: Lead, score: int | None, actor: str, reason: str = "") -> Lead:
    """Make the score what a person says; later messages still move it from there.

    The correction is a contribution like any other. ``None`` takes it back.
    """
    if score is not None and not 0 <= score <= weights.HIGHEST:
        raise ValidationError({"score": f"Give a score from 0 to {weights.HIGHEST}."})
    lead = locked(lead=lead)
    rows = {row.rule: row for row in contributions_of(lead)}
    derived = sum(
        row.points for rule, row in rows.items() if rule not in {scoring.MANUAL, scoring.LIMIT}
    )
    corrected = derived if score is None else score
    wanted = []
    if corrected != derived:
        wanted.append(_row(lead, scoring.MANUAL, corrected - derived, actor, reason))
    if correction := scoring.limit(corrected):
        wanted.append(_row(lead, scoring.LIMIT, correction.points, actor))
        corrected += correction.points
    lead.contributions.filter(rule__in=[scoring.MANUAL, scoring.LIMIT]).delete()
    Contribution.objects.bulk_create(wanted)
    changes = []
    if corrected != lead.score:
        changes.append(
            LeadChange(field="score", before=str(lead.score), after=str(corrected), reason=reason)
        )
    settle(lead=lead, score=corrected, changes=changes, actor=actor, reason=reason)
    _audit(lead, "lead.score_overridden", actor, score=score)
    return lead


def _row(lead: Lead, rule: str, points: int, actor: str, quote: str = "") -> Contribution:
    return Contribution(lead=lead, rule=rule, points=points, actor=actor, quote=quote)


def _name(user_id: int | None) -> str:
    return f"user:{user_id}" if user_id else ""


def _audit(lead: Lead, action: str, actor: str, **details: object) -> None:
    record(action=action, subject=f"lead:{lead.pk}", actor=actor, details=details)

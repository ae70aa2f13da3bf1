"""Making a lead what people in a CRM say it is, as far as it can be that."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from crm import mapping
from crm.ledger import FACT, OWNER
from leads.models import Lead
from leads.pipeline import STAGES, counts_as
from leads.services import assign_owner, correct_facts, set_stage
from tenants.accounts.models import User


def take(*, lead: Lead, theirs: Mapping[str, str], actor: str, where: object) -> None:
    """Make the lead what they say. Written down as theirs, and nothing that could not be so."""
    facts = {
        source.removeprefix(FACT): value
        for source, value in theirs.items()
        if source.startswith(FACT) or source in {"name", "email", "phone"}
    }
    if {"first_name", "last_name"} & theirs.keys():
        first = theirs.get("first_name", mapping.first_name(lead.name) if " " in lead.name else "")
        last = theirs.get("last_name", mapping.last_name(lead.name))
        facts["name"] = f"{first or mapping.first_name(lead.name)} {last}".strip()
    if facts:
        correct_facts(lead=lead, facts=facts, actor=actor)
    reason = f"Changed in {where}"
    if "stage" in theirs:
        stage = theirs["stage"].strip().casefold()
        is_it = counts_as(lead.stage) == stage
        set_stage(lead=lead, stage=lead.stage if is_it else stage, actor=actor, reason=reason)
    if OWNER in theirs:
        assign_owner(lead=lead, owner=person(theirs[OWNER]), actor=actor, reason=reason)


def is_fit(lead: Lead, source: str, value: str) -> bool:
    """Whether the lead can be that: a stage we have, a person who works here, an address."""
    if source == "stage":
        return value.strip().casefold() in STAGES
    if source == OWNER:
        return person(value) is not None
    if source == "email":
        try:
            validate_email(value)
        except ValidationError:
            return False
    return True


def person(email: str) -> User | None:
    return User.objects.filter(email__iexact=email, is_active=True).first() if email else None


def actor_of(connection_id: int) -> str:
    return f"crm:{connection_id}"

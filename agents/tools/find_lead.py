from typing import Any, Literal

from pydantic import Field

from agents.tools.base import Arguments, Occasion, Tool
from leads.models import Lead
from leads.services import known_facts


class Which(Arguments):
    id: int | None = Field(default=None, ge=1)
    contact: int | None = Field(default=None, ge=1, description="A contact's id.")
    tier: Literal["", "hot", "warm", "cold"] = ""
    limit: int = Field(default=10, ge=1, le=50)


class FindLead(Tool[Which]):
    """With the facts and the words they rest on."""

    description = "Find leads by id, contact or tier: score, stage and every fact with its quote."
    permission = "leads.view_lead"
    arguments = Which

    def run(self, given: Which, occasion: Occasion) -> dict[str, Any]:
        rows = Lead.objects.with_reasons()
        if given.id:
            rows = rows.filter(pk=given.id)
        if given.contact:
            rows = rows.filter(contact=given.contact)
        if given.tier:
            rows = rows.filter(tier=given.tier)
        return {"leads": [_told(lead) for lead in rows.order_by("-score", "-pk")[: given.limit]]}


def _told(lead: Lead) -> dict[str, Any]:
    facts = [
        {"name": fact.name, "value": fact.value, "quote": fact.quote} for fact in known_facts(lead)
    ]
    return {
        "id": lead.pk,
        "contact": lead.contact_id,
        "name": lead.name,
        "company": lead.company,
        "stage": lead.stage,
        "tier": lead.tier,
        "score": lead.score,
        "facts": facts,
    }

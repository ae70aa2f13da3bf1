from typing import Any

from pydantic import Field

from agents.guardrails import checked_facts
from agents.schemas import Fact
from agents.tools.base import Arguments, Occasion, Risk, Tool, ToolRefused
from leads.services import record_facts


class Facts(Arguments):
    facts: list[Fact] = Field(
        min_length=1, max_length=10, description="Each with the contact's exact words as quote."
    )


class UpdateLead(Tool[Facts]):
    """What the contact said about themselves. What they did not say is not written down."""

    description = (
        "Write down what the contact said about themselves or their need. Only what they said:"
        " every fact needs their exact words as quote."
    )
    risk = Risk.WRITE
    permission = "leads.change_lead"
    arguments = Facts
    needs_conversation = True
    in_replies = True

    def run(self, given: Facts, occasion: Occasion) -> dict[str, Any]:
        written: list[str] = []
        left = list(given.facts)
        lead = None
        # The newest word counts, and each fact stands on the message that says it.
        for message in reversed(occasion.said()):
            checked = checked_facts(left, said=message.text or "")
            if checked.facts:
                lead = record_facts(
                    conversation=occasion.here,
                    facts=checked.facts,
                    message=message,
                    actor=occasion.actor,
                )
                written += checked.facts
                left = [fact for fact in left if fact.name not in checked.facts]
        if lead is None:
            raise ToolRefused("no_evidence", "None of this stands in the contact's own words.")
        return {
            "lead": lead.pk,
            "written": sorted(written),
            "left_out": sorted({str(fact.name) for fact in left}),
            "score": lead.score,
            "tier": lead.tier,
        }

from typing import Any

from pydantic import Field

from agents.tools.base import Arguments, Occasion, Risk, Tool
from channels_app.services import hand_over


class Reason(Arguments):
    reason: str = Field(
        min_length=3, max_length=200, description="One sentence for the colleague, in English."
    )


class HandOver(Tool[Reason]):
    """A person takes over. While the AI answers it only says so: its run hands over at its end."""

    description = (
        "Give the conversation to a person of the company: when the contact needs something that"
        " only people can decide or do."
    )
    risk = Risk.OUTWARD  # a sentence may go out to the contact
    permission = "channels_app.change_conversation"
    arguments = Reason
    needs_conversation = True
    in_replies = True

    def run(self, given: Reason, occasion: Occasion) -> dict[str, Any]:
        here = occasion.here
        occasion.handed_over = given.reason
        if occasion.actor != "ai" and here.is_with_ai:
            hand_over(conversation=here, reason=given.reason)
        return {"conversation": here.pk, "handed_over": True}

"""What a run does once it knows what the contact wants."""

from dataclasses import dataclass
from enum import StrEnum

from agents.schemas import Intent, Understanding

# From here down an apology by a machine makes it worse.
UPSET = -0.75


class Move(StrEnum):
    REPLY = "reply"
    HAND_OVER = "hand_over"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Decision:
    """The next move and the reason that people will read beside it."""

    move: Move
    reason: str = ""


def decide(understood: Understanding, *, gate: float) -> Decision:
    """Spam and closing words get silence, what needs a person gets one, the rest an answer."""
    sure = understood.confidence >= gate
    if understood.wants_human:
        return Decision(Move.HAND_OVER, "asked_for_human")
    if understood.intent == Intent.URGENT:
        return Decision(Move.HAND_OVER, "urgent")  # unsure or not: a false alarm is cheap
    if understood.is_closing:
        return Decision(Move.SILENT, "closing")
    if understood.intent == Intent.SPAM and sure:
        return Decision(Move.SILENT, "spam")
    if understood.sentiment <= UPSET:
        return Decision(Move.HAND_OVER, "upset")
    if not sure:
        return Decision(Move.HAND_OVER, "low_confidence")
    return Decision(Move.REPLY)

"""What can be done with a lead: by the agent, by a person, or over the API."""

from leads.services.insight import known_facts, lead_of, what_would_make_it_hot
from leads.services.understanding import (
    apply_understanding,
    correct_facts,
    forget_message,
    record_facts,
    sweep,
)
from leads.services.work import assign_owner, override_score, set_stage

__all__ = [
    "apply_understanding",
    "assign_owner",
    "correct_facts",
    "forget_message",
    "known_facts",
    "lead_of",
    "override_score",
    "record_facts",
    "set_stage",
    "sweep",
    "what_would_make_it_hot",
]

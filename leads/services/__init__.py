"""What can be done with a lead: by the agent, by a person, or over the API."""

from leads.services.insight import known_facts, lead_of, what_would_make_it_hot
from leads.services.rule_sets import (
    RuleSetRefused,
    change_draft,
    discard_draft,
    preview_next,
    preview_summary,
    publish,
    rescore_next,
    rescoring_left,
    start_draft,
    start_preview,
    weights_of,
)
from leads.services.rules import weights_in_force
from leads.services.understanding import (
    apply_understanding,
    correct_facts,
    forget_message,
    record_facts,
)
from leads.services.upkeep import sweep
from leads.services.work import assign_owner, override_score, set_stage

__all__ = [
    "RuleSetRefused",
    "apply_understanding",
    "assign_owner",
    "change_draft",
    "correct_facts",
    "discard_draft",
    "forget_message",
    "known_facts",
    "lead_of",
    "override_score",
    "preview_next",
    "preview_summary",
    "publish",
    "record_facts",
    "rescore_next",
    "rescoring_left",
    "set_stage",
    "start_draft",
    "start_preview",
    "sweep",
    "weights_in_force",
    "weights_of",
    "what_would_make_it_hot",
]

"""What can be done with a lead: by the agent, by a person, or over the API."""

from leads.services.bulk import BulkDone, change_many, take_back
from leads.services.insight import (
    Fit,
    bant_of,
    fit_of,
    known_facts,
    lead_of,
    what_would_make_it_hot,
)
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
from leads.services.stages import Column, arrange_stages, columns, stage_name
from leads.services.tags import change_tag, change_tags, make_tag, retire_tag, tag_by_name
from leads.services.tasks import (
    add_task,
    finish_task,
    mail_reminder,
    remind_due,
    reopen_task,
    tasks_of,
)
from leads.services.understanding import (
    apply_understanding,
    correct_facts,
    forget_message,
    record_facts,
)
from leads.services.upkeep import sweep
from leads.services.work import assign_owner, override_score, set_stage

__all__ = [
    "BulkDone",
    "Column",
    "Fit",
    "RuleSetRefused",
    "add_task",
    "apply_understanding",
    "arrange_stages",
    "assign_owner",
    "bant_of",
    "change_draft",
    "change_many",
    "change_tag",
    "change_tags",
    "columns",
    "correct_facts",
    "discard_draft",
    "finish_task",
    "fit_of",
    "forget_message",
    "known_facts",
    "lead_of",
    "mail_reminder",
    "make_tag",
    "override_score",
    "preview_next",
    "preview_summary",
    "publish",
    "record_facts",
    "remind_due",
    "reopen_task",
    "rescore_next",
    "rescoring_left",
    "retire_tag",
    "set_stage",
    "stage_name",
    "start_draft",
    "start_preview",
    "sweep",
    "tag_by_name",
    "take_back",
    "tasks_of",
    "weights_in_force",
    "weights_of",
    "what_would_make_it_hot",
]

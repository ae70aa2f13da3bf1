"""Leads and what their scores go by, one module a noun."""

from leads.models.automation import RuleDeed, StageRule
from leads.models.imports import LeadImport
from leads.models.leads import Contribution, Evidence, Lead, LeadChange, LeadQuerySet
from leads.models.rule_sets import RuleSet, ScoreMove
from leads.models.tags import Tag
from leads.models.work import SavedView, Stage, Task

__all__ = [
    "Contribution",
    "Evidence",
    "Lead",
    "LeadChange",
    "LeadImport",
    "LeadQuerySet",
    "RuleDeed",
    "RuleSet",
    "SavedView",
    "ScoreMove",
    "Stage",
    "StageRule",
    "Tag",
    "Task",
]

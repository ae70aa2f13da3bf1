"""What may leave the house, and what we believe of what a model says. Pure: no rows, no clock."""

from agents.guardrails.claims import Problem, problems_of, unsupported_quotes
from agents.guardrails.facts import CheckedFacts, checked_facts
from agents.guardrails.policy import Decision, Move, decide

__all__ = [
    "CheckedFacts",
    "Decision",
    "Move",
    "Problem",
    "checked_facts",
    "decide",
    "problems_of",
    "unsupported_quotes",
]

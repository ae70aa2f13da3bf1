"""One way to ask a language model, whoever answers.

``complete`` walks the task's chain of ``provider/model`` until one answers in the shape that was
asked for, inside one deadline. The offline engine ends every chain. Every call is accounted for
in the completion, the failed ones too; the caller stores them.
"""

from agents.gateway.asking import BUDGET, CHAIN_SECONDS, complete, is_named
from agents.gateway.budget import Caps, Rung, Spent, rung_of, spent_so_far
from agents.gateway.calls import Call, Completion, Invalid, NoAnswer
from agents.gateway.hearing import Hearer
from agents.gateway.routing import (
    OFFLINE,
    TASKS,
    connected_routes,
    routes_are_known,
    routes_for,
    unknown_routes,
)
from agents.gateway.terms import Heard, Terms

__all__ = [
    "BUDGET",
    "CHAIN_SECONDS",
    "OFFLINE",
    "TASKS",
    "Call",
    "Caps",
    "Completion",
    "Heard",
    "Hearer",
    "Invalid",
    "NoAnswer",
    "Rung",
    "Spent",
    "Terms",
    "complete",
    "connected_routes",
    "is_named",
    "routes_are_known",
    "routes_for",
    "rung_of",
    "spent_so_far",
    "unknown_routes",
]

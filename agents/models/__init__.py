"""What the agent thought, and what people decide about it: one module for each noun."""

from agents.models.experiments import Experiment
from agents.models.replays import Replay, ReplayTurn
from agents.models.runs import ChatTurn, ModelCall, Run, RunQuerySet, RunStep
from agents.models.versions import AgentVersion, AgentVersionQuerySet, Publication

__all__ = [
    "AgentVersion",
    "AgentVersionQuerySet",
    "ChatTurn",
    "Experiment",
    "ModelCall",
    "Publication",
    "Replay",
    "ReplayTurn",
    "Run",
    "RunQuerySet",
    "RunStep",
]

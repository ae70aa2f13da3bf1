"""What the agent thought, and what people decide about it: one module for each noun."""

from agents.models.autonomy import AutonomyPolicy
from agents.models.drafts import ReplyDraft, ReplyDraftQuerySet
from agents.models.experiments import Experiment
from agents.models.replays import Replay, ReplayTurn
from agents.models.runs import ChatTurn, ModelCall, Run, RunQuerySet, RunStep
from agents.models.versions import AgentVersion, AgentVersionQuerySet, Publication

__all__ = [
    "AgentVersion",
    "AgentVersionQuerySet",
    "AutonomyPolicy",
    "ChatTurn",
    "Experiment",
    "ModelCall",
    "Publication",
    "Replay",
    "ReplayTurn",
    "ReplyDraft",
    "ReplyDraftQuerySet",
    "Run",
    "RunQuerySet",
    "RunStep",
]

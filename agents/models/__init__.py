"""What the agent thought, and what people decide about it: one module for each noun."""

from agents.models.approvals import ToolApproval
from agents.models.autonomy import AutonomyPolicy
from agents.models.claims import AnswerClaim
from agents.models.disclosures import AiDisclosure
from agents.models.drafts import ReplyDraft, ReplyDraftQuerySet
from agents.models.experiments import Experiment
from agents.models.intents import OwnIntent
from agents.models.lessons import Lesson
from agents.models.memory import ConversationSummary, RememberedAnswer
from agents.models.replays import Replay, ReplayTurn
from agents.models.runs import ChatTurn, ModelCall, Run, RunQuerySet, RunStep
from agents.models.spending import SpendingDay
from agents.models.versions import AgentVersion, AgentVersionQuerySet, Publication

__all__ = [
    "AgentVersion",
    "AgentVersionQuerySet",
    "AiDisclosure",
    "AnswerClaim",
    "AutonomyPolicy",
    "ChatTurn",
    "ConversationSummary",
    "Experiment",
    "Lesson",
    "ModelCall",
    "OwnIntent",
    "Publication",
    "RememberedAnswer",
    "Replay",
    "ReplayTurn",
    "ReplyDraft",
    "ReplyDraftQuerySet",
    "Run",
    "RunQuerySet",
    "RunStep",
    "SpendingDay",
    "ToolApproval",
]

"""What the agent thought, and what people decide about it: one module for each noun."""

from agents.models.runs import ChatTurn, ModelCall, Run, RunQuerySet, RunStep

__all__ = ["ChatTurn", "ModelCall", "Run", "RunQuerySet", "RunStep"]

"""Answering a question over the API: no channel, no lead, only knowledge."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChatSource:
    """A passage the answer stands on; ``quote`` is literally in it."""

    document_id: int
    document_version: int
    title: str
    passage_id: int
    quote: str


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """``refused`` answers are the exact refusal sentence, with confidence 0 and no sources."""

    answer: str
    confidence: float
    sources: list[ChatSource]
    refused: bool
    session_id: str
    language: str


def answer_question(*, question: str, session_id: str = "", language: str = "") -> ChatAnswer:
    """Answer from the company's knowledge, or refuse; remembers the session's earlier turns."""
    raise NotImplementedError

"""The step that looks the question up."""

from agents.models import RunStep
from agents.offline.asking import questions_in, wording
from agents.prompts import last_asked
from agents.services.thought import Thought
from knowledge.services import FoundPassage, Only, SearchResult, search

PASSAGES = 5
NOTHING = SearchResult(passages=[], confidence=0.0, knowledge_version="")


def retrieve(thought: Thought) -> SearchResult:
    """Search the company's knowledge for what was asked."""
    found = NOTHING
    with thought.step(RunStep.Name.RETRIEVE) as step:
        found = look_up(
            thought.asked,
            earlier=last_asked(thought.history),
            language=thought.run.language,
            samples=thought.conversation.connection.is_sandbox,
        )
        step.detail = {
            "confidence": found.confidence,
            "knowledge_version": found.knowledge_version,
            "passages": [_row(passage) for passage in found.passages],
        }
    return found


def look_up(message: str, *, earlier: str, language: str, samples: bool = False) -> SearchResult:
    """Search for what a message asks, not for the facts that stand around it.

    A follow-up that says nothing by itself ("and in blue?") takes ``earlier`` along. ``samples``:
    somebody only tries things out, and may be answered from sample data.
    """
    question = query_of(message, earlier=earlier, language=language)
    only = Only(samples=True) if samples else None
    return search(question=question, limit=PASSAGES, language=language, only=only)


def query_of(message: str, *, earlier: str, language: str) -> str:
    """What ``look_up`` searches for."""
    return wording(questions_in(message, earlier=earlier), language)


def _row(passage: FoundPassage) -> dict[str, object]:
    return {
        "passage_id": passage.passage_id,
        "document_id": passage.document_id,
        "title": passage.document_title,
        "score": round(passage.score, 4),
        "similarity": round(passage.similarity, 4),
    }

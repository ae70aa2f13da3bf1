"""The step that looks the question up."""

from agents.models import RunStep
from agents.services.thought import Thought
from knowledge.services import FoundPassage, SearchResult, search

PASSAGES = 5
NOTHING = SearchResult(passages=[], confidence=0.0, knowledge_version="")


def retrieve(thought: Thought) -> SearchResult:
    """Search the company's knowledge for what was asked."""
    found = NOTHING
    with thought.step(RunStep.Name.RETRIEVE) as step:
        found = search(question=_question(thought), limit=PASSAGES, language=thought.run.language)
        step.detail = {
            "confidence": found.confidence,
            "knowledge_version": found.knowledge_version,
            "passages": [_row(passage) for passage in found.passages],
        }
    return found


def _question(thought: Thought) -> str:
    """The newest words; a very short follow-up ("and in blue?") takes the last question along."""
    asked = thought.asked
    if len(asked.split()) < 4:
        earlier = [turn.text for turn in thought.history if not turn.ours]
        return "\n".join([*earlier[-1:], asked])
    return asked


def _row(passage: FoundPassage) -> dict[str, object]:
    return {
        "passage_id": passage.passage_id,
        "document_id": passage.document_id,
        "title": passage.document_title,
        "score": round(passage.score, 4),
        "similarity": round(passage.similarity, 4),
    }

from typing import Any

from pydantic import Field

from agents.prompts import MAX_SOURCE
from agents.tools.base import Arguments, Occasion, Tool
from knowledge.services import FoundPassage, Only, search

MOST = 5


class Question(Arguments):
    question: str = Field(min_length=1, max_length=500, description="In the contact's language.")


class SearchKnowledge(Tool[Question]):
    """Passages under numbers that go on from those already known, for answers to stand on."""

    description = (
        "Search the company's documents. Use it when the sources you have do not answer the"
        " question, in other words than were tried."
    )
    permission = "knowledge.view_passage"
    arguments = Question
    in_replies = True
    asks_outside = True  # the embedder may be a vendor's

    def run(self, given: Question, occasion: Occasion) -> dict[str, Any]:
        there = occasion.conversation
        tried = Only(samples=True) if there and there.connection.is_sandbox else None
        found = search(question=given.question, limit=MOST, language=occasion.language, only=tried)
        listed = []
        for passage in found.passages:
            listed.append({"source": _number(passage, occasion), **_told(passage)})
        return {"confidence": found.confidence, "sources": listed}


def _number(passage: FoundPassage, occasion: Occasion) -> int:
    """The number it has, or the next that is free."""
    for number, known in enumerate(occasion.passages, start=1):
        if known.passage_id == passage.passage_id:
            return number
    occasion.passages.append(passage)
    return len(occasion.passages)


def _told(passage: FoundPassage) -> dict[str, Any]:
    return {
        "passage_id": passage.passage_id,
        "document_id": passage.document_id,
        "document_version": passage.document_version,
        "title": passage.document_title,
        "heading": passage.heading,
        "text": passage.text[:MAX_SOURCE],
    }

"""Plain questions answered in the words of the sources: no model reads them, none answers.

A company chooses it. What a message means is read by the local classifiers, the answer is put
together by the offline engine and goes through the same checks as a model's. Whoever says
anything beside the question, or is upset, is read by a model.
"""

from dataclasses import replace
from typing import Literal

from agents import gateway
from agents.models import RunStep
from agents.offline.alignment import words_by
from agents.offline.answers import Passage, surety
from agents.offline.reading import Reading, read
from agents.prompts import last_asked
from agents.schemas import Fact, Intent, Understanding
from agents.services.ahead import Ahead, draft_ahead, take_back
from agents.services.replying import Drafted
from agents.services.thought import Thought
from knowledge.services import THRESHOLD, embed_locally

# From here on all answers to small companies' customers were right; see docs/figures.md.
SURE = 0.9
CALM = -0.15  # whoever is less than this shall not be answered with a quotation
OFFLINE = {task: [gateway.OFFLINE] for task in gateway.TASKS}
WISH: Literal["interest"] = "interest"
SAID = "answered in the sources' words, no model asked"


def read_plainly(thought: Thought, language: str) -> Understanding | None:
    """What a plain question means, its answer kept in ``thought.ahead``; None where it is not
    plain, or not surely answered."""
    if (
        not thought.profile.answers_plainly
        or gateway.routes_for("understand")[0] == gateway.OFFLINE
    ):
        return None
    said = read(thought.asked, language=language, embed=embed_locally)
    if not _only_asks(said, thought, language):
        return None
    thought.run.language, thought.run.intent = language, said.intent
    if not _answered(thought, language):
        return None
    return Understanding(
        intent=Intent(said.intent),
        confidence=said.confidence,
        sentiment=said.sentiment,
        language=language,
        facts=[
            Fact(name=WISH, value=one.value, quote=thought.asked[one.start : one.end])
            for one in said.found[:1]
        ],
    )


def _only_asks(said: Reading, thought: Thought, language: str) -> bool:
    return (
        said.intent in {Intent.SALES, Intent.SUPPORT}
        and said.confidence >= thought.profile.confidence_gate
        and said.language == language
        and said.sentiment >= CALM
        and not (said.wants_human or said.is_closing)
        # Who tells something of themselves may be a customer to win: a model reads them whole.
        and all(one.name == WISH for one in said.found)
    )


def _answered(thought: Thought, language: str) -> bool:
    """Draft by the engine; what it leaves is taken back where it is not sure."""
    calls, warnings = [*thought.calls], [*thought.run.warnings]
    asked_on, thought.terms = thought.terms, replace(thought.terms, chains=OFFLINE, models={})
    try:
        draft_ahead(thought, language)
    finally:
        thought.terms = asked_on
    if thought.ahead is not None and _is_sure(thought, thought.ahead):
        for step in thought.ahead.steps:
            if step.name == RunStep.Name.REPLY:
                step.warning = SAID
        return True
    take_back(thought)
    thought.calls, thought.run.warnings = calls, warnings
    return False


def _is_sure(thought: Thought, ahead: Ahead) -> bool:
    if ahead.drafted.state != Drafted.READY or ahead.drafted.dropped:
        return False
    found = ahead.found
    return (
        found.is_grounded(THRESHOLD)
        and surety(
            thought.asked,
            [Passage(p.text, p.heading, p.document_title) for p in found.passages],
            language=ahead.language,
            words=words_by(embed_locally),
            earlier=last_asked(thought.history),
        )
        >= SURE
    )

"""Answers that people wrote, given before any model is asked."""

from typing import Any

from agents.models import RunStep
from agents.offline.asking import questions_in
from agents.services.replying import Drafted, signed
from agents.services.thought import Thought
from knowledge.services import CuratedHit, count_use, find_curated
from tenants.workspace.models import Profile


def curated_for(thought: Thought, *, whole: bool = False) -> CuratedHit | None:
    """The answer people wrote to what this contact asks; looked for only where there are any.

    ``whole``: only if the message says nothing else.
    """
    conversation = thought.conversation
    return curated_answer(
        thought.profile,
        thought.asked,
        language=thought.run.language,
        channel=conversation.connection.platform,
        longest=conversation.capabilities.max_text,
        whole=whole,
    )


def curated_answer(
    ours: Profile,
    asked: str,
    *,
    language: str,
    channel: str,
    longest: int = 0,
    whole: bool = False,
) -> CuratedHit | None:
    """One question, answered as people wrote it; two questions at once are none of theirs."""
    if not ours.curated_answers:
        return None
    questions = [] if whole else questions_in(asked)
    if len(questions) == 1 and not questions[0].leans:
        asked = questions[0].text
    return find_curated(question=asked, language=language, channel=channel, longest=longest)


def give(thought: Thought, given: CuratedHit) -> Drafted:
    """The answer as it is, citing itself; nothing was looked up, written or checked."""
    with thought.step(RunStep.Name.RETRIEVE) as step:
        step.detail = {
            "curated": given.answer_id,
            "title": given.title,
            "confidence": given.confidence,
        }
    thought.skip(RunStep.Name.REPLY, RunStep.Name.VALIDATE, why="people wrote the answer")
    thought.run.draft = given.text
    return Drafted(Drafted.READY, signed(thought, given.text), [source_of(given)])


def source_of(given: CuratedHit) -> dict[str, Any]:
    """A curated answer is its own source."""
    return {
        "curated_id": given.answer_id,
        "curated_version": given.version,
        "title": given.title,
        "quote": given.text,
    }


def count(thought: Thought, given: CuratedHit) -> None:
    if not thought.is_dry:
        count_use(answer_id=given.answer_id)

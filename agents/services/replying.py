"""The steps reply and validate of a run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agents import gateway
from agents.guardrails.policy import UPSET
from agents.models import RunStep
from agents.schemas import Intent
from agents.services.disclosures import room_for_telling
from agents.services.grounding import DRAFT, Assignment, Draft, HandedOver, can_answer, cited, write
from agents.services.lessons import examples_for
from agents.services.thought import Thought
from agents.services.toolbox import toolbox_for
from knowledge.services import THRESHOLD, FoundPassage, SearchResult


@dataclass(slots=True)
class Drafted:
    """What came of drafting; any state but the first two is a reason to hand over."""

    READY = "ready"
    NOT_GROUNDED = "not_grounded"
    NO_MODEL = "no_model_answered"
    UNSAFE = "unsafe_reply"
    BY_TOOL = "agent_asked_for_a_person"

    state: str
    text: str = ""
    sources: list[dict[str, Any]] = field(default_factory=list)
    dropped: int = 0  # sentences left out because nothing supported them
    was_rewritten: bool = False
    used_tools: bool = False  # what it says may rest on this moment


def draft_reply(thought: Thought, found: SearchResult) -> Drafted:
    """Write an answer from what was found; small talk needs no source, everything else does."""
    needs_source = thought.run.intent != Intent.GENERAL
    toolbox = toolbox_for(thought, found.passages)
    assignment = _assignment(thought, found, needs_source=needs_source)
    assignment.toolbox = toolbox
    assignment.is_plain = _is_plain(thought, found) and toolbox is None
    is_sure = not needs_source or can_answer(assignment, found)
    # Who can search again may still find what the first search did not.
    if not is_sure and toolbox is None:
        thought.skip(RunStep.Name.REPLY, RunStep.Name.VALIDATE, why="nothing found to answer from")
        return Drafted(Drafted.NOT_GROUNDED)
    with thought.step(RunStep.Name.REPLY) as step:
        handed_over = ""
        try:
            draft = write(assignment)
            step.detail = draft.reply.model_dump(mode="json")
        except HandedOver as asked:
            handed_over = str(asked)
        finally:
            thought.learn(assignment.calls)
        if toolbox is not None and toolbox.used:
            step.detail = {**step.detail, "tools": toolbox.used}
    if step.state == RunStep.State.FAILED:
        thought.skip(RunStep.Name.VALIDATE, why="no draft")
        return Drafted(Drafted.NO_MODEL)
    if handed_over:
        thought.skip(RunStep.Name.VALIDATE, why="a person was asked for")
        thought.warn(f"hand_over: {handed_over}")
        return Drafted(Drafted.BY_TOOL)
    if not is_sure and not (toolbox and toolbox.used):
        thought.skip(RunStep.Name.VALIDATE, why="nothing found to answer from")
        return Drafted(Drafted.NOT_GROUNDED)
    judged = _judged(thought, draft, assignment.passages)
    judged.used_tools = bool(toolbox and toolbox.used)
    return judged


def _is_plain(thought: Thought, found: SearchResult) -> bool:
    """Nobody is upset, and search is sure: a small model can say what the sources say."""
    if not gateway.is_named(DRAFT, thought.terms):
        return False
    return (thought.run.sentiment or 0.0) > UPSET and found.is_grounded(THRESHOLD)


def _assignment(thought: Thought, found: SearchResult, *, needs_source: bool) -> Assignment:
    capabilities = thought.conversation.capabilities
    return Assignment(
        task="reply",
        profile=thought.profile,
        history=thought.history,
        newest=thought.newest,
        passages=found.passages,
        language=thought.run.language,
        limit=capabilities.max_text - capabilities.length_of(_around(thought)),
        seconds_left=lambda: thought.seconds_left,
        length_of=capabilities.length_of,
        needs_source=needs_source,
        instructions=thought.instructions,
        terms=thought.terms,
        earlier=thought.earlier,
        examples=examples_for(thought.profile, language=thought.run.language),
    )


def _around(thought: Thought) -> str:
    """What stands around an answer of ours, and must fit beside it."""
    return room_for_telling(thought.profile, thought.run.language) + _signature(thought)


def signed(thought: Thought, text: str) -> str:
    """The text with whatever stands under every answer."""
    return text + _signature(thought)


def _signature(thought: Thought) -> str:
    """What the version puts under every answer, on a line of its own; ours, not the model's."""
    words = thought.instructions.signature_in(thought.run.language)
    return f"\n\n{words}" if words else ""


def _judged(thought: Thought, draft: Draft, passages: Sequence[FoundPassage]) -> Drafted:
    """The step validate: what the checks found, and what follows."""
    step = RunStep(run=thought.run, name=RunStep.Name.VALIDATE)
    step.detail = {
        "problems": [str(problem) for problem in draft.problems],
        "refused": [str(problem) for problem in draft.refused],
        "dropped": [str(sentence) for sentence in draft.dropped],
    }
    thought.steps.append(step)
    thought.run.draft = draft.reply.text
    if draft.refused:
        step.state = RunStep.State.WARNING
        step.warning = "written again: " + ", ".join(problem.code for problem in draft.refused)
        thought.warn(step.warning)
    if not draft.reply.grounded:
        return Drafted(Drafted.NOT_GROUNDED)
    if not draft.may_go_out:
        step.state = RunStep.State.FAILED
        step.warning = ", ".join(problem.code for problem in draft.problems)[:300]
        thought.warn(f"reply refused: {step.warning}")
        return Drafted(Drafted.UNSAFE, draft.reply.text)
    text = signed(thought, draft.reply.text)
    sources = cited(draft.reply, passages)
    return Drafted(
        Drafted.READY,
        text,
        sources,
        dropped=len(draft.dropped),
        was_rewritten=bool(draft.refused),
    )

"""The steps reply and validate: a grounded draft, checked, written again once if need be."""

from dataclasses import dataclass, field
from typing import Any

from agents import gateway, prompts
from agents.guardrails import Problem, problems_of, unsupported_quotes
from agents.models import RunStep
from agents.providers.base import Source
from agents.schemas import Intent, Reply
from agents.services.thought import Thought
from knowledge.services import THRESHOLD, FoundPassage, SearchResult

MAX_TOKENS = 700
LEAST_SECONDS = 1.0


@dataclass(slots=True)
class Drafted:
    """What came of drafting; any state but these two is a reason to hand over."""

    READY = "ready"
    NOT_GROUNDED = "not_grounded"
    NO_MODEL = "no_model_answered"
    UNSAFE = "unsafe_reply"

    state: str
    text: str = ""
    sources: list[dict[str, Any]] = field(default_factory=list)


def draft_reply(thought: Thought, found: SearchResult) -> Drafted:
    """Write an answer from what was found; small talk needs no source, everything else does."""
    needs_source = thought.run.intent != Intent.GENERAL
    if needs_source and not found.is_grounded(THRESHOLD):
        thought.skip(RunStep.Name.REPLY, RunStep.Name.VALIDATE, why="nothing found to answer from")
        return Drafted(Drafted.NOT_GROUNDED)
    passages = found.passages
    drafted = Drafted(Drafted.NO_MODEL)
    with thought.step(RunStep.Name.REPLY) as step:
        prompt = _prompt(thought, passages)
        reply = _ask(thought, prompt)
        problems = _problems(thought, reply, passages, needs_source)
        if problems and thought.seconds_left > LEAST_SECONDS:
            thought.warn("draft refused: " + "; ".join(problem.code for problem in problems))
            complaints = [problem.detail for problem in problems]
            reply = _ask(thought, prompts.regenerate(prompt, reply.text, complaints))
            problems = _problems(thought, reply, passages, needs_source)
        step.detail = reply.model_dump(mode="json")
        drafted = _judged(thought, reply, passages, problems)
    if drafted.state == Drafted.NO_MODEL:
        thought.skip(RunStep.Name.VALIDATE, why="no draft")
    return drafted


def _prompt(thought: Thought, passages: list[FoundPassage]) -> prompts.Prompt:
    return prompts.reply(
        thought.profile,
        thought.history,
        thought.newest,
        [Source(p.passage_id, p.document_title, p.text) for p in passages],
        language=thought.run.language,
        limit=_limit(thought),
    )


def _ask(thought: Thought, prompt: prompts.Prompt) -> Reply:
    completion = gateway.complete(
        task="reply",
        system=prompt.system,
        messages=prompt.messages,
        material=prompt.material,
        schema=Reply,
        max_tokens=MAX_TOKENS,
        seconds=max(thought.seconds_left, 0.0),
    )
    thought.learn(completion.calls)
    reply: Reply = completion.parsed
    return reply


def _limit(thought: Thought) -> int:
    return thought.conversation.connection.capabilities.max_text


def _problems(
    thought: Thought, reply: Reply, passages: list[FoundPassage], needs_source: bool
) -> list[Problem]:
    if not reply.grounded:
        return []
    texts = [passage.text for passage in passages]
    problems = problems_of(
        reply.text,
        known=[*texts, *(p.document_title for p in passages), *_said(thought)],
        language=thought.run.language,
        length=thought.conversation.connection.capabilities.length_of(reply.text),
        limit=_limit(thought),
    )
    problems += unsupported_quotes(reply.sentences, texts)
    if needs_source and not any(sentence.source for sentence in reply.sentences):
        problems.append(Problem("no_source", "No sentence names a source."))
    return problems


def _said(thought: Thought) -> list[str]:
    """The conversation itself: a reply may repeat what the contact or we already said."""
    return [*(turn.text for turn in thought.history), thought.asked, thought.profile.about]


def _judged(
    thought: Thought, reply: Reply, passages: list[FoundPassage], problems: list[Problem]
) -> Drafted:
    step = RunStep(run=thought.run, name=RunStep.Name.VALIDATE)
    step.detail = {"problems": [str(problem) for problem in problems]}
    thought.steps.append(step)
    thought.run.draft = reply.text
    if not reply.grounded:
        return Drafted(Drafted.NOT_GROUNDED)
    if problems:
        step.state = RunStep.State.FAILED
        step.warning = "; ".join(problem.code for problem in problems)[:300]
        thought.warn(f"reply refused: {step.warning}")
        return Drafted(Drafted.UNSAFE, reply.text)
    return Drafted(Drafted.READY, reply.text, cited(reply, passages))


def cited(reply: Reply, passages: list[FoundPassage]) -> list[dict[str, Any]]:
    """Each passage and quote the reply stands on, once."""
    sources: list[dict[str, Any]] = []
    for sentence in reply.sentences:
        if not sentence.source:
            continue
        passage = passages[sentence.source - 1]
        row = {
            "passage_id": passage.passage_id,
            "document_id": passage.document_id,
            "document_version": passage.document_version,
            "title": passage.document_title,
            "quote": sentence.quote,
        }
        if row not in sources:
            sources.append(row)
    return sources

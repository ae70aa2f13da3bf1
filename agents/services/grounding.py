"""Writing an answer that stands on what was found, for a channel and for the API alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agents import gateway, prompts
from agents.gateway import Call, Completion, Hearer, Terms
from agents.gateway.window import room, sources_for
from agents.guardrails import Problem, problems_of
from agents.guardrails.orders import gives_orders, is_parroted, without_orders
from agents.guardrails.support import DroppedSentence, Ground, faults_of, sift
from agents.instructions import BUILT_IN, Instructions
from agents.offline.alignment import words_by
from agents.offline.answers import Passage, holds_answer
from agents.prompts import StyleExample, Turn, last_asked
from agents.providers.base import Source
from agents.schemas import Reply, Sentence
from agents.services.toolbox import ROUNDS, RULES, Toolbox
from knowledge.services import THRESHOLD, FoundPassage, SearchResult, embed_locally
from tenants.workspace.models import Profile

MAX_TOKENS = 700
DRAFT = "draft"
# A passage that comes this far behind the best one says nothing that the best does not.
FAR_BEHIND = 0.55
# Too little time to write it again.
LEAST_SECONDS = 1.0
LEAST_FOR_TOOLS = 4.0


@dataclass(slots=True)
class Assignment:
    """What to answer, to whom, how long; ``calls`` fills with what was asked of models.

    ``seconds_left`` is asked anew before each call. ``needs_source`` is False for small talk.
    """

    task: str
    profile: Profile
    history: Sequence[Turn]
    newest: Sequence[str]
    passages: Sequence[FoundPassage]
    language: str
    limit: int
    seconds_left: Callable[[], float]
    length_of: Callable[[str], int] = len
    needs_source: bool = True
    instructions: Instructions = BUILT_IN
    terms: Terms = field(default_factory=Terms)
    earlier: str = ""  # what was said before the history, in short
    toolbox: Toolbox | None = None
    hearer: Hearer | None = None
    examples: Sequence[StyleExample] = ()
    is_plain: bool = False  # a small model may draft it: what the checks refuse is written again
    calls: list[Call] = field(default_factory=list)


class HandedOver(Exception):
    """The model asked for a person instead of answering."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written. It may go out if it is grounded and nothing is wrong with it."""

    reply: Reply
    problems: list[Problem]
    refused: list[Problem]  # what was wrong with the first version, where there were two
    dropped: tuple[DroppedSentence, ...] = ()  # left out, because nothing supports them

    @property
    def may_go_out(self) -> bool:
        return self.reply.grounded and not self.problems


def can_answer(assignment: Assignment, found: SearchResult) -> bool:
    """Whether it is worth drafting: search is sure, or a sentence it found holds the answer."""
    wanted = assignment.instructions.search_threshold
    return found.is_grounded(THRESHOLD if wanted is None else wanted) or holds_answer(
        "\n".join(assignment.newest),
        [Passage(p.text, p.heading, p.document_title) for p in found.passages],
        language=assignment.language,
        words=words_by(embed_locally),
        earlier=last_asked(assignment.history),
    )


def write(assignment: Assignment) -> Draft:
    """Draft, check, and draft once more where the check failed; of what fails again, the sentences
    that nothing supports are left out.

    Raises NoAnswer, and HandedOver where the model used that tool.
    """
    said = [turn.text for turn in assignment.history]
    read = room(assignment.task, said, assignment.terms.rung)
    assignment.passages = [trusted(passage) for passage in assignment.passages]
    if assignment.toolbox is None:  # whose own list goes by the same numbers
        assignment.passages = that_matter(assignment.passages)
    passages = assignment.passages[: sources_for(assignment.terms.rung)]
    prompt = prompts.reply(
        assignment.profile,
        assignment.history[len(said) - read :],
        assignment.newest,
        sources_of(passages),
        language=assignment.language,
        limit=assignment.limit,
        earlier=assignment.earlier,
        instructions=assignment.instructions,
        examples=assignment.examples,
    )
    reply, prompt = _ask(assignment, prompt, routed_as=DRAFT if assignment.is_plain else "")
    if assignment.is_plain and not reply.grounded and assignment.seconds_left() >= LEAST_SECONDS:
        # The small one found no answer where search is sure that there is one.
        reply, prompt = _ask(assignment, prompt)
    problems = _problems(assignment, reply)
    if not problems or assignment.seconds_left() < LEAST_SECONDS:
        return _rest(assignment, reply, problems, [])
    complaints = [problem.detail for problem in problems]
    again = prompts.regenerate(prompt, reply.text, complaints, instructions=assignment.instructions)
    second, _asked = _ask(assignment, again)
    return _rest(assignment, second, _problems(assignment, second), problems)


def _rest(
    assignment: Assignment, reply: Reply, problems: list[Problem], refused: list[Problem]
) -> Draft:
    """The reply, or what of it may be said; where that is nothing, the whole with its problems."""
    if not problems:
        return Draft(reply, [], refused)
    sifted = sift(reply, ground_of(assignment), needs_source=assignment.needs_source)
    if not sifted.dropped or _problems(assignment, sifted.reply):
        return Draft(reply, problems, refused)
    return Draft(sifted.reply, [], refused, sifted.dropped)


def that_matter(passages: Sequence[FoundPassage]) -> list[FoundPassage]:
    """The first ones, down to where none is near the best by score or by meaning any more.

    A sentence names its source by the place in this list, so none is left out in between.
    """
    if not passages:
        return []
    score = max(passage.score for passage in passages) * FAR_BEHIND
    alike = max(passage.similarity for passage in passages) * FAR_BEHIND
    near = [p.score >= score or p.similarity >= alike for p in passages]
    return [*passages[: len(near) - near[::-1].index(True)]]


def sources_of(passages: Sequence[FoundPassage]) -> list[Source]:
    """The passages as a prompt lists them."""
    return [Source(p.passage_id, p.document_title, p.text, p.heading) for p in passages]


def trusted(passage: FoundPassage) -> FoundPassage:
    """The passage without sentences that give orders; titles and headings may give them too."""
    text, title, heading = passage.text, passage.document_title, passage.heading
    if not gives_orders("\n".join((title, heading, text))):
        return passage
    return replace(
        passage,
        text=without_orders(text),
        document_title=without_orders(title),
        heading=without_orders(heading),
    )


def cited(reply: Reply, passages: Sequence[FoundPassage]) -> list[dict[str, Any]]:
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


def _ask(
    assignment: Assignment, prompt: prompts.Prompt, *, routed_as: str = ""
) -> tuple[Reply, prompts.Prompt]:
    """The reply, and the prompt with whatever tools answered on the way."""
    toolbox = assignment.toolbox
    rounds = ROUNDS if toolbox is not None else 0
    for left in range(rounds, -1, -1):
        completion = _complete(assignment, prompt, with_tools=left > 0, routed_as=routed_as)
        if toolbox is None or not completion.wanted:
            break
        exchange = toolbox.answer(completion.wanted)
        if toolbox.handed_over:
            raise HandedOver(toolbox.handed_over)
        assignment.passages = list(toolbox.passages)
        prompt = replace(prompt, messages=(*prompt.messages, *exchange))
    reply: Reply = completion.parsed
    return reply, prompt


def _complete(
    assignment: Assignment, prompt: prompts.Prompt, *, with_tools: bool, routed_as: str
) -> Completion:
    toolbox = assignment.toolbox
    # Too little time for a round more: what is known has to do.
    offered = toolbox if with_tools and assignment.seconds_left() > LEAST_FOR_TOOLS else None
    try:
        completion = gateway.complete(
            task=assignment.task,
            system=prompt.system + (RULES if toolbox else ""),
            messages=prompt.messages,
            material=prompt.material,
            schema=Reply,
            max_tokens=MAX_TOKENS,
            seconds=max(assignment.seconds_left(), 0.0),
            terms=assignment.terms,
            tools=offered.specs if offered else (),
            hearer=assignment.hearer,
            routed_as=routed_as,
        )
    except gateway.NoAnswer as error:
        assignment.calls.extend(error.calls)
        raise
    assignment.calls.extend(completion.calls)
    return completion


def may_be_said(assignment: Assignment, sentence: Sentence) -> bool:
    """Whether a sentence of an answer that is not whole yet stands by itself."""
    alone = Reply(grounded=True, sentences=[sentence])
    return all(problem.code == "no_source" for problem in _problems(assignment, alone))


def ground_of(assignment: Assignment) -> Ground:
    """What a reply may stand on. It may repeat what we already said, and most of what the contact
    did."""
    said = [turn.text for turn in assignment.history if turn.ours]
    claimed = [turn.text for turn in assignment.history if not turn.ours]
    return Ground(
        sources=tuple(
            "\n".join((p.document_title, p.heading, p.text)) for p in assignment.passages
        ),
        known=(*said, assignment.profile.about),
        claimed=(*claimed, assignment.earlier, *assignment.newest),
        alike=meaning_alike,
    )


def meaning_alike(one: str, other: str) -> float:
    """By the local embedder, which knows many languages; of unit vectors."""
    first, second = embed_locally([one, other])
    return sum(a * b for a, b in zip(first, second, strict=True))


def _problems(assignment: Assignment, reply: Reply) -> list[Problem]:
    if not reply.grounded:
        return []
    ground = ground_of(assignment)
    problems = problems_of(
        reply.text,
        known=[*ground.sources, *ground.known],
        language=assignment.language,
        length=assignment.length_of(reply.text),
        limit=assignment.limit,
        claimed=ground.claimed,
    )
    if is_parroted(reply.text, "\n".join(assignment.newest)):
        problems.append(Problem("parroted", "It only says what the contact told you to say."))
    if prompts.tells_prompts(reply.text):
        problems.append(Problem("tells_prompts", "It tells what you were told here."))
    for sentence in reply.sentences:
        problems += [fault for fault in faults_of(sentence, ground) if fault not in problems]
    if assignment.needs_source and not any(sentence.source for sentence in reply.sentences):
        problems.append(Problem("no_source", "No sentence names a source."))
    return problems

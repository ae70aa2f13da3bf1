"""Answers given before, given again to whoever asks the same: no model is asked at all.

One statement finds the nearest question of the same space. What an answer rests on (settings,
prompts, language, knowledge) is part of the space or compared, so a change makes it unreachable.
"""

import hashlib
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import CharField
from django.db.models.functions import Cast
from pgvector.django import CosineDistance

from agents import gateway, prompts
from agents.guardrails.repetition import SAME_QUESTION, is_anybodys, is_same, names_nobody
from agents.models import RememberedAnswer, Run, RunStep
from agents.offline.alignment import words_by
from agents.offline.letters import folded
from agents.prompts import last_asked
from agents.services.replying import Drafted, signed
from agents.services.thought import Thought
from knowledge.models import KnowledgeState
from knowledge.services import SearchResult, embed_locally
from tenants import context
from tenants.prepared import Blank, Prepared, PreparedInsert
from tenants.vectors import Point
from tenants.workspace.services import record_usage

CANDIDATES = 3
MOST_ANSWERS = 2_000  # a company; read one by one, which takes a millisecond
PRUNE_EVERY = 50  # new ones
PROMPTS = hashlib.sha256((prompts.UNDERSTAND + prompts.REPLY).encode()).hexdigest()

# Written into the SQL and not filled in: PostgreSQL would plan a number it does not know anew
# each time, which took longer than finding the answer.
_NEAR = Prepared(
    lambda: (
        RememberedAnswer.objects.alias(away=CosineDistance("embedding", Blank("point")))
        .filter(
            space=Blank("space"),
            knowledge_version=KnowledgeState.objects.filter(pk=1).values(
                as_text=Cast("version", CharField())
            )[:1],
            away__lte=1 - SAME_QUESTION,
        )
        .order_by("away")
        .only("question", "intent", "confidence", "reply", "sources", "tokens", "cost")[:CANDIDATES]
    )
)
_KEPT = (
    *("knowledge_version", "question", "embedding", "intent", "confidence", "reply", "sources"),
    *("tokens", "cost"),
)
_KEEP = PreparedInsert(
    RememberedAnswer,
    "ON CONFLICT (space, digest) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in _KEPT),
)
_USED = """
UPDATE agents_rememberedanswer SET uses = uses + 1, used_at = now() WHERE id = %s
"""
# The oldest use goes first; what rests on older knowledge can not be found any more.
_PRUNE = """
DELETE FROM agents_rememberedanswer
WHERE knowledge_version <> (SELECT version::text FROM knowledge_knowledgestate WHERE id = 1)
   OR id IN (SELECT id FROM agents_rememberedanswer ORDER BY used_at DESC OFFSET %s)
"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer that fits; ``tokens`` and ``cost`` are what it saves."""

    pk: int
    text: str
    intent: str
    confidence: float
    sources: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0
    cost: Decimal = Decimal(0)


def recall(thought: Thought, *, language: str) -> Remembered | None:
    """What was answered to this question before, where the company lets us remember."""
    if not _may_remember(thought):
        return None
    asked = thought.asked
    if not is_anybodys(asked, earlier=last_asked(thought.history)):
        return None
    found = _NEAR.all(space=_space(thought, language), point=Point.of(embed_locally([asked])[0]))
    words = words_by(embed_locally)
    for row in found:
        text = str(row.reply.get("text", ""))
        if is_same(asked, row.question, words) and _fits(thought, text):
            return Remembered(
                row.pk, text, row.intent, row.confidence, row.sources, row.tokens, row.cost
            )
    return None


def give_again(thought: Thought, known: Remembered) -> Drafted:
    """The answer as it was sent, with the passages it stands on."""
    with thought.step(RunStep.Name.RETRIEVE) as step:
        step.detail = {"remembered": known.pk, "passages": known.sources}
    thought.skip(RunStep.Name.REPLY, RunStep.Name.VALIDATE, why="answered from memory")
    thought.run.draft = known.text
    return Drafted(Drafted.READY, signed(thought, known.text), known.sources)


def count_saving(known: Remembered) -> None:
    """One more use, and what it saved."""
    with context.connection.cursor() as cursor:
        cursor.execute(_USED, [known.pk])
    record_usage(remembered=1, remembered_tokens=known.tokens, remembered_cost=known.cost)


def remember(thought: Thought, drafted: Drafted, found: SearchResult) -> None:
    """Keep an answer that was sent as it was drafted, to a first question that anybody may ask."""
    run = thought.run
    if (
        not _may_remember(thought)
        or run.outcome != Run.Outcome.SENT
        or drafted.was_rewritten
        or drafted.dropped
        or not drafted.sources
        or thought.history
        or not is_anybodys(thought.asked)
        or not _names_nobody(thought, found)
        or not any(_is_vendors(call) for call in thought.calls)
    ):
        return
    made = RememberedAnswer(
        space=_space(thought, run.language),
        digest=hashlib.sha256(folded(thought.asked).encode()).hexdigest(),
        knowledge_version=found.knowledge_version,
        question=thought.asked,
        embedding=embed_locally([thought.asked])[0],
        intent=run.intent,
        confidence=run.confidence or 0.0,
        reply={"text": run.draft},
        sources=drafted.sources,
        tokens=sum(call.input_tokens + call.output_tokens for call in thought.calls),
        cost=run.cost,
    )
    _KEEP.row(made)
    if made.pk % PRUNE_EVERY == 0:
        with context.connection.cursor() as cursor:
            cursor.execute(_PRUNE, [MOST_ANSWERS])


def _names_nobody(thought: Thought, found: SearchResult) -> bool:
    known = folded("\n".join(f"{p.document_title} {p.heading} {p.text}" for p in found.passages))
    return names_nobody(f"{thought.asked}\n{thought.run.draft}", known)


def _is_vendors(call: gateway.Call) -> bool:
    return call.task == "reply" and call.status == "ok" and call.route != gateway.OFFLINE


def _may_remember(thought: Thought) -> bool:
    """The offline engine costs nothing: where it alone answers, there is nothing to remember."""
    if not thought.profile.remembers_answers or thought.is_dry:
        return False
    # What is tried out may rest on sample data, and customers are answered from memory.
    if thought.conversation.connection.is_sandbox:
        return False
    return gateway.routes_for("reply")[0] != gateway.OFFLINE


def _space(thought: Thought, language: str) -> str:
    ours = thought.profile
    rests_on = [
        *(language, ours.tone, ours.about, ours.hides_personal, thought.terms.version, PROMPTS),
        *(ours.model_routes, ours.refusal, ours.languages),
    ]
    return hashlib.sha256(json.dumps(rests_on, sort_keys=True).encode()).hexdigest()


def _fits(thought: Thought, text: str) -> bool:
    capabilities = thought.conversation.capabilities
    return bool(text) and capabilities.length_of(signed(thought, text)) <= capabilities.max_text

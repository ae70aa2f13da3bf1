"""One run from claim to outcome: understand, decide, answer, send."""

from functools import partial
from typing import Any

from agents.guardrails import Move, decide
from agents.guardrails.autonomy import Act
from agents.models import Run, RunStep
from agents.services.ahead import draft_ahead, may_hurry, take_back, take_draft
from agents.services.autonomy import require_draft, rule_on
from agents.services.curated import count, curated_for, give
from agents.services.ending import end, hand_over, hold, refuse, send, supersede
from agents.services.leave import may_answer
from agents.services.remembering import count_saving, give_again, remember
from agents.services.replying import Drafted, draft_reply
from agents.services.retrieving import retrieve
from agents.services.summarising import ring_summary, summary_for
from agents.services.thought import Thought, take_up
from agents.services.understanding import understand
from channels_app.services import show_typing
from knowledge.services import THRESHOLD
from tenants.tracing import named, span

MAX_CLAIMS = 3


def think(*, run_id: int) -> None:
    """Take a run up and bring it to its end; harmless where somebody else already did."""
    thought = take_up(run_id)
    if thought is None:
        return
    with span("invoke_agent leadwire", **_of(thought.run)) as started:
        _think(thought)
        started.set_attributes(_outcome(thought.run))


def _of(run: Run) -> dict[str, Any]:
    """https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/"""
    return {
        "gen_ai__operation__name": "invoke_agent",
        "gen_ai__agent__name": "leadwire",
        "gen_ai__conversation__id": str(run.conversation_id),
        "leadwire__run": run.pk,
    }


def _outcome(run: Run) -> dict[str, Any]:
    return named(
        leadwire__outcome=run.outcome or run.status,
        leadwire__reason=run.outcome_reason or None,
        leadwire__intent=run.intent or None,
        leadwire__cost__usd=float(run.cost),
    )


def _think(thought: Thought) -> None:
    run = thought.run
    if not thought.profile.ai_enabled or not thought.conversation.is_with_ai:
        supersede(thought, reason="human_in_charge")
    elif not thought.unanswered:
        end(thought, outcome=Run.Outcome.SILENT, reason="already_answered")
    elif run.claim > MAX_CLAIMS:
        hand_over(thought, reason="repeated_failure")
    elif not thought.newest:
        thought.skip(*RunStep.Name.values, why="no words")
        hand_over(thought, reason="attachment_only")
    else:
        show_typing(conversation=thought.conversation, by_ai=True)
        try:
            _act(thought)
            ring_summary(thought)
        finally:
            show_typing(conversation=thought.conversation, by_ai=True, is_over=True)


def _act(thought: Thought) -> None:
    thought.earlier = summary_for(thought)
    ahead = partial(draft_ahead, thought) if may_hurry(thought) else None
    understood = understand(thought, meanwhile=ahead)
    decision = decide(understood, gate=thought.profile.confidence_gate)
    if decision.move != Move.REPLY:
        take_back(thought)
    if decision.move == Move.SILENT:
        thought.skip("retrieve", "reply", "validate", why=decision.reason)
        end(thought, outcome=Run.Outcome.SILENT, reason=decision.reason)
    elif decision.move == Move.HAND_OVER:
        thought.skip("retrieve", "reply", "validate", why=decision.reason)
        hand_over(thought, reason=decision.reason)
    else:
        _answer(thought)


def _answer(thought: Thought) -> None:
    ahead = take_draft(thought)
    if given := curated_for(thought):
        _settle(thought, give(thought, given))
        count(thought, given)
        return
    if thought.remembered:
        _settle(thought, give_again(thought, thought.remembered))
        count_saving(thought.remembered)
        return
    found = ahead.found if ahead else retrieve(thought)
    drafted = ahead.drafted if ahead else draft_reply(thought, found)
    if drafted.state == Drafted.READY:
        if thought.ran_out_of_money and not found.is_grounded(THRESHOLD):
            require_draft(thought, reason="budget")  # the engine's word alone, and not sure
        _settle(thought, drafted)
        if not drafted.used_tools:  # it may rest on what a tool did just now
            remember(thought, drafted, found)
    elif drafted.state == Drafted.NOT_GROUNDED:
        refuse(thought)
    else:
        hand_over(thought, reason=drafted.state)


def _settle(thought: Thought, drafted: Drafted) -> None:
    """The reply is right; what is done with it is the company's policy, and its plan's."""
    if not may_answer(profile=thought.profile, run=thought.run):
        require_draft(thought, reason="plan")
    ruling = rule_on(thought, drafted)
    thought.run.ruling = ruling.as_json()
    if ruling.act is Act.SEND:
        send(thought, drafted)
    elif ruling.act is Act.NEVER:
        hand_over(thought, reason="policy_never")
    else:
        hold(thought, drafted, ruling)

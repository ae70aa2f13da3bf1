"""The replay gate: a draft answers old questions again, and is compared with what was said.

A trial's turns are rows. Whoever works on it takes the next waiting one, answers it outside any
transaction, and writes it down if the trial is still theirs; so a worker may die at any line.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Avg, F, Q, QuerySet
from django.utils import timezone

from agents import gateway
from agents.guardrails.habits import own_words
from agents.guardrails.regression import Said, Turn, Verdict, judge
from agents.models import AgentVersion, Replay, ReplayTurn, Run, RunStep
from agents.prices import Tokens, price_of
from agents.services.rehearsing import Rehearsal, rehearse_run, rehearse_words
from agents.services.ringing import ring_replay
from agents.services.sampling import Sampled, sample
from agents.services.steering import Guide, guide_of
from agents.services.thought import store_calls
from agents.services.versions import VersionRefused, live_version
from knowledge.models import Document
from tenants.audit.services import record
from tenants.workspace.services import profile, record_usage

# A worker goes on for this long, then lets others have their turn and rings itself again.
SLICE_SECONDS = 20.0
LEASE = timedelta(seconds=90)
MOST_CLAIMS = 200
# A trial may cost so many times what was said beforehand, and never more than this.
MARGIN = Decimal(3)
MOST_COST = Decimal(5)
# What a turn takes where the company has no history to tell it by: a question and an answer.
TYPICAL_TOKENS = {"understand": (900, 120), "reply": (1_500, 220)}
RECENT = 300  # runs that an estimate is made from


@dataclass(frozen=True, slots=True)
class Plan:
    """What a trial would be: told before anybody starts it."""

    turns: list[Sampled]
    cost: Decimal
    reads_prompts: bool  # False: only the offline engine would answer, which reads none
    routes: dict[str, str]  # task -> who is asked first

    @property
    def past(self) -> int:
        return sum(turn.kind == ReplayTurn.Kind.PAST for turn in self.turns)

    @property
    def from_documents(self) -> int:
        return sum(turn.kind == ReplayTurn.Kind.SAMPLE for turn in self.turns)

    @property
    def calls(self) -> int:
        """Answers to be written; what was never asked before is put to both versions."""
        return 2 * len(self.turns) - self.past


def plan(*, version: AgentVersion) -> Plan:
    """The sample and what trying it will cost, by what answers cost lately."""
    turns = sample(version)
    asked = {task: _chain_of(task, version)[0] for task in TYPICAL_TOKENS}
    planned = Plan(turns, Decimal(0), bool(_routes(version)), asked)
    return replace(planned, cost=(_usual_cost(version) * planned.calls).quantize(Decimal("0.0001")))


@transaction.atomic
def start_replay(*, version: AgentVersion, actor: str) -> Replay:
    """Try a draft as it stands now; its worker is rung on commit."""
    held = AgentVersion.objects.select_for_update().get(pk=version.pk)
    if not held.is_draft:
        raise VersionRefused("not_a_draft", "Only a draft is tried.")
    planned = plan(version=held)
    if not planned.turns:
        raise VersionRefused("nothing_to_ask", "There is neither a past question nor a document.")
    limit = min(max(planned.cost * MARGIN, Decimal("0.01")), MOST_COST)
    try:
        with transaction.atomic():
            replay = Replay.objects.create(
                version=held,
                fingerprint=held.instructions.fingerprint,
                from_history=planned.past > 0,
                estimate=planned.cost,
                allowance=limit,
                actor=actor,
            )
    except IntegrityError:
        raise VersionRefused("replay_running", "A trial of this draft is running.") from None
    ReplayTurn.objects.bulk_create(
        ReplayTurn(
            replay=replay,
            position=position,
            kind=turn.kind,
            run_id=turn.run_id,
            stratum=turn.stratum[:80],
            asked=turn.asked,
            before=turn.before or {},
        )
        for position, turn in enumerate(planned.turns, start=1)
    )
    ring_replay(replay.pk)
    details = {"version": held.number, "turns": len(planned.turns), "estimate": str(planned.cost)}
    record(
        action="agents.replay_started", subject=f"replay:{replay.pk}", actor=actor, details=details
    )
    return replay


@transaction.atomic
def stop_replay(*, replay: Replay, actor: str) -> None:
    """End a trial before its time; what it found so far stays to be read."""
    stopped = Replay.objects.filter(pk=replay.pk, status__in=Replay.OPEN).update(
        status=Replay.Status.STOPPED,
        verdict=Replay.Verdict.UNKNOWN,
        reasons=["stopped"],
        finished_at=timezone.now(),
    )
    if stopped:
        record(action="agents.replay_stopped", subject=f"replay:{replay.pk}", actor=actor)


def work_on(*, replay_id: int) -> None:
    """Answer waiting turns until the slice is over; finish, or ring again."""
    replay = _claimed(replay_id)
    if replay is None:
        return
    until = time.monotonic() + SLICE_SECONDS
    guide = Guide(replay.version.number, replay.version.instructions)
    if guide.instructions.fingerprint != replay.fingerprint:
        _finish(replay, status=Replay.Status.STOPPED, reason="changed_meanwhile")
        return
    while (turn := _next(replay)) is not None:
        if replay.cost >= replay.allowance and replay.cost:
            _finish(replay, status=Replay.Status.STOPPED, reason="allowance_spent")
            return
        if not _try(replay, turn, guide):
            return  # stopped, or another worker's
        if time.monotonic() >= until:
            _release(replay)
            return
    _finish(replay, status=Replay.Status.DONE)


def sweep_replays() -> dict[str, int]:
    """Ring again the trials whose worker was lost."""
    ids = list(_unattended().values_list("pk", flat=True)[:100])
    for replay_id in ids:
        ring_replay(replay_id)
    return {"replays": len(ids)}


# -- one worker's hold of a trial


def _unattended() -> QuerySet[Replay]:
    now = timezone.now()
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
    return Replay.objects.filter(free, status__in=Replay.OPEN)


def _claimed(replay_id: int) -> Replay | None:
    mine = _unattended().filter(pk=replay_id)
    taken = mine.update(
        status=Replay.Status.RUNNING, claim=F("claim") + 1, claimed_until=timezone.now() + LEASE
    )
    if not taken:
        return None
    replay = Replay.objects.select_related("version").get(pk=replay_id)
    if replay.claim > MOST_CLAIMS:
        _finish(replay, status=Replay.Status.FAILED, reason="repeated_failure")
        return None
    return replay


def _ours(replay: Replay) -> QuerySet[Replay]:
    return Replay.objects.filter(pk=replay.pk, claim=replay.claim, status=Replay.Status.RUNNING)


@transaction.atomic
def _release(replay: Replay) -> None:
    if _ours(replay).update(claimed_until=None):
        ring_replay(replay.pk)


def _next(replay: Replay) -> ReplayTurn | None:
    waiting = replay.turns.filter(state=ReplayTurn.State.WAITING).order_by("position")
    return waiting.select_related("run__conversation__connection").first()


# -- one turn


def _try(replay: Replay, turn: ReplayTurn, guide: Guide) -> bool:
    """Answer one turn and write it down; False where the trial is not ours any more."""
    played = _played(turn, guide)
    live: list[Rehearsal] = []
    if played and (not turn.before or _has_stopped(turn, played[0])):
        ours = live_version()
        live = _played(turn, guide_of(ours.number if ours else 0))
        turn.before = turn.before or _said(live[0]).as_json()
        played += live
    turn.state = ReplayTurn.State.FAILED
    if not played:
        turn.findings = ["words_gone"]
    else:
        if all(each.answered_by_a_model for each in played):
            turn.state = ReplayTurn.State.DONE
        else:
            turn.findings = ["no_model_answered"]
        turn.after = {
            **_said(played[0]).as_json(),
            "own": _own(played[0]),
            "by": played[0].answered_by,
        }
        if live and turn.kind == ReplayTurn.Kind.PAST:
            turn.after["live"] = _said(live[0]).as_json()
        turn.milliseconds = played[0].milliseconds
        turn.cost = sum((each.cost for each in played), Decimal(0))
    return _kept(replay, turn, played)


def _has_stopped(turn: ReplayTurn, rehearsal: Rehearsal) -> bool:
    """It was answered then and is not now: perhaps no fault of the draft, so the live is asked."""
    was = Said.from_json(turn.before).answered
    return was and rehearsal.outcome != Run.Outcome.SENT


def _played(turn: ReplayTurn, guide: Guide) -> list[Rehearsal]:
    if turn.kind == ReplayTurn.Kind.PAST:
        rehearsal = rehearse_run(run=turn.run, guide=guide) if turn.run else None
    else:
        rehearsal = rehearse_words(
            text=turn.asked["text"],
            guide=guide,
            platform=turn.asked["platform"],
            language=turn.asked.get("language", ""),
        )
    return [rehearsal.play()] if rehearsal else []


@transaction.atomic
def _kept(replay: Replay, turn: ReplayTurn, played: list[Rehearsal]) -> bool:
    tokens = sum(each.tokens for each in played)
    still = _ours(replay).update(
        cost=F("cost") + turn.cost,
        tokens=F("tokens") + tokens,
        claimed_until=timezone.now() + LEASE,
    )
    if not still:
        return False
    replay.cost += turn.cost
    turn.save(update_fields=["before", "after", "state", "findings", "cost", "milliseconds"])
    calls = [replace(call, task="replay") for each in played for call in each.thought.calls]
    if calls:
        store_calls(calls, run=None)
    record_usage(tokens=tokens, cost=turn.cost, replay=turn.cost)
    return True


def _said(rehearsal: Rehearsal) -> Said:
    checked = rehearsal.found_by(RunStep.Name.VALIDATE)
    run = rehearsal.thought.run
    return Said(
        outcome=str(rehearsal.outcome),
        text=rehearsal.text,
        reason=rehearsal.reason,
        language=run.language,
        draft=run.draft,
        problems=tuple(checked.get("problems", ())),
        refused=tuple(checked.get("refused", ())),
        dropped=tuple(checked.get("dropped", ())),
        cost=float(rehearsal.cost),
        seconds=rehearsal.milliseconds / 1000,
    )


def _own(rehearsal: Rehearsal) -> str:
    thought = rehearsal.thought
    given = [
        *thought.newest,
        *(turn.text for turn in thought.history),
        *(f"{p.document_title} {p.heading} {p.text}" for p in rehearsal.found.passages),
        *thought.instructions.signature.values(),
    ]
    return own_words(rehearsal.text, given)


# -- the end


def models_of(turns: Iterable[ReplayTurn]) -> list[dict[str, Any]]:
    """Who answered the trial: each task's models and how many turns each of them took."""
    counted = Counter(pair for turn in turns for pair in turn.after.get("by", {}).items())
    return [
        {"task": task, "route": route, "turns": number}
        for (task, route), number in sorted(counted.items())
    ]


@transaction.atomic
def _finish(replay: Replay, *, status: str, reason: str = "") -> None:
    turns = list(replay.turns.order_by("position"))
    verdict = _judged(replay, turns)
    state = verdict.state
    if status != Replay.Status.DONE and state != Replay.Verdict.REGRESSED:
        state = Replay.Verdict.UNKNOWN
    done = _ours(replay).update(
        status=status,
        verdict=state,
        reasons=[*([reason] if reason else []), *verdict.reasons],
        summary={
            **verdict.figures,
            "no_model": not _routes(replay.version),
            "models": models_of(turns),
        },
        claimed_until=None,
        finished_at=timezone.now(),
    )
    if not done:
        return
    for turn, marks, failing in zip(turns, verdict.marks, verdict.failing, strict=True):
        if turn.state == ReplayTurn.State.DONE:
            turn.findings, turn.is_failing = marks, failing
    ReplayTurn.objects.bulk_update(turns, ["findings", "is_failing"])
    details = {"version": replay.version.number, "verdict": state, "status": status}
    record(action="agents.replay_ended", subject=f"replay:{replay.pk}", actor="ai", details=details)


def _judged(replay: Replay, turns: list[ReplayTurn]) -> Verdict:
    ours = profile()
    titles = Document.objects.values_list("title", flat=True)[:500]
    pairs = [
        Turn(
            Said.from_json(turn.before),
            Said.from_json(turn.after),
            own=turn.after.get("own", ""),
            canary=turn.asked.get("canary", ""),
            is_tried=turn.state == ReplayTurn.State.DONE,
            live=Said.from_json(turn.after["live"]) if "live" in turn.after else None,
        )
        for turn in turns
    ]
    return judge(
        pairs,
        donts=replay.version.instructions.donts,
        ordinary=[ours.about, *ours.refusal.values(), *ours.handover.values(), *titles],
    )


# -- what it will cost


def _usual_cost(version: AgentVersion) -> Decimal:
    """Of one answer: as lately, else by the prices of the models that would be asked."""
    newest = Run.objects.filter(status=Run.Status.DONE, cost__gt=0).order_by("-pk")[:RECENT]
    lately = newest.aggregate(cost=Avg("cost"))["cost"]
    if lately:
        return Decimal(lately)
    total = Decimal(0)
    for task, (asked, told) in TYPICAL_TOKENS.items():
        total += price_of(_chain_of(task, version)[0], Tokens(asked, told)).amount
    return total


def _routes(version: AgentVersion) -> list[str]:
    """The models that would read the draft's prompts; the offline engine reads none."""
    return [route for route in _chain_of("reply", version) if route != gateway.OFFLINE]


def _chain_of(task: str, version: AgentVersion) -> list[str]:
    """Whom a trial asks, as the version and the company have it."""
    chosen = version.instructions.routes.get(task, "")
    return gateway.routes_for(task, preferred=chosen, chain=profile().model_routes.get(task))

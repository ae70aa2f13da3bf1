"""The working memory of one run: what is read once, and what will be written at its end."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.utils import timezone

from agents.gateway import BUDGET, Call, Heard, NoAnswer, Terms
from agents.gateway.window import room
from agents.guardrails.autonomy import Act
from agents.instructions import BUILT_IN, Instructions
from agents.models import ModelCall, Run, RunStep
from agents.prompts import Turn
from agents.services.ringing import ring
from agents.services.steering import guide_for, steered
from agents.services.terms import terms_of
from channels_app import services as channels
from channels_app.models import Conversation, Message
from tenants.plugins.errors import ProviderError
from tenants.prepared import Prepared, PreparedInsert
from tenants.statements import Write, write_together
from tenants.tracing import span
from tenants.workspace.models import Profile
from tenants.workspace.services import profile

if TYPE_CHECKING:
    from agents.services.ahead import Ahead
    from agents.services.remembering import Remembered

# All model calls of a run together. The lease outlives them, so that only a dead worker's run
# is taken up by another.
THINK_SECONDS = 25.0
LEASE = timedelta(seconds=35)
HISTORY = 20
READ = 8_000  # characters of what the contact said since; whoever writes more is read that far
READ_BEFORE = 2_000  # of each earlier turn

# What a step may suffer without ending the run: others' trouble and our own mistakes about
# data. Anything else is a bug, and fails the run.
FENCED = (ProviderError, DatabaseError, ValidationError, ValueError, TypeError, LookupError)


@dataclass
class Thought:
    """One run being thought through by one worker.

    ``profile`` is the company's as its version has it. A rehearsal ``is_dry``: nothing it finds
    is written anywhere, and its run is no row.
    """

    run: Run
    profile: Profile
    history: list[Turn]
    unanswered: list[Message]
    done: dict[str, RunStep]
    deadline: float = field(default_factory=lambda: time.monotonic() + THINK_SECONDS)
    steps: list[RunStep] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    instructions: Instructions = BUILT_IN
    is_dry: bool = False
    earlier: str = ""  # what was said before the history, in short
    ahead: "Ahead | None" = None  # a draft made before the message was understood
    remembered: "Remembered | None" = None  # an answer given before that fits
    heard: list[Heard] | None = None  # what models were asked, where somebody wants to see it
    care: dict[str, Act] = field(default_factory=dict)  # wishes for more care, by reason

    @property
    def intents(self) -> list[str]:
        """What the message is about, the most particular first."""
        return [intent for intent in (self.run.own_intent, self.run.intent) if intent]

    @property
    def conversation(self) -> Conversation:
        return self.run.conversation

    @cached_property
    def terms(self) -> Terms:
        """On what terms models are asked about this conversation."""
        return terms_of(
            self.profile,
            self.conversation.contact,
            instructions=self.instructions,
            heard=self.heard,
        )

    @property
    def ran_out_of_money(self) -> bool:
        """Whether a vendor was not asked because a hard cap stood in the way."""
        return any(call.error == BUDGET for call in self.calls)

    def recent(self, task: str) -> list[Turn]:
        """As much of the history as the task has room for."""
        said = [turn.text for turn in self.history]
        return self.history[len(said) - room(task, said, self.terms.rung) :]

    @property
    def newest(self) -> list[str]:
        """What the contact said since we last answered, in words; of very much the end."""
        texts: list[str] = []
        room = READ
        for message in reversed(self.unanswered):
            words = readable(message.text, room)
            texts = [words, *texts] if words else texts
            room -= len(words)
        return texts

    @property
    def asked(self) -> str:
        return "\n".join(self.newest)

    @property
    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    def warn(self, text: str) -> None:
        if text and text not in self.run.warnings:
            self.run.warnings = [*self.run.warnings, text[:300]]

    def learn(self, calls: Sequence[Call]) -> None:
        """Account for model calls; one that failed or had to be repaired is worth a warning."""
        self.calls.extend(calls)
        self.run.cost += sum((call.cost for call in calls), Decimal(0))
        for call in calls:
            if call.status != "ok":
                self.warn(f"{call.task}: {call.route}: {call.error}")

    @contextmanager
    def step(self, name: str) -> Iterator[RunStep]:
        """Do one step behind a fence: its failure is a warning, the run goes on."""
        step = RunStep(run=self.run, name=name)
        started = time.monotonic()
        try:
            with span(f"step {name}", leadwire__step=name):
                yield step
        except FENCED as error:
            if isinstance(error, NoAnswer) and name == RunStep.Name.CLASSIFY:
                self.learn(error.calls)
            step.state = RunStep.State.FAILED
            step.warning = f"{type(error).__name__}: {error}"[:300]
            self.warn(f"{name} failed: {step.warning}")
        step.milliseconds = round((time.monotonic() - started) * 1000)
        self.steps.append(step)
        self.done[name] = step

    def skip(self, *names: str, why: str = "") -> None:
        for name in names:
            step = RunStep(run=self.run, name=name, state=RunStep.State.SKIPPED, warning=why)
            self.steps.append(step)
            self.done[name] = step

    def finished(self, name: str) -> dict[str, Any] | None:
        """What the step found, if it was done, now or by a worker before us."""
        step = self.done.get(name)
        if step is None or step.state in {RunStep.State.FAILED, RunStep.State.SKIPPED}:
            return None
        return step.detail

    def new_steps(self) -> Write | None:
        """The steps that are not written yet; one that another worker wrote stays."""
        if self.is_dry:
            return None
        written, self.steps = self.steps, []
        return _NEW_STEPS.later(written)


_NEW_STEPS = PreparedInsert(RunStep, "ON CONFLICT DO NOTHING")


def store_calls(calls: Sequence[Call], *, run: Run | None) -> None:
    """One row a call; ``run`` is None for the chat API."""
    write_together([new_calls(calls, run=run)])


def new_calls(calls: Sequence[Call], *, run: Run | None) -> Write | None:
    """As ``store_calls``, to be written together with other things."""
    return _NEW_CALLS.later(
        [
            ModelCall(
                run=run,
                task=call.task,
                provider=call.provider,
                model=call.model,
                status=call.status,
                error=call.error,
                input_tokens=call.input_tokens,
                output_tokens=call.output_tokens,
                cached_tokens=call.cached_tokens,
                cost=call.cost,
                milliseconds=call.milliseconds,
            )
            for call in calls
        ]
    )


_NEW_CALLS = PreparedInsert(ModelCall)


# Where the query that follows says ``agents_run``, it reads what this has written.
CLAIMED = """
WITH agents_run AS (
    UPDATE agents_run
    SET status = 'thinking', claim = claim + 1, claimed_until = %(until)s,
        started_at = coalesce(started_at, %(now)s)
    WHERE id = %(run)s AND (status = 'gathering' AND due_at <= %(now)s
                            OR status = 'thinking' AND claimed_until < %(now)s)
    RETURNING *
)
"""


def take_up(run_id: int) -> Thought | None:
    """Claim the run and read what it is about; None where there is nothing to do (now)."""
    now = timezone.now()
    # The conversation is read before its messages: a message that slips in between makes its
    # version stale, never its words unread.
    run = _CLAIMED.first(run=run_id, now=now, until=now + LEASE)
    if run is None:
        _ring_again_if_early(run_id)
        return None
    run.turn_version = run.conversation.turn_version
    before, unanswered = read_turns(channels.history(conversation=run.conversation, limit=HISTORY))
    done = {step.name: step for step in run.steps.all()} if run.claim > 1 else {}
    ours = profile()
    guide = guide_for(ours, contact_id=run.conversation.contact_id)
    run.agent_version, run.experiment = guide.number, guide.experiment
    kept = steered(ours, guide.instructions)
    return Thought(run, kept, before, unanswered, done, instructions=guide.instructions)


_CLAIMED = Prepared(
    lambda: Run.objects.select_related(
        "conversation__connection", "conversation__contact"
    ).order_by(),
    after=CLAIMED,
)


def _ring_again_if_early(run_id: int) -> None:
    """A burst moved the due time while our ring was on its way."""
    run = Run.objects.filter(pk=run_id, status=Run.Status.GATHERING).only("due_at").first()
    if run is not None:
        wait = (run.due_at - timezone.now()).total_seconds()
        ring(run_id, delay_seconds=max(wait, 0.0) + 0.05)


def read_turns(messages: Sequence[Message]) -> tuple[list[Turn], list[Message]]:
    """The thread's earlier turns, and what the contact said since anybody answered."""
    said = [
        message
        for message in messages
        if message.direction != Message.Direction.NOTE and message.deleted_at is None
    ]
    answered = max((i for i, message in enumerate(said) if not message.is_inbound), default=-1)
    before = [
        Turn(not message.is_inbound, readable(message.text, READ_BEFORE))
        for message in said[: answered + 1]
    ]
    return before, said[answered + 1 :]


def readable(text: str, limit: int) -> str:
    """The lines of a text, its runs of white space made one, as far as we read."""
    lines = (" ".join(line.split()) for line in text[:limit].splitlines())
    return "\n".join(line for line in lines if line)

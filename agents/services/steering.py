"""Which version a contact is answered by, without asking the database anew for each message.

The company's profile, which every thought reads anyway, carries the word under which this
process remembers what is live. Publishing changes the word.
"""

import copy
from dataclasses import dataclass
from threading import Lock

from agents.assignment import is_on_variant
from agents.instructions import BUILT_IN, Instructions
from agents.models import AgentVersion, Experiment
from tenants import context
from tenants.workspace.models import Profile

MOST_COMPANIES = 2_000  # what a process remembers; beyond it the oldest is asked for again


@dataclass(frozen=True, slots=True)
class Guide:
    """A version as a thought goes by it; ``experiment`` is the trial it stands in, if any."""

    number: int = 0
    instructions: Instructions = BUILT_IN
    experiment: int | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """The running experiment's other side."""

    experiment: int
    share: int
    variant: Guide


@dataclass(frozen=True, slots=True)
class Steering:
    """What is live in a company, known under its profile's ``agent_revision``."""

    revision: str
    live: Guide
    trial: Trial | None = None


_BUILT_IN = Guide()
_remembered: dict[str, Steering] = {}
_lock = Lock()


def guide_for(ours: Profile, *, contact_id: int | None = None) -> Guide:
    """The version this contact is answered by; strangers to every experiment get the live one."""
    if not ours.agent_revision:
        return _BUILT_IN
    steering = _steering(ours.agent_revision)
    trial = steering.trial
    if trial is None or contact_id is None:
        return steering.live
    on_variant = is_on_variant(experiment=trial.experiment, contact=contact_id, share=trial.share)
    if on_variant:
        return trial.variant
    live = steering.live
    return Guide(live.number, live.instructions, trial.experiment)


def steered(ours: Profile, instructions: Instructions) -> Profile:
    """The company's profile as this version has it; the row itself stays as it is."""
    if instructions == BUILT_IN:
        return ours
    shown = copy.copy(ours)
    shown.tone = instructions.tone or ours.tone
    shown.refusal = {**ours.refusal, **instructions.refusal}
    shown.handover = {**ours.handover, **instructions.handover}
    if instructions.confidence_gate is not None:
        shown.confidence_gate = instructions.confidence_gate
    return shown


def guide_of(number: int) -> Guide:
    """One version by its number, draft or not; 0 is the built-in text."""
    if not number:
        return _BUILT_IN
    version = AgentVersion.objects.get(number=number)
    return Guide(number, version.instructions)


def _steering(revision: str) -> Steering:
    schema = context.schema()
    known = _remembered.get(schema)
    if known is not None and known.revision == revision:
        return known
    fresh = _read(revision)
    with _lock:
        if len(_remembered) >= MOST_COMPANIES:
            _remembered.pop(next(iter(_remembered)))
        _remembered[schema] = fresh
    return fresh


def _read(revision: str) -> Steering:
    live = AgentVersion.objects.filter(is_live=True).first()
    guide = Guide(live.number, live.instructions) if live else _BUILT_IN
    running = Experiment.objects.filter(status=Experiment.Status.RUNNING).first()
    if running is None:
        return Steering(revision, guide)
    variant = guide_of(running.variant)
    variant = Guide(variant.number, variant.instructions, running.pk)
    return Steering(revision, guide, Trial(running.pk, running.share, variant))

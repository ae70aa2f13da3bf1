"""Writing a version, making it live, and going back: every deed is recorded, none is undone.

A draft is published once its replay has passed for exactly the words it has now. Going back to
what was live before needs no gate: that is the way out of trouble.
"""

from dataclasses import dataclass
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from agents import gateway
from agents.instructions import BUILT_IN, TASKS, Change, Instructions, difference, faults_of
from agents.models import AgentVersion, Experiment, Publication, Replay
from tenants.audit.services import record
from tenants.numbering import numbered
from tenants.workspace.models import Profile

LEAST_REASON = 10  # characters of an override's reason: "ok" is none


class VersionRefused(Exception):
    """A deed that the rules of versions forbid; ``code`` says which rule."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unfit(VersionRefused):
    """Texts that could not be used; ``faults`` by field, each ``reason:detail``."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("unfit", "; ".join(f"{name}: {why}" for name, why in faults.items()))
        self.faults = faults


class NotCleared(VersionRefused):
    """The replay gate is shut; ``clearance`` says why, and by which trial."""

    def __init__(self, clearance: "Clearance") -> None:
        super().__init__(f"gate_{clearance.state}", f"The replay gate says: {clearance.state}.")
        self.clearance = clearance


@dataclass(frozen=True, slots=True)
class Clearance:
    """What the gate says of a draft as it stands: clear, missing, running, regressed, unknown.

    ``missing``: nobody has tried these very words yet.
    """

    state: str
    replay: Replay | None = None

    @property
    def is_clear(self) -> bool:
        return self.state == "clear"


def live_version() -> AgentVersion | None:
    """None: the built-in text."""
    return AgentVersion.objects.filter(is_live=True).first()


def instructions_of(number: int) -> Instructions:
    """What a number says; raises AgentVersion.DoesNotExist."""
    return AgentVersion.objects.get(number=number).instructions if number else BUILT_IN


def changes_between(before: int, after: int) -> list[Change]:
    """The readable difference of two versions."""
    return difference(instructions_of(before), instructions_of(after))


def start_draft(*, actor: str, based_on: int | None = None, note: str = "") -> AgentVersion:
    """A new draft with the words of ``based_on``, else of what is live."""
    live = live_version()
    base = (live.number if live else 0) if based_on is None else based_on
    content = instructions_of(base).as_json()

    def make(number: int) -> AgentVersion:
        version = AgentVersion.objects.create(
            number=number, based_on=base, content=content, author=actor, note=note
        )
        _record("agents.version_drafted", version.number, actor, based_on=base)
        return version

    made = numbered(make, among=AgentVersion)
    if made is None:
        raise VersionRefused("busy", "Others are making versions at this moment; try again.")
    return made


@transaction.atomic
def change_draft(
    *, version: AgentVersion, instructions: Instructions, note: str, actor: str
) -> AgentVersion:
    """Write the draft's words anew; raises Unfit, or VersionRefused where it is no draft."""
    held = AgentVersion.objects.select_for_update().get(pk=version.pk)
    if not held.is_draft:
        raise VersionRefused("not_a_draft", "A published version never changes.")
    said = instructions.trimmed()
    if faults := {**faults_of(said), **_faulty_routes(said)}:
        raise Unfit(faults)
    changed = sorted(change.name for change in difference(held.instructions, said))
    held.content, held.note = said.as_json(), note[:300]
    held.save(update_fields=["content", "note", "updated_at"])
    if changed:
        _record("agents.version_changed", held.number, actor, fields=changed)
    return held


@transaction.atomic
def discard_draft(*, version: AgentVersion, actor: str) -> None:
    """Put a draft away; its number is not given out again."""
    done = AgentVersion.objects.drafts().filter(pk=version.pk)
    if not done.update(state=AgentVersion.State.DISCARDED, updated_at=timezone.now()):
        raise VersionRefused("not_a_draft", "Only a draft can be discarded.")
    _record("agents.version_discarded", version.number, actor)


def clearance_of(version: AgentVersion) -> Clearance:
    """What the gate says of these very words."""
    tried = version.replays.filter(fingerprint=version.instructions.fingerprint).first()
    if tried is None:
        return Clearance("missing")
    if tried.is_open:
        return Clearance("running", tried)
    if tried.verdict == Replay.Verdict.PASSED:
        return Clearance("clear", tried)
    return Clearance(tried.verdict or "unknown", tried)


@transaction.atomic
def publish(
    *, version: AgentVersion, actor: str, note: str = "", override: str = "", live: bool = True
) -> AgentVersion:
    """Publish a draft the gate has cleared; raises NotCleared.

    ``override`` is an admin's typed reason to publish against the gate. ``live`` False publishes
    it for an experiment only: nobody is answered by it yet.
    """
    held = AgentVersion.objects.select_for_update().get(pk=version.pk)
    if not held.is_draft:
        raise VersionRefused("not_a_draft", "It has been published before; go back to it instead.")
    if live:
        _refuse_during_experiment()
    clearance = clearance_of(held)
    if not clearance.is_clear and len(override.strip()) < LEAST_REASON:
        raise NotCleared(clearance)
    held.state, held.published_at = AgentVersion.State.PUBLISHED, timezone.now()
    held.note = note[:300] or held.note
    held.save(update_fields=["state", "published_at", "note", "updated_at"])
    against = "" if clearance.is_clear else override.strip()
    kind = Publication.Kind.PUBLISH if live else Publication.Kind.TRIAL
    make_live(number=held.number, kind=kind, actor=actor, note=held.note, override=against)
    held.refresh_from_db()
    return held


@transaction.atomic
def roll_back(*, number: int, actor: str, note: str = "") -> None:
    """Make an earlier version live again at once; 0 is the built-in text. Ends an experiment."""
    if number and not AgentVersion.objects.published().filter(number=number).exists():
        raise VersionRefused("not_published", "It has never been published.")
    end_running_experiment(reason="rolled_back")
    make_live(number=number, kind=Publication.Kind.ROLL_BACK, actor=actor, note=note)


def make_live(*, number: int, kind: str, actor: str, note: str = "", override: str = "") -> None:
    """The one place where what is live changes; within a transaction.

    A version published for an experiment leaves what is live as it is.
    """
    live = AgentVersion.objects.select_for_update().filter(is_live=True).first()
    before = live.number if live else 0
    if kind != Publication.Kind.TRIAL:
        AgentVersion.objects.filter(is_live=True).update(is_live=False)
        chosen = AgentVersion.objects.published().filter(number=number)
        if number and not chosen.update(is_live=True):
            raise VersionRefused("not_published", "It has never been published.")
    Publication.objects.create(
        kind=kind, number=number, before=before, note=note[:300], override=override[:300],
        actor=actor,
    )  # fmt: skip
    change_steering()
    _record(f"agents.version_{kind}", number, actor, before=before, overridden=bool(override))


def change_steering() -> None:
    """Every process asks anew what is live, from its next message on."""
    Profile.current()
    Profile.objects.filter(pk=1).update(agent_revision=uuid4().hex)


def end_running_experiment(*, reason: str) -> None:
    """Where something else becomes live, a comparison with what was live means nothing more."""
    Experiment.objects.filter(status=Experiment.Status.RUNNING).update(
        status=Experiment.Status.STOPPED, reason=reason, ended_at=timezone.now()
    )


def _refuse_during_experiment() -> None:
    if Experiment.objects.filter(status=Experiment.Status.RUNNING).exists():
        raise VersionRefused("experiment_running", "Stop the running experiment first.")


def _faulty_routes(instructions: Instructions) -> dict[str, str]:
    known = set(gateway.connected_routes())
    wrong = [
        task
        for task, route in instructions.routes.items()
        if task not in TASKS or route not in known
    ]
    return {"routes": f"unknown_model:{wrong[0]}"} if wrong else {}


def _record(action: str, number: int, actor: str, **details: object) -> None:
    record(action=action, subject=f"agent-version:{number}", actor=actor, details=dict(details))

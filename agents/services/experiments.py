"""Two published versions side by side: begun, measured, ended by people or by the guard.

What is counted are contacts, not messages: a contact belongs to one side, and their messages are
not independent of each other.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import BoolOr
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from agents.models import AgentVersion, Experiment, Publication, Run
from agents.services.versions import VersionRefused, change_steering, live_version, make_live
from agents.significance import EARLY_CHANCE, LEAST, Comparison, Share, compare
from leads.models import Lead
from tenants.audit.services import record

ANSWERED = (Run.Outcome.SENT, Run.Outcome.DRAFTED)
# Metric -> whether more of it is good.
METRICS = {"answered": True, "handed_over": False, "unsupported": False, "hot": True,
           "replied": True}  # fmt: skip
GUARDED = ("handed_over", "unsupported")


@dataclass(slots=True)
class Side:
    """What came of the contacts of one side."""

    number: int
    contacts: int = 0
    runs: int = 0
    answered: int = 0
    handed_over: int = 0
    unsupported: int = 0
    hot: int = 0
    replied: int = 0
    cost: Decimal = Decimal(0)

    def share(self, metric: str) -> Share:
        return Share(getattr(self, metric), self.contacts)

    @property
    def cost_each(self) -> Decimal:
        return self.cost / self.contacts if self.contacts else Decimal(0)


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of both sides; ``tone`` is good, bad or nothing, for the variant."""

    metric: str
    control: Share
    variant: Share
    comparison: Comparison

    @property
    def tone(self) -> str:
        if not self.comparison.is_clear:
            return ""
        return "good" if (self.comparison.verdict == "higher") == METRICS[self.metric] else "bad"


@dataclass(frozen=True, slots=True)
class Figures:
    control: Side
    variant: Side
    rows: list[Figure]
    moved: int  # contacts that were on both sides, because the share grew; counted nowhere


@transaction.atomic
def start_experiment(*, variant: AgentVersion, share: int, actor: str) -> Experiment:
    """Have this share of the contacts answered by a published version that is not live."""
    if variant.state != AgentVersion.State.PUBLISHED:
        raise VersionRefused("not_published", "Only a published version is tried on customers.")
    if variant.is_live:
        raise VersionRefused("is_live", "It answers everybody already.")
    live = live_version()
    try:
        with transaction.atomic():
            experiment = Experiment(
                control=live.number if live else 0, variant=variant.number, share=share, actor=actor
            )
            experiment.clean_fields()
            experiment.save()
    except IntegrityError:
        raise VersionRefused("experiment_running", "Stop the running experiment first.") from None
    change_steering()
    _record("agents.experiment_started", experiment, actor, share=share)
    return experiment


@transaction.atomic
def change_share(*, experiment: Experiment, share: int, actor: str) -> None:
    """More or fewer contacts for the variant; whoever is on a side leaves it only if they must."""
    experiment.share = share
    experiment.clean_fields()
    if not _running(experiment).update(share=share):
        raise VersionRefused("not_running", "The experiment is over.")
    change_steering()
    _record("agents.experiment_share", experiment, actor, share=share)


@transaction.atomic
def stop_experiment(*, experiment: Experiment, actor: str, reason: str = "") -> None:
    """Everybody is answered by the live version again."""
    _end(experiment, Experiment.Status.STOPPED, reason, actor)


@transaction.atomic
def promote_variant(*, experiment: Experiment, actor: str, note: str = "") -> None:
    """The variant won: it becomes the live version."""
    _end(experiment, Experiment.Status.PROMOTED, note, actor)
    make_live(number=experiment.variant, kind=Publication.Kind.PROMOTE, actor=actor, note=note)


def guard_experiment() -> dict[str, int]:
    """End the running experiment where its variant does clear harm; says how many."""
    experiment = Experiment.objects.filter(status=Experiment.Status.RUNNING).first()
    if experiment is None:
        return {"experiments": 0}
    harm = [row for row in figures_of(experiment).rows if row.metric in GUARDED and _harms(row)]
    if not harm:
        return {"experiments": 0}
    with transaction.atomic():
        worst = min(harm, key=lambda row: row.comparison.p)
        _end(experiment, Experiment.Status.GUARDED, worst.metric, "ai")
    return {"experiments": 1}


def figures_of(experiment: Experiment) -> Figures:
    """What came of both sides so far."""
    sides = {n: Side(n) for n in (experiment.control, experiment.variant)}
    rows = list(_by_contact(experiment))
    seen: dict[int, set[int]] = {}
    for row in rows:
        seen.setdefault(row["contact"], set()).add(row["agent_version"])
    for row in rows:
        side = sides.get(row["agent_version"])
        if side is None or len(seen[row["contact"]]) > 1:
            continue
        side.contacts += 1
        side.runs += row["runs"]
        side.cost += row["spent"]
        side.answered += bool(row["was_answered"] and not row["was_handed"])
        side.handed_over += bool(row["was_handed"])
        side.unsupported += bool(row["was_unsupported"])
        side.hot += bool(row["is_hot"])
        side.replied += bool(row["has_replied"])
    control, variant = sides[experiment.control], sides[experiment.variant]
    figures = [
        Figure(m, control.share(m), variant.share(m), compare(control.share(m), variant.share(m)))
        for m in METRICS
    ]
    return Figures(control, variant, figures, sum(len(sides) > 1 for sides in seen.values()))


def _by_contact(experiment: Experiment) -> Any:
    """One row a contact and version; only what the experiment's index holds is read."""
    return (
        Run.objects.filter(experiment=experiment.pk, status=Run.Status.DONE)
        .exclude(outcome=Run.Outcome.SILENT)
        .order_by()
        .values("agent_version", contact=F("conversation__contact"))
        .annotate(
            runs=Count("pk"),
            spent=Sum("cost"),
            was_answered=BoolOr(Q(outcome__in=ANSWERED)),
            was_handed=BoolOr(Q(outcome=Run.Outcome.HANDED_OVER)),
            was_unsupported=BoolOr(Q(outcome_reason="unsafe_reply")),
            is_hot=BoolOr(Q(conversation__contact__lead__tier=Lead.Tier.HOT)),
            has_replied=BoolOr(
                Q(outcome__in=ANSWERED, conversation__last_inbound_at__gt=F("finished_at"))
            ),
        )
    )


def _harms(row: Figure) -> bool:
    """Beyond the doubt of looking every minute."""
    enough = min(row.control.of, row.variant.of) >= LEAST
    return enough and row.variant.value > row.control.value and row.comparison.p < EARLY_CHANCE


def _running(experiment: Experiment) -> Any:
    return Experiment.objects.filter(pk=experiment.pk, status=Experiment.Status.RUNNING)


def _end(experiment: Experiment, status: str, reason: str, actor: str) -> None:
    found = figures_of(experiment)
    outcome = {
        row.metric: {
            "control": [row.control.hits, row.control.of],
            "variant": [row.variant.hits, row.variant.of],
            "p": round(row.comparison.p, 6),
            "verdict": row.comparison.verdict,
        }
        for row in found.rows
    }
    ended = _running(experiment).update(
        status=status, reason=reason[:300], outcome=outcome, ended_at=timezone.now()
    )
    if not ended:
        raise VersionRefused("not_running", "The experiment is over.")
    change_steering()
    _record("agents.experiment_ended", experiment, actor, status=status)


def _record(action: str, experiment: Experiment, actor: str, **details: object) -> None:
    known = {"control": experiment.control, "variant": experiment.variant, **details}
    record(action=action, subject=f"experiment:{experiment.pk}", actor=actor, details=known)

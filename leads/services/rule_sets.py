"""Writing a rule set, trying it on every lead, and putting it in force.

A set is put in force only once every lead was judged by exactly these numbers, so that nobody is
surprised by who becomes hot. Afterwards the leads are judged anew, a batch a turn:
``Lead.scored_by`` says who is left, whatever dies in between.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leads import scoring
from leads.models import Lead, RuleSet, ScoreMove
from leads.models.rule_sets import TIER_CHANGES
from leads.services.ledger import locked, rederive
from leads.services.ringing import ring_preview, ring_rescoring
from leads.services.rules import weights_in_force
from leads.weights import BUILT_IN, BUILT_IN_NUMBER, Weights, changed_rules, faults_of, from_json
from tenants.audit.services import record
from tenants.numbering import numbered

BATCH = 200
SAID = {
    "out_of_range": _("Give a whole number within the limits shown."),
    "not_below_hot": _("Warm begins below hot, and above zero."),
    "too_many": _("Twenty rules of your own are the most."),
    "length": _("Fill this in, and keep it short."),
    "twice": _("Another rule has this name already."),
}


class RuleSetRefused(Exception):
    """A deed that the rules of rule sets forbid; ``code`` says which rule."""

    def __init__(self, code: str, message: Any) -> None:
        super().__init__(str(message))
        self.code = code


def weights_of(number: int) -> Weights:
    """What a number says; raises RuleSet.DoesNotExist."""
    return BUILT_IN if number == BUILT_IN_NUMBER else RuleSet.objects.get(number=number).weights


def start_draft(*, actor: str, based_on: int | None = None, note: str = "") -> RuleSet:
    """A new set with the numbers of ``based_on``, else of the one in force."""
    base = weights_in_force() if based_on is None else weights_of(based_on)

    def make(number: int) -> RuleSet:
        rule_set = RuleSet.objects.create(
            number=number, content=base.as_json(), author=actor, note=note[:300]
        )
        _record("leads.rules_drafted", rule_set, actor, based_on=base.number)
        return rule_set

    made = numbered(make, among=RuleSet, after=BUILT_IN_NUMBER)
    if made is None:
        raise RuleSetRefused("busy", _("Others are making rule sets at this moment; try again."))
    return made


@transaction.atomic
def change_draft(
    *, rule_set: RuleSet, content: Mapping[str, Any], note: str, actor: str
) -> RuleSet:
    """Write the draft's numbers anew; an earlier preview is void where they differ.

    Raises ValidationError by place (``intent.sales``, ``hot``, ``own.0.label``), and
    RuleSetRefused where it is no draft.
    """
    held = _held_draft(rule_set)
    weights = from_json(content)
    if faults := faults_of(weights):
        raise ValidationError({place: SAID[code] for place, code in faults.items()})
    held.note = note[:300]
    if weights.as_json() != held.content:
        held.content = weights.as_json()
        _void_preview(held)
        _record("leads.rules_changed", held, actor)
    held.save()
    return held


@transaction.atomic
def discard_draft(*, rule_set: RuleSet, actor: str) -> None:
    """Put a draft away; its number is not given out again."""
    held = _held_draft(rule_set)
    _void_preview(held)
    held.state = RuleSet.State.DISCARDED
    held.save()
    _record("leads.rules_discarded", held, actor)


@transaction.atomic
def start_preview(*, rule_set: RuleSet, actor: str) -> RuleSet:
    """Judge every lead by this set, on the side; asking again begins anew."""
    held = _held_draft(rule_set)
    _void_preview(held)
    held.preview = RuleSet.Preview.RUNNING
    held.save()
    ring_preview(held.pk, 0)
    _record("leads.rules_previewed", held, actor)
    return held


def preview_next(*, rule_set_id: int, after: int) -> None:
    """Judge the next batch of leads; a ring that comes twice, or late, finds nothing to do."""
    with transaction.atomic():
        held = RuleSet.objects.select_for_update().filter(pk=rule_set_id).first()
        if held is None or held.preview != RuleSet.Preview.RUNNING or held.previewed_to != after:
            return
        leads = list(_judged().filter(pk__gt=after)[:BATCH])
        moves = [move for lead in leads if (move := _move(held, lead))]
        ScoreMove.objects.bulk_create(moves)
        held.previewed_leads += len(leads)
        if len(leads) < BATCH:
            held.preview, held.previewed_at = RuleSet.Preview.DONE, timezone.now()
        else:
            held.previewed_to = leads[-1].pk
            ring_preview(held.pk, held.previewed_to)
        held.save()


def preview_summary(rule_set: RuleSet) -> dict[str, Any]:
    """How many leads move, and between which tiers: ``tiers`` as (before, after, leads)."""
    counts = rule_set.moves.aggregate(moved=Count("pk"), tier=Count("pk", filter=TIER_CHANGES))
    pairs = (
        rule_set.moves.filter(TIER_CHANGES)
        .order_by("tier_before", "tier_after")
        .values_list("tier_before", "tier_after")
        .annotate(leads=Count("pk"))
    )
    return {
        "leads": rule_set.previewed_leads,
        "moved": counts["moved"],
        "changed_tier": counts["tier"],
        "tiers": [*pairs],
    }


@transaction.atomic
def publish(*, rule_set: RuleSet, actor: str) -> RuleSet:
    """Put the draft in force, and have every lead judged by it."""
    held = _held_draft(rule_set)
    if held.preview != RuleSet.Preview.DONE:
        raise RuleSetRefused("no_preview", _("See first who would move: start the preview."))
    # Locked, so that two sets that are published at once follow each other.
    live = RuleSet.objects.select_for_update().filter(is_live=True).first()
    before = live.weights if live else BUILT_IN
    changed = changed_rules(before, held.weights)
    held.since = {**before.since, **dict.fromkeys(sorted(changed), held.number)}
    held.state, held.is_live, held.published_at = RuleSet.State.PUBLISHED, True, timezone.now()
    RuleSet.objects.filter(is_live=True).update(is_live=False)
    held.save()
    weights_in_force.forget()
    transaction.on_commit(weights_in_force.forget)
    ring_rescoring()
    _record("leads.rules_published", held, actor, before=before.number)
    return held


def rescore_next() -> int:
    """Judge the next batch by the set in force; how many there were."""
    weights_in_force.forget()
    number = weights_in_force().number
    waiting = [*_waiting(number).values_list("pk", flat=True)[:BATCH]]
    for pk in waiting:
        with transaction.atomic():
            _rescore(pk, number)
    if len(waiting) == BATCH:
        ring_rescoring()
    return len(waiting)


def rescoring_left() -> int:
    """How many leads are still judged by another set than the one in force."""
    return _waiting(weights_in_force().number).count()


def ring_unfinished() -> dict[str, int]:
    """For the sweeper: previews and re-scorings whose ring was lost."""
    running = RuleSet.objects.filter(preview=RuleSet.Preview.RUNNING)
    for pk, previewed_to in running.values_list("pk", "previewed_to"):
        ring_preview(pk, previewed_to)
    left = _waiting(weights_in_force().number).exists()
    if left:
        ring_rescoring()
    return {"rescorings": int(left)}


def _waiting(number: int) -> QuerySet[Lead]:
    # Two ranges rather than "not equal": those an index can answer.
    others = Q(scored_by__lt=number) | Q(scored_by__gt=number)
    return Lead.objects.filter(others).order_by("pk")


def _judged() -> QuerySet[Lead]:
    return Lead.objects.prefetch_related("evidence", "contributions").order_by("pk")


def _move(rule_set: RuleSet, lead: Lead) -> ScoreMove | None:
    manual = sum(row.points for row in lead.contributions.all() if row.rule == scoring.MANUAL)
    said = [row.as_said() for row in lead.evidence.all()]
    verdict = scoring.judge(said, manual=manual, weights=rule_set.weights)
    if (verdict.score, verdict.tier) == (lead.score, lead.tier):
        return None
    return ScoreMove(
        rule_set=rule_set,
        lead=lead,
        score_before=lead.score,
        score_after=verdict.score,
        tier_before=lead.tier,
        tier_after=verdict.tier,
    )


def _rescore(pk: int, number: int) -> None:
    lead = locked(lead=Lead(pk=pk))
    reason = str(_("Scoring rules %(number)d")) % {"number": number}
    rederive(lead=lead, evidence=lead.evidence.all(), actor="system", reason=reason)
    Lead.objects.filter(pk=pk).update(scored_by=number)  # also where nothing moved


def _held_draft(rule_set: RuleSet) -> RuleSet:
    held = RuleSet.objects.select_for_update().get(pk=rule_set.pk)
    if not held.is_draft:
        raise RuleSetRefused("not_a_draft", _("A rule set that was in force never changes."))
    return held


def _void_preview(held: RuleSet) -> None:
    held.moves.all().delete()
    held.preview, held.previewed_to, held.previewed_leads = RuleSet.Preview.NONE, 0, 0
    held.previewed_at = None


def _record(action: str, rule_set: RuleSet, actor: str, **details: Any) -> None:
    record(action=action, subject=f"rules:{rule_set.number}", actor=actor, details=details)

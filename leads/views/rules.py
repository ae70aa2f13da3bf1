"""What scores go by: the set in force, drafts with their preview, and what was in force before."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads import fit, services
from leads.forms.rules import OwnRules, RulesForm, own_rules_as_rows
from leads.models import RuleSet
from leads.weights import BUILT_IN_NUMBER, Weights, changed_rules
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

SHOWN_SETS, SHOWN_MOVES = 12, 50
KNOWN_FACTS = (
    *("location", "company", "industry", "company_size", "role"),
    *("interest", "budget", "timeline"),
)


@needs("leads.view_ruleset")
@require_GET
def scoring(request: AuthenticatedRequest) -> HttpResponse:
    """The numbers in force, and every set there was."""
    weights = services.weights_in_force()
    sets = RuleSet.objects.exclude(state=RuleSet.State.DISCARDED)[:SHOWN_SETS]
    return render(
        request,
        "leads/scoring.html",
        {
            "title": _("Scoring"),
            "weights": weights,
            "form": RulesForm(weights=weights),
            "ideal": list(_wanted(weights)),
            "sets": sets,
            "left": services.rescoring_left(),
            "built_in": BUILT_IN_NUMBER,
        },
    )


@needs("leads.add_ruleset")
@require_POST
def draft(request: AuthenticatedRequest) -> HttpResponse:
    """Start a draft from the set in force, or from the one named."""
    base = request.POST.get("based_on", "")
    try:
        made = services.start_draft(
            actor=request.user.actor, based_on=int(base) if base.isdecimal() else None
        )
    except RuleSet.DoesNotExist:
        messages.error(request, _("There is no such rule set."))
        return redirect("leads:scoring")
    except services.RuleSetRefused as refused:
        messages.error(request, str(refused))
        return redirect("leads:scoring")
    return redirect("leads:rule_set", made.number)


@needs("leads.view_ruleset", change="leads.change_ruleset")
@require_http_methods(["GET", "POST"])
def rule_set(request: AuthenticatedRequest, number: int) -> HttpResponse:
    """One set: a draft can be written, tried and put in force; the others are read."""
    shown = get_object_or_404(RuleSet, number=number)
    data = request.POST if request.method == "POST" else None
    form = RulesForm(data, weights=shown.weights, note=shown.note)
    rows = OwnRules(data, initial=own_rules_as_rows(shown.weights), prefix="own")
    if data is not None and form.is_valid() and rows.is_valid():
        try:
            services.change_draft(
                rule_set=shown,
                content=form.content([row.rule for row in rows if row.is_kept]),
                note=form.cleaned_data["note"],
                actor=request.user.actor,
            )
        except ValidationError as error:
            form.refuse(error, rows)
        except services.RuleSetRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Saved. See who would move before you switch it on."))
            return redirect("leads:rule_set", number)
    failed = data is not None
    return render(
        request,
        "leads/rule_set.html",
        {"form": form, "rows": rows, "facts": KNOWN_FACTS, **_about(shown)},
        status=422 if failed else 200,
    )


@needs("leads.view_ruleset", change="leads.change_ruleset")
@require_http_methods(["GET", "POST"])
def preview(request: AuthenticatedRequest, number: int) -> HttpResponse:
    """Start the preview (POST), or how far it is (GET, a fragment that asks again)."""
    shown = get_object_or_404(RuleSet, number=number)
    if request.method == "POST":
        return _done(request, number, services.start_preview, "")
    return render(request, "leads/_preview.html", _about(shown))


@needs("leads.change_ruleset")
@require_POST
def publish(request: AuthenticatedRequest, number: int) -> HttpResponse:
    return _done(request, number, services.publish, _("In force. Leads are scored anew now."))


@needs("leads.change_ruleset")
@require_POST
def discard(request: AuthenticatedRequest, number: int) -> HttpResponse:
    done = _done(request, number, services.discard_draft, _("The draft is put away."))
    return redirect("leads:scoring") if done.status_code == 302 else done


def _wanted(weights: Weights) -> Iterator[dict[str, Any]]:
    """What the company wants of a lead, one row a dimension that it says something of."""
    said = weights.ideal.as_json()
    for dimension, label in fit.LABELS.items():
        if not weights.ideal.asks(dimension):
            continue
        if dimension in {fit.SIZE, fit.BUDGET}:
            ends = (said[f"{dimension}_from"], said.get(f"{dimension}_to"))
            wanted = "–".join("" if end is None else str(end) for end in ends)
        else:
            wanted = ", ".join(said[dimension])
        rule = fit.RULES[dimension]
        points = {case: weights.points[f"{rule}.{case}"] for case in ("yes", "no")}
        yield {"label": label, "wanted": wanted, **points}


def _done(request: AuthenticatedRequest, number: int, deed: Any, said: str) -> HttpResponse:
    shown = get_object_or_404(RuleSet, number=number)
    try:
        deed(rule_set=shown, actor=request.user.actor)
    except services.RuleSetRefused as refused:
        messages.error(request, str(refused))
    else:
        if said:
            messages.success(request, said)
    return redirect("leads:rule_set", number)


def _about(shown: RuleSet) -> dict[str, Any]:
    force: Weights = services.weights_in_force()
    # Those who change tier first: they are what somebody decides by.
    moves = sorted(
        shown.moves.select_related("lead__contact")[:500],
        key=lambda move: (not move.changes_tier, -abs(move.score_after - move.score_before)),
    )
    return {
        "title": str(shown),
        "rule_set": shown,
        "summary": services.preview_summary(shown),
        "moves": moves[:SHOWN_MOVES],
        "changed": sorted(changed_rules(force, shown.weights)) if shown.is_draft else [],
    }

"""The table that says what the AI may do by itself, for admins to change."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.forms import PolicyForm, PolicyRows
from agents.guardrails.risk import HIGH_FROM, MEDIUM_FROM, POINTS
from agents.models import AutonomyPolicy, OwnIntent
from agents.services import autonomy
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

SHOWN_VERSIONS = 8


@needs("agents.view_autonomypolicy", change="agents.change_autonomypolicy")
@require_http_methods(["GET", "POST"])
def policy(request: AuthenticatedRequest) -> HttpResponse:
    """The table in force; saving it makes a new version, which the next message goes by."""
    current = autonomy.policy_in_force()
    form = PolicyForm(request.POST or None, initial=_beside(current))
    own = [(row.key, row.name) for row in OwnIntent.objects.all()]
    rows = PolicyRows(
        request.POST or None, initial=current.rows, prefix="row", form_kwargs={"intents": own}
    )
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        try:
            made = autonomy.change_policy(
                rows=[_row(each) for each in rows if each.is_filled and not _gone(each)],
                actor=f"user:{request.user.pk}",
                **form.cleaned_data,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("Version %(number)d is in force.") % {"number": made.version}
            )
            return redirect("agents:autonomy")
    failed = bool(form.errors or rows.total_error_count())
    return render(
        request,
        "agents/autonomy.html",
        {
            "title": _("Autonomy"),
            "form": form,
            "rows": rows,
            "current": current,
            "versions": AutonomyPolicy.objects.all()[:SHOWN_VERSIONS],
            "points": sorted(POINTS.items(), key=lambda each: (-each[1], each[0])),
            "medium_from": MEDIUM_FROM,
            "high_from": HIGH_FROM,
        },
        status=422 if failed else 200,
    )


@needs("agents.change_autonomypolicy")
@require_POST
def restore(request: AuthenticatedRequest, version: int) -> HttpResponse:
    """Put an earlier version in force again; 0 is the built-in table."""
    try:
        made = autonomy.restore_policy(version=version, actor=f"user:{request.user.pk}")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Version %(number)d is in force.") % {"number": made.version})
    return redirect("agents:autonomy")


def _beside(policy: AutonomyPolicy) -> dict[str, int]:
    return {"delay_seconds": policy.delay_seconds, "expires_hours": policy.expires_hours}


COLUMNS = ("channel", "intent", "low", "medium", "high")


def _row(form: Any) -> dict[str, str]:
    return {name: form.cleaned_data[name] for name in COLUMNS}


def _gone(form: Any) -> bool:
    return bool(form.cleaned_data.get("DELETE"))

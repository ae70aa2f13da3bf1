"""Which models are asked, and what they may cost."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.forms import ModelsForm
from agents.gateway import Rung, connected_routes, rung_of, spent_so_far
from agents.services.allowances import change_models
from agents.services.terms import caps_of
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.workspace.models import Profile


@needs("workspace.view_profile", change="workspace.change_profile")
@require_http_methods(["GET", "POST"])
def settings(request: AuthenticatedRequest) -> HttpResponse:
    """The switches and caps, beside what was spent."""
    form = ModelsForm(request.POST or None, instance=Profile.current())
    if request.method == "POST" and form.is_valid():
        change_models(actor=f"user:{request.user.pk}", **form.changes)
        messages.success(request, _("Saved. The next message is handled this way."))
        return redirect("agents:models")
    ours = Profile.current()
    return render(
        request,
        "agents/models.html",
        {
            "title": _("Models and money"),
            "form": form,
            "spans": _spans(ours),
            "standing": STANDING[rung_of(caps_of(ours))],
            "connected": connected_routes(),
        },
        status=422 if form.errors else 200,
    )


STANDING = {
    Rung.FULL: "",
    Rung.CHEAPER: "cheaper",
    Rung.SMALLER: "smaller",
    Rung.OFFLINE: "offline",
}


def _spans(ours: Profile) -> list[dict[str, Any]]:
    """Today and this month: what was spent, and how far from the cap."""
    spent = spent_so_far()
    rows = [
        (_("Today"), spent.day, ours.daily_soft_cap, ours.daily_hard_cap),
        (_("This month"), spent.month, ours.monthly_soft_cap, ours.monthly_hard_cap),
    ]
    return [
        {"title": title, "spent": amount, "soft": soft, "hard": hard}
        for title, amount, soft, hard in rows
    ]

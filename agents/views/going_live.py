"""Going live, and back: the list of what is there, and the switch."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.forms import GoLiveForm
from agents.services import going_live
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest


@needs("agents.view_autonomypolicy", change="agents.change_autonomypolicy")
@require_http_methods(["GET", "POST"])
def page(request: AuthenticatedRequest) -> HttpResponse:
    """Where the AI answers by itself, about what, and what is missing before it may."""
    lanes, topics = going_live.lanes(), going_live.topics()
    form = GoLiveForm(request.POST or None, lanes=lanes, topics=topics)
    if request.method == "POST" and form.is_valid():
        try:
            going_live.go_live(**form.cleaned_data, actor=request.user.actor)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Live. The next message is answered this way."))
            return redirect("agents:go_live")
    checks = going_live.preflight()
    return render(
        request,
        "agents/go_live.html",
        {
            "title": _("Go live"),
            "checks": checks,
            "is_ready": all(check.is_met for check in checks if check.is_needed),
            "is_live": going_live.is_live(),
            "answers": any(lane.topics for lane in lanes),
            "lanes": [(lane, [dict(topics)[key] for key in lane.topics]) for lane in lanes],
            "form": form,
        },
        status=422 if form.errors else 200,
    )


@needs("agents.change_autonomypolicy")
@require_POST
def hold(request: AuthenticatedRequest) -> HttpResponse:
    """Back to drafts, everywhere."""
    going_live.hold_back(actor=request.user.actor)
    messages.success(request, _("Held back. From now on every answer waits for a person's word."))
    return redirect("agents:go_live")

"""Two versions side by side: begun, read, ended."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.models import AgentVersion, Experiment
from agents.services import experiments
from agents.services.versions import VersionRefused
from agents.version_forms import ShareForm
from agents.views.versions import refused
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

CHANGE = "agents.change_experiment"


@needs("agents.add_experiment")
@require_POST
def start(request: AuthenticatedRequest, number: int) -> HttpResponse:
    """Have a share of the contacts answered by this version."""
    variant = get_object_or_404(AgentVersion, number=number)
    form = ShareForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a share from 1 to 90 percent."))
        return redirect("agents:version", number)
    try:
        begun = experiments.start_experiment(
            variant=variant, share=form.cleaned_data["share"], actor=request.user.actor
        )
    except VersionRefused as error:
        messages.error(request, refused(error))
        return redirect("agents:version", number)
    return redirect("agents:experiment", begun.pk)


@needs("agents.view_experiment")
@require_GET
def experiment(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What came of both sides, and whether it can be told yet."""
    shown = get_object_or_404(Experiment, pk=pk)
    return render(
        request,
        "agents/experiment.html",
        {
            "title": _("Experiment %(number)d") % {"number": shown.pk},
            "experiment": shown,
            "figures": experiments.figures_of(shown),
            "share_form": ShareForm(initial={"share": shown.share}),
        },
    )


@needs(CHANGE)
@require_POST
def change(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Move the share, stop it, or promote the variant."""
    shown = get_object_or_404(Experiment, pk=pk)
    deed = request.POST.get("deed", "")
    try:
        if deed == "promote":
            experiments.promote_variant(experiment=shown, actor=request.user.actor)
            messages.success(request, _("The variant is live."))
        elif deed == "stop":
            experiments.stop_experiment(experiment=shown, actor=request.user.actor)
            messages.success(request, _("The experiment is over."))
        else:
            form = ShareForm(request.POST)
            if form.is_valid():
                experiments.change_share(
                    experiment=shown, share=form.cleaned_data["share"], actor=request.user.actor
                )
                messages.success(request, _("The share is changed."))
            else:
                messages.error(request, _("Choose a share from 1 to 90 percent."))
    except VersionRefused as error:
        messages.error(request, refused(error))
    return redirect("agents:experiment", pk)

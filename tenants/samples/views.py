"""The page of the sample data, and its two buttons."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.samples import services
from tenants.samples.story import DOCUMENTS, TALKS


@needs("samples.add_sampleset")
@require_GET
def page(request: AuthenticatedRequest) -> HttpResponse:
    """What it is, what is in it, and how far it has come."""
    return render(
        request,
        "samples/page.html",
        {
            "title": _("Sample data"),
            "panel": {"samples": services.samples()},
            "talks": TALKS,
            "documents": DOCUMENTS,
        },
    )


@needs("samples.add_sampleset")
@require_GET
def state(request: AuthenticatedRequest) -> HttpResponse:
    """Its card alone: what a page that shows it asks for until it is there, or gone."""
    return render(request, "samples/_samples.html", {"panel": {"samples": services.samples()}})


@needs("samples.add_sampleset")
@require_POST
def load(request: AuthenticatedRequest) -> HttpResponse:
    """One click: in a few seconds it is there."""
    try:
        services.load_samples(actor=request.user.actor)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("samples:page")


@needs("samples.delete_sampleset")
@require_POST
def remove(request: AuthenticatedRequest) -> HttpResponse:
    """One click: in a few seconds nothing of it is left."""
    if services.remove_samples(actor=request.user.actor) is None:
        messages.info(request, _("There is no sample data here."))
    return redirect("samples:page")

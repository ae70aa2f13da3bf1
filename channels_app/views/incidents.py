"""Customers left alone: where, since when, why, and what can be done now."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels_app.causes import cause_of, why_no_retry
from channels_app.forms import CloseForm
from channels_app.models import Incident, IncidentQuerySet
from channels_app.services.incidents import (
    CannotRetry,
    acknowledge,
    close_with_reason,
    retry,
)
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.paging import newest_first
from tenants.workspace.services import profile

SEE, CHANGE = "channels_app.view_incident", "channels_app.change_incident"
PAGE = 50


@needs(SEE)
@require_GET
def incidents(request: AuthenticatedRequest) -> HttpResponse:
    """The open ones, the latest first; or those that are over."""
    shows_past = request.GET.get("show") == "past"
    rows = Incident.objects.with_people().filter(resolved_at__isnull=not shows_past)
    page = newest_first(rows, cursor=request.GET.get("after", ""), size=PAGE)
    ours = profile()
    return render(
        request,
        "channels_app/incidents.html",
        {
            "title": _("Incidents"),
            "incidents": [(row, cause_of(row.cause)) for row in page.rows],
            "next": page.next,
            "shows_past": shows_past,
            "silence": ours.silence_minutes,
            "patience": ours.person_minutes,
        },
    )


@needs(CHANGE)
@require_POST
def seen(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Somebody is at it."""
    incident = get_object_or_404(Incident, pk=pk)
    acknowledge(incident=incident, user=request.user, actor=request.user.actor)
    return redirect("channels_app:incidents")


@needs(CHANGE)
@require_POST
def again(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Try again what got stuck."""
    incident = get_object_or_404(_with_all(), pk=pk)
    try:
        retry(incident=incident, actor=request.user.actor)
    except CannotRetry as refused:
        messages.warning(request, why_no_retry(refused.code))
    else:
        messages.success(request, _("On its way again. This ends by itself once it got through."))
    return redirect("channels_app:incidents")


@needs(CHANGE)
@require_POST
def close(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Nothing is left to say to this customer, and why."""
    incident = get_object_or_404(_with_all(), pk=pk)
    form = CloseForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why in a few words."))
        return redirect("channels_app:incidents")
    try:
        close_with_reason(
            incident=incident,
            reason=form.cleaned_data["reason"],
            user=request.user,
            actor=request.user.actor,
        )
    except CannotRetry as refused:
        messages.warning(request, why_no_retry(refused.code))
    return redirect("channels_app:incidents")


def _with_all() -> IncidentQuerySet:
    return Incident.objects.select_related("conversation", "message")

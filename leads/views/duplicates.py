"""Leads that may be one person, side by side; merged by people, or told to be two."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels_app import services as channels
from leads.models import Lead
from leads.services import duplicates as services
from leads.views.board import back_or
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.paging import newest_first
from tenants.told import told

CHANGE = "channels_app.change_mergesuggestion"
PAGE = 20


@needs("leads.view_lead")
@require_GET
def duplicates(request: AuthenticatedRequest) -> HttpResponse:
    """Every pair that waits for somebody's word, the newest first."""
    cursor = request.GET.get("after", "")
    page = newest_first(services.open_duplicates(), cursor=cursor, size=PAGE)
    return render(
        request,
        "leads/duplicates.html",
        {
            "title": _("Duplicates"),
            "pairs": services.with_leads(page.rows),
            "next": page.next,
        },
    )


@needs(CHANGE)
@require_POST
def merge(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """They are one: the lead that was named stays, the other becomes part of it."""
    [pair] = services.with_leads([get_object_or_404(services.open_duplicates(), pk=pk)])
    stays, goes = pair.one, pair.other
    if request.POST.get("survivor") == str(pair.other.pk):
        stays, goes = goes, stays
    try:
        services.merge_leads(survivor=stays, absorbed=goes, actor=request.user.actor)
    except channels.MergeRefused as refused:
        messages.error(request, told(refused.text))
        return redirect("leads:duplicates")
    messages.success(request, _("They are one lead now. This can be undone here."))
    # Where one of the two came without a lead of its own kept, the lead itself may have moved.
    return redirect("leads:lead", Lead.objects.get(contact=stays.contact_id).pk)


@needs(CHANGE)
@require_POST
def dismiss(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """They are two people; not asked again unless a network proves something new."""
    suggestion = get_object_or_404(services.open_duplicates(), pk=pk)
    channels.dismiss(suggestion=suggestion, actor=request.user.actor)
    messages.success(request, _("Noted: two different people."))
    return back_or(request, "leads:duplicates")


@needs(CHANGE)
@require_POST
def part(request: AuthenticatedRequest, pk: int, merge: int) -> HttpResponse:
    """Take a merge of this lead back: two leads again, each with what is its own."""
    lead = get_object_or_404(Lead, pk=pk)
    row = get_object_or_404(services.merges_of(lead), pk=merge)
    try:
        channels.undo(merge=row, actor=request.user.actor)
    except (channels.MergeRefused, ValidationError) as refused:
        messages.error(request, told(str(refused)))
    else:
        messages.success(request, _("They are two leads again."))
    return redirect("leads:lead", Lead.objects.get(contact=row.survivor_id).pk)

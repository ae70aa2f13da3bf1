"""Leads as a list and as a board of stages."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels_app.models import channel_kinds
from leads.forms.work import StageForm
from leads.models import Lead, SavedView
from leads.services import board as rows
from leads.services import columns, set_stage, stage_name
from leads.services.board import Filters
from leads.services.bulk import BulkDone
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.accounts.models import User

PAGE = 50
UNDO = "leads_bulk_done"


@needs("leads.view_lead")
@require_GET
def board(request: AuthenticatedRequest) -> HttpResponse:
    """The list: open leads, the hottest first; closed ones on request."""
    filters = _filters(request)
    wanted = rows.matching(filters, user_id=request.user.pk)
    if not filters.stage and not filters.q:
        wanted = wanted.open()
    cursor = request.GET.get("after", "")
    with_reasons = rows.with_cards(wanted).prefetch_related("contributions")
    found = list(rows.after(with_reasons, cursor)[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    return render(
        request,
        "leads/board.html",
        {
            **_frame(request, filters),
            "leads": [(lead, _strongest(lead)) for lead in found],
            "next": rows.cursor_of(found[-1]) if more else "",
            "undo": _undo(request),
        },
    )


@needs("leads.view_lead")
@require_GET
def pipeline(request: AuthenticatedRequest) -> HttpResponse:
    """The board: a column for each stage, its cards in the order of their scores."""
    filters = _filters(request)
    return render(
        request,
        "leads/pipeline.html",
        {**_frame(request, filters), "piles": rows.piles(filters, user_id=request.user.pk)},
    )


@needs("leads.view_lead")
@require_GET
def cards(request: AuthenticatedRequest, stage: str) -> HttpResponse:
    """The next cards of one column, a fragment."""
    column = next((each for each in columns() if each.key == stage), None)
    if column is None:
        raise Http404
    filters = _filters(request).without("stage")
    cursor = request.GET.get("after", "")
    pile = rows.more_of(filters, stage=column, cursor=cursor, user_id=request.user.pk)
    return render(
        request,
        "leads/_cards.html",
        {"pile": pile, "filters": filters, "columns": _shown(), "back": _board_url(filters)},
    )


@needs("leads.change_lead")
@require_POST
def change_stage(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Move one lead: by its page's form, by a card's, or by a page that asks for JSON."""
    form = StageForm(request.POST)
    shown = get_object_or_404(Lead, pk=pk)
    is_asked_by_script = request.accepts("application/json") and not request.accepts("text/html")
    if not form.is_valid():
        if is_asked_by_script:
            return JsonResponse({"said": _("Choose a stage.")}, status=422)
        messages.error(request, _("Choose a stage."))
        return back_or(request, "leads:lead", pk)
    moved = set_stage(lead=shown, **form.cleaned_data, actor=request.user.actor)
    if is_asked_by_script:
        told = {"lead": str(moved), "stage": stage_name(moved.stage)}
        return JsonResponse({"stage": moved.stage, "said": _("%(lead)s: %(stage)s") % told})
    messages.success(request, _("Stage changed."))
    return back_or(request, "leads:lead", pk)


def back_or(request: AuthenticatedRequest, name: str, *args: Any) -> HttpResponseRedirect:
    """To the page of ours that the form names as ``next``; else to this one."""
    wanted = request.POST.get("next", "")
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return HttpResponseRedirect(wanted)
    return redirect(name, *args)


def _filters(request: AuthenticatedRequest) -> Filters:
    given = request.GET.dict()
    if given.get("mine") == "1":
        given["owner"] = rows.MINE
    return rows.filters_of(given)


def _frame(request: AuthenticatedRequest, filters: Filters) -> dict[str, Any]:
    """What stands above list and board alike."""
    counts = Lead.objects.open().aggregate(
        all=Count("pk"),
        **{value: Count("pk", filter=Q(tier=value)) for value in Lead.Tier.values},
        mine=Count("pk", filter=Q(owner=request.user)),
    )
    return {
        "title": _("Leads"),
        "filters": filters,
        "counts": counts,
        "tiers": [(value, label, counts[value]) for value, label in Lead.Tier.choices],
        "columns": _shown(),
        "all_columns": columns(),
        "members": list(User.objects.filter(is_active=True)),
        "tags": rows.tags(),
        "channels": channel_kinds(),
        "views": list(SavedView.objects.filter(user=request.user)),
        "here": request.path,
        "back": f"{request.path}?{filters.query}" if filters else request.path,
    }


def _shown() -> list[Any]:
    return [column for column in columns() if column.is_shown]


def _board_url(filters: Filters) -> str:
    return f"{reverse('leads:pipeline')}?{filters.query}"


def _undo(request: AuthenticatedRequest) -> BulkDone | None:
    kept = request.session.get(UNDO)
    return BulkDone(**kept) if kept else None


def _strongest(lead: Lead) -> list[str]:
    """The two weightiest reasons, for one line in a list."""
    rows = sorted(lead.contributions.all(), key=lambda row: -abs(row.points))
    return [str(row) for row in rows[:2]]

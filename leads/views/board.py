"""Leads: the list by score, and one lead with every reason behind it."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads.forms.work import OwnerForm, StageForm
from leads.models import Lead, LeadQuerySet
from leads.services import assign_owner, known_facts, set_stage, what_would_make_it_hot
from tenants import cards
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

PAGE = 50


@needs("leads.view_lead")
@require_GET
def board(request: AuthenticatedRequest) -> HttpResponse:
    """Open leads, the hottest first; closed ones on request."""
    tier, stage = request.GET.get("tier", ""), request.GET.get("stage", "")
    rows = _filtered(tier, stage, mine=request.GET.get("mine") == "1", request=request)
    found = list(_after(rows, request.GET.get("after", ""))[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    counts = Lead.objects.open().aggregate(
        all=Count("pk"),
        **{value: Count("pk", filter=Q(tier=value)) for value in Lead.Tier.values},
        mine=Count("pk", filter=Q(owner=request.user)),
    )
    return render(
        request,
        "leads/board.html",
        {
            "title": _("Leads"),
            "leads": [(lead, _strongest(lead)) for lead in found],
            "next": f"{found[-1].score}_{found[-1].pk}" if more else "",
            "tier": tier,
            "stage": stage,
            "mine": request.GET.get("mine") == "1",
            "counts": counts,
            "tiers": [(value, label, counts[value]) for value, label in Lead.Tier.choices],
            "stages": Lead.Stage.choices,
        },
    )


def _filtered(tier: str, stage: str, *, mine: bool, request: AuthenticatedRequest) -> LeadQuerySet:
    rows = Lead.objects.with_people().prefetch_related("contributions")
    rows = rows.filter(stage=stage) if stage in Lead.Stage.values else rows.open()
    if tier in Lead.Tier.values:
        rows = rows.filter(tier=tier)
    if mine:
        rows = rows.filter(owner=request.user)
    return rows.order_by("-score", "-pk")


def _after(rows: LeadQuerySet, cursor: str) -> LeadQuerySet:
    score, _mark, pk = cursor.partition("_")
    if not (score.isdecimal() and pk.isdecimal()):
        return rows
    return rows.filter(Q(score__lt=int(score)) | Q(score=int(score), pk__lt=int(pk)))


def _strongest(lead: Lead) -> list[str]:
    """The two weightiest reasons, for one line in a list."""
    rows = sorted(lead.contributions.all(), key=lambda row: -abs(row.points))
    return [str(row) for row in rows[:2]]


@needs("leads.view_lead")
@require_GET
def lead(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One lead: who, what we know, why this score, what happened."""
    shown = get_object_or_404(Lead.objects.with_reasons(), pk=pk)
    return render(
        request,
        "leads/lead.html",
        {
            "title": str(shown),
            "lead": shown,
            "reasons": sorted(shown.contributions.all(), key=lambda row: -row.points),
            "facts": known_facts(shown),
            "hints": what_would_make_it_hot(shown),
            "changes": list(shown.changes.all())[:30],
            "conversations": shown.contact.conversations.select_related("connection"),
            "panels": cards.gather("lead", request.user, shown),
            "stage_form": StageForm(initial={"stage": shown.stage}),
            "owner_form": OwnerForm(initial={"owner": shown.owner_id}),
        },
    )


@needs("leads.change_lead")
@require_POST
def change_stage(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    form = StageForm(request.POST)
    shown = get_object_or_404(Lead, pk=pk)
    if form.is_valid():
        set_stage(lead=shown, **form.cleaned_data, actor=f"user:{request.user.pk}")
        messages.success(request, _("Stage changed."))
    else:
        messages.error(request, _("Choose a stage."))
    return redirect("leads:lead", pk)


@needs("leads.change_lead")
@require_POST
def change_owner(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    form = OwnerForm(request.POST)
    shown = get_object_or_404(Lead, pk=pk)
    if form.is_valid():
        assign_owner(lead=shown, owner=form.cleaned_data["owner"], actor=f"user:{request.user.pk}")
        messages.success(request, _("Owner changed."))
    else:
        messages.error(request, _("This person is not here any more."))
    return redirect("leads:lead", pk)

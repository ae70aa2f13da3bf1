"""The company's own pages that need no upper floor: dashboard, settings, audit, records."""

from django.contrib import messages
from django.contrib.auth import login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tenants import cards, context
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.audit.models import AuditEntry
from tenants.audit.services import record
from tenants.console import console
from tenants.handover import BadHandover, redeem
from tenants.live import listener_at, listening_token
from tenants.operators import visiting
from tenants.pages.forms import ProfileForm
from tenants.services import change_company
from tenants.workspace.models import Profile

BACKEND = "tenants.accounts.backends.RoleBackend"


@needs("workspace.view_usageday")
@require_GET
def dashboard(request: AuthenticatedRequest) -> HttpResponse:
    """Today at a glance: what upper floors have to say, and the first steps left to take."""
    steps = cards.gather_flat("dashboard.steps", request.user)
    return render(
        request,
        "workspace/dashboard.html",
        {
            "title": _("Dashboard"),
            "tiles": cards.gather_flat("dashboard.tiles", request.user),
            "panels": cards.gather("dashboard.panels", request.user),
            "steps": steps,
            "steps_done": sum(step.is_done for step in steps),
            "steps_left": any(not step.is_done for step in steps),
            "samples": cards.gather("dashboard.samples", request.user),
        },
    )


@never_cache
@require_GET
def enter(request: HttpRequest) -> HttpResponse:
    """Take the hand-over of a company just opened: the link signs in once."""
    try:
        handed = redeem(request.GET.get("token", ""))
    except BadHandover as refused:
        messages.info(request, _("Please sign in."))
        return render(request, "workspace/enter.html", {"reason": str(refused)}, status=403)
    login(request, handed.user, backend=BACKEND)
    if handed.visit:
        visiting.begin_visit(request, handed.visit)
    return redirect("workspace:dashboard")


@needs("workspace.view_profile", change="workspace.change_profile")
@require_http_methods(["GET", "POST"])
def settings_page(request: AuthenticatedRequest) -> HttpResponse:
    """Edit the company's profile; the next message is handled by it."""
    company = context.current_company()
    form = ProfileForm(request.POST or None, instance=Profile.current(), company=company)
    if request.method == "POST" and form.is_valid():
        # Its own fields only: what others changed meanwhile stays as they left it.
        form.save(commit=False).save(update_fields=[*form.Meta.fields, "updated_at"])
        if {"company_name", "time_zone"}.intersection(form.changed_data):
            change_company(
                name=form.cleaned_data["company_name"],
                time_zone=form.cleaned_data["time_zone"],
                actor=request.user.actor,
            )
        record(
            action="profile.changed",
            subject="profile:1",
            actor=f"user:{request.user.pk}",
            details={"fields": sorted(form.changed_data)},
        )
        messages.success(request, _("Saved. The next message is handled this way."))
        return redirect("workspace:settings")
    return render(
        request,
        "workspace/settings.html",
        {
            "title": _("Settings"),
            "form": form,
            "panels": cards.gather("settings", request.user),
        },
        status=422 if form.errors else 200,
    )


@needs("workspace.view_usageday")
@require_GET
def live_token(request: AuthenticatedRequest) -> JsonResponse:
    """What the page sends to the live server as its first frame."""
    return JsonResponse({"token": listening_token(listener_at(request))})


@needs("audit.view_auditentry")
@require_GET
def audit(request: AuthenticatedRequest) -> HttpResponse:
    """Who did what, newest first."""
    page = Paginator(AuditEntry.objects.order_by("-sequence"), 50).get_page(
        request.GET.get("page", 1)
    )
    return render(request, "workspace/audit.html", {"title": _("Audit log"), "page": page})


@needs("workspace.view_usageday")
@require_GET
def records(request: AuthenticatedRequest) -> HttpResponse:
    """Every model this person may read, for when no working page shows it."""
    return render(
        request,
        "workspace/records.html",
        {"title": _("All records"), "apps": console.get_app_list(request)},
    )

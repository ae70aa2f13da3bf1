"""The company's own intents, for admins to keep."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.forms import OwnIntentForm, TryIntentForm
from agents.models import OwnIntent
from agents.services import intents as services
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.workspace.services import profile


@needs("agents.view_ownintent", change="agents.change_ownintent")
@require_http_methods(["GET", "POST"])
def intents(request: AuthenticatedRequest) -> HttpResponse:
    """All of them, a form for a new one, and a place to try a message."""
    form = OwnIntentForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _saved(request, form, None):
        return redirect("agents:intents")
    return _page(request, form, status=422 if form.errors else 200)


@needs("agents.view_ownintent", change="agents.change_ownintent")
@require_http_methods(["GET", "POST"])
def intent(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One of them, to be changed."""
    row = get_object_or_404(OwnIntent, pk=pk)
    form = OwnIntentForm(request.POST or None, initial=_initial(row))
    if request.method == "POST" and form.is_valid() and _saved(request, form, row):
        return redirect("agents:intents")
    return _page(request, form, row=row, status=422 if form.errors else 200)


@needs("agents.delete_ownintent")
@require_POST
def remove(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Messages have it no more."""
    row = get_object_or_404(OwnIntent, pk=pk)
    services.remove_intent(intent=row, actor=f"user:{request.user.pk}")
    messages.success(request, _("Removed."))
    return redirect("agents:intents")


def _saved(request: AuthenticatedRequest, form: OwnIntentForm, row: OwnIntent | None) -> bool:
    try:
        services.save_intent(intent=row, actor=f"user:{request.user.pk}", **form.cleaned_data)
    except ValidationError as error:
        known = {name for name in getattr(error, "error_dict", {}) if name in form.fields}
        form.add_error("examples" if known == {"examples"} else None, error.messages)
        return False
    messages.success(request, _("Saved. The next message may have it."))
    return True


def _initial(row: OwnIntent) -> dict[str, Any]:
    names = ("name", "description", "team", "owner", "is_active")
    return {**{name: getattr(row, name) for name in names}, "examples": "\n".join(row.examples)}


def _page(
    request: AuthenticatedRequest, form: OwnIntentForm, *, row: OwnIntent | None = None, status: int
) -> HttpResponse:
    text = request.GET.get("text", "")[:500].strip()
    ours = profile()
    rows = list(OwnIntent.objects.select_related("owner"))
    near = services.match_own_intent(ours, text) if text else None
    return render(
        request,
        "agents/intents.html",
        {
            "title": _("Own intents"),
            "intents": rows,
            "form": form,
            "row": row,
            "trial": TryIntentForm(initial={"text": text}),
            "tried": text,
            "near": near,
            "near_name": next((each.name for each in rows if near and each.key == near.key), ""),
        },
        status=status,
    )

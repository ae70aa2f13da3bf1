"""What programs would do with our tools: a person looks at it, and decides."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from agents.models import ToolApproval
from agents.services import approvals as deeds
from agents.tools import TOOLS
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

# Words of the rows, for the translators; templates show them by ``told``.
WORDS = (
    gettext_noop("Search the knowledge"),
    gettext_noop("Update the lead"),
    gettext_noop("Hand over to a person"),
    gettext_noop("Waits for a person"),
    gettext_noop("Agreed, and could not be done"),
    gettext_noop("Done"),
    gettext_noop("Rejected"),
    gettext_noop("Expired"),
)
DECIDE = "agents.change_toolapproval"
PAGE = 25


@needs("agents.view_toolapproval")
@require_GET
def approvals(request: AuthenticatedRequest) -> HttpResponse:
    """What waits, then what was decided, the newest first."""
    waiting = ToolApproval.State.WAITING
    page = Paginator(ToolApproval.objects.exclude(state=waiting), PAGE).get_page(
        request.GET.get("page", 1)
    )
    return render(
        request,
        "agents/approvals.html",
        {
            "title": _("Approvals"),
            "waiting": [_shown(row) for row in ToolApproval.objects.filter(state=waiting)],
            "decided": [_shown(row) for row in page],
            "page": page,
        },
    )


@needs(DECIDE)
@require_POST
def approve(request: AuthenticatedRequest, pk: UUID) -> HttpResponse:
    """Do it, exactly as it was asked for."""
    return _decided(request, pk, deeds.approve)


@needs(DECIDE)
@require_POST
def reject(request: AuthenticatedRequest, pk: UUID) -> HttpResponse:
    return _decided(request, pk, deeds.reject)


def _decided(
    request: AuthenticatedRequest, pk: UUID, decide: Callable[..., ToolApproval]
) -> HttpResponse:
    try:
        row = decide(approval=get_object_or_404(ToolApproval, pk=pk), by=request.user)
    except deeds.NotDecidable:
        messages.info(request, _("This was decided already, or its time is over."))
    else:
        if row.state == ToolApproval.State.FAILED:
            messages.error(request, _("It could not be done."))
        else:
            messages.success(request, _("Decided."))
    return redirect("agents:approvals")


def _shown(row: ToolApproval) -> dict[str, object]:
    label = TOOLS.label(row.tool) if row.tool in TOOLS else row.tool
    told = sorted(row.arguments.items())
    return {"row": row, "label": label, "told": [(name, _plain(value)) for name, value in told]}


def _plain(value: object) -> str:
    """An argument as a person reads it: facts line by line, everything else as it is."""
    if isinstance(value, list):
        return "\n".join(_plain(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items())
    return str(value)

"""Leads out of a file, and into one."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads import tables
from leads.models import LeadImport
from leads.services import board as rows
from leads.services import importing
from leads.services.board import filters_of
from leads.services.exporting import lines_of
from leads.services.importing import SAID, ImportRefused
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.audit.services import record
from tenants.told import told

SHOWN_IMPORTS = 20
LABELS = {
    "name": "Name",
    "email": "E-mail",
    "phone": "Phone",
    "company": "Company",
    "role": "Role",
    "location": "Location",
    "interest": "Interest",
    "budget": "Budget",
    "timeline": "Timeline",
    "industry": "Industry",
    "company_size": "Company size",
    "stage": "Stage",
    "tags": "Tags",
    "owner": "Owner",
}


@needs("leads.view_leadimport", change="leads.add_leadimport")
@require_http_methods(["GET", "POST"])
def upload(request: AuthenticatedRequest) -> HttpResponse:
    """Choose a file; what was imported before."""
    error = ""
    if request.method == "POST":
        file: Any = request.FILES.get("file")
        try:
            if file is None:
                raise ImportRefused("no_rows")
            if file.size > tables.MOST_BYTES:
                raise ImportRefused("too_big")
            made = importing.upload(
                file_name=file.name, content=file.read(), actor=request.user.actor
            )
        except ImportRefused as refused:
            error = told(SAID[refused.code])
        else:
            return redirect("leads:import_order", made.pk)
    return render(
        request,
        "leads/import.html",
        {
            "title": _("Import leads"),
            "error": error,
            "imports": LeadImport.objects.defer("content", "header")[:SHOWN_IMPORTS],
        },
        status=422 if error else 200,
    )


@needs("leads.view_leadimport", change="leads.change_leadimport")
@require_http_methods(["GET", "POST"])
def order(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One file: the columns and what would come of it, then how far it is."""
    shown = get_object_or_404(LeadImport, pk=pk)
    is_draft = shown.state == LeadImport.State.DRAFT
    if request.method == "POST" and is_draft:
        wanted = [request.POST.get(f"column_{at}", "") for at in range(len(shown.header))]
        try:
            importing.remap(order=shown, mapping=wanted)
        except ImportRefused as refused:
            messages.error(request, told(SAID[refused.code]))
        return redirect("leads:import_order", pk)
    looked = importing.look(shown) if is_draft else None
    faults = looked.faults if looked else shown.faults
    fields = list(LABELS.items())
    return render(
        request,
        "leads/import_order.html",
        {
            "title": shown.file_name,
            "order": shown,
            "is_draft": is_draft,
            "is_running": shown.state == LeadImport.State.RUNNING,
            "looked": looked,
            "columns": list(enumerate(zip(shown.header, shown.mapping, strict=False))),
            "fields": fields,
            "used": [(name, label) for name, label in fields if name in shown.mapping],
            "faults": [(line, LABELS.get(field, ""), SAID[code]) for line, field, code in faults],
        },
    )


@needs("leads.change_leadimport")
@require_POST
def start(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    held = get_object_or_404(LeadImport, pk=pk)
    try:
        importing.start(order=held, actor=request.user.actor)
    except ImportRefused as refused:
        messages.error(request, told(SAID[refused.code]))
    except LeadImport.DoesNotExist:
        messages.info(request, _("It was started already."))
    return redirect("leads:import_order", pk)


@needs("leads.change_leadimport")
@require_POST
def discard(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    held = get_object_or_404(LeadImport, pk=pk)
    try:
        importing.discard(order=held, actor=request.user.actor)
    except LeadImport.DoesNotExist:
        messages.info(request, _("It was started already."))
    return redirect("leads:import")


@needs("leads.view_lead")
@require_GET
def export(request: AuthenticatedRequest) -> HttpResponseBase:
    """The leads that the filters leave, as a file that can be imported again."""
    filters = filters_of(request.GET.dict())
    details = {"filters": sorted(name for name, _value in filters.given if name != "q")}
    record(action="leads.exported", subject="leads", actor=request.user.actor, details=details)
    found = rows.matching(filters, user_id=request.user.pk)
    found = found if filters.stage or filters.q else found.open()
    answer = StreamingHttpResponse(lines_of(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="leads.csv"'
    return answer

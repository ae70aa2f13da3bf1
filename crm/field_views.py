"""The fields of a CRM: what goes where, who wins, what waits for a person; leads from before."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm.ledger import OWNER, Policy
from crm.mapping import SOURCES, TYPE_NAMES
from crm.models import Backfill, CrmConnection, FieldConflict, SyncRecord
from crm.providers import CRMS
from crm.services import (
    cancel_backfill,
    change_mapping,
    chosen_rows,
    decide_conflict,
    properties_of,
    rehearse,
    resend,
    start_backfill,
)
from crm.services.signing_in import offered_ways
from leads.models import Lead
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.plugins.errors import ProviderError
from tenants.told import told

SEE, CHANGE = "crm.view_crmconnection", "crm.change_crmconnection"
EMPTY_ROWS = 3
SHOWN = 50


@needs(SEE)
@require_GET
def connection(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One CRM: its fields, a push that is only looked at, and leads from before it."""
    row = get_object_or_404(CrmConnection, pk=pk)
    return _page(request, row, chosen_rows(connection=row))


@needs(SEE)
@require_GET
def there(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The names of the CRM's fields, to choose from; none where it does not answer now."""
    row = get_object_or_404(CrmConnection, pk=pk)
    try:
        found = properties_of(connection=row) if CRMS.get(row.kind).has_people else []
    except ProviderError:
        found = []
    named = [(one, told(TYPE_NAMES[one.type])) for one in found]
    return render(request, "crm/_there.html", {"there": named})


@needs(CHANGE)
@require_POST
def map_fields(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What goes where from now on; ``as_it_came`` takes the company's own choice back."""
    row = get_object_or_404(CrmConnection, pk=pk)
    rows = [] if "as_it_came" in request.POST else _rows_of(request)
    try:
        found = properties_of(connection=row) if rows else []
        change_mapping(connection=row, rows=rows, there=found, actor=request.user.actor)
    except ProviderError as error:
        messages.error(request, _("The CRM does not answer: %s") % type(error).__name__)
    except ValidationError as error:
        wrong = {int(number): texts[0] for number, texts in error.message_dict.items()}
        for number, text in wrong.items():
            rows[number]["error"] = text
        return _page(request, row, rows, status=422)
    else:
        messages.success(request, _("Saved. The next push goes by it."))
    return redirect("crm:connection", pk)


@needs(CHANGE)
@require_POST
def backfill(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Bring in who was there before, or stop it."""
    row = get_object_or_404(CrmConnection, pk=pk)
    if "cancel" in request.POST:
        done = cancel_backfill(connection=row, actor=request.user.actor)
        messages.success(request, _("Stopped.") if done else _("Nothing is on its way any more."))
        return redirect("crm:connection", pk)
    only = {name: request.POST.getlist(name) for name in ("tiers", "stages")}
    try:
        order = start_backfill(
            connection=row, only=only, again="again" in request.POST, actor=request.user.actor
        )
        messages.success(request, _("Lined up: %(count)d") % {"count": order.total})
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("crm:connection", pk)


@needs("crm.view_syncrecord")
@require_GET
def record(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One lead at one CRM: each field as both sides have it, and every try."""
    rows = SyncRecord.objects.select_related("connection", "lead__contact", "ledger")
    row = get_object_or_404(rows, pk=pk)
    ledger = getattr(row, "ledger", None)
    entries = [
        {
            "name": name,
            "what": _source_label(entry.get("source", "")),
            "at": parse_datetime(entry.get("synced_at") or "-"),
            **entry,
        }
        for name, entry in sorted(ledger.entries.items() if ledger else ())
    ]
    context = {
        "title": str(row.lead),
        "record": row,
        "entries": entries,
        "parts": [
            (PARTS[name](), part.id)
            for name, part in (ledger.known_parts().items() if ledger else ())
        ],
        "conflicts": row.conflicts.filter(state=FieldConflict.State.OPEN),
        "tries": row.tries.all()[:SHOWN],
    }
    return render(request, "crm/record.html", context)


@needs("crm.change_syncrecord")
@require_POST
def resend_record(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Tell the CRM of one lead once more, all of it."""
    row = get_object_or_404(SyncRecord, pk=pk)
    resend(records=SyncRecord.objects.filter(pk=row.pk), actor=request.user.actor)
    messages.success(request, _("On its way again."))
    return redirect("crm:record", pk)


@needs("crm.view_fieldconflict")
@require_GET
def conflicts(request: AuthenticatedRequest) -> HttpResponse:
    """What both sides have changed, and what was decided before."""
    rows = FieldConflict.objects.select_related("record__connection", "record__lead__contact")
    rows = rows.filter(record__lead__absorbed_by=None)
    decided = rows.exclude(state=FieldConflict.State.OPEN).order_by("-decided_at")[:SHOWN]
    page = Paginator(rows.filter(state=FieldConflict.State.OPEN), SHOWN)
    context = {
        "title": _("Conflicts"),
        "page": page.get_page(request.GET.get("page")),
        "decided": decided,
    }
    return render(request, "crm/conflicts.html", context)


@needs("crm.change_fieldconflict")
@require_POST
def decide(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ours or theirs."""
    row = get_object_or_404(FieldConflict, pk=pk)
    try:
        decide_conflict(
            conflict=row, winner=request.POST.get("winner", ""), actor=request.user.actor
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("crm:conflicts")


def _page(
    request: AuthenticatedRequest, row: CrmConnection, rows: list[dict[str, str]], status: int = 200
) -> HttpResponse:
    order = Backfill.objects.filter(connection=row).first()
    empty = {"source": "", "target": "", "policy": ""}
    context: dict[str, Any] = {
        "title": row.name,
        "ways": offered_ways(row.kind),
        "connection": row,
        "has_people": CRMS.get(row.kind).has_people,
        "rows": [*rows, *[dict(empty) for _number in range(EMPTY_ROWS)]],
        "sources": [*((name, one.label) for name, one in SOURCES.items()), (OWNER, _("Owner"))],
        "policies": [(each.value, POLICIES[each]()) for each in Policy],
        "order": order,
        "tiers": Lead.Tier.choices,
        "stages": Lead.Stage.choices,
        "leads": Lead.objects.with_people().order_by("-updated_at")[:SHOWN],
        **_rehearsed(request, row),
    }
    return render(request, "crm/connection.html", context, status=status)


PARTS = {
    "company": lambda: _("Company"),
    "contact": lambda: _("Contact"),
    "deal": lambda: _("Deal"),
    "note": lambda: _("Note"),
}
POLICIES = {
    Policy.OURS: lambda: _("Ours wins"),
    Policy.THEIRS: lambda: _("Theirs wins"),
    Policy.NEWEST: lambda: _("The newest wins"),
    Policy.ASK: lambda: _("Ask a person"),
}


def _rehearsed(request: AuthenticatedRequest, row: CrmConnection) -> dict[str, Any]:
    chosen = request.GET.get("lead", "")
    lead = Lead.objects.filter(pk=int(chosen)).first() if chosen.isdecimal() else None
    if lead is None:
        return {}
    try:
        asked = rehearse(connection=row, lead=lead)
    except ProviderError as error:
        return {"lead": lead, "refused": str(error)}
    shown = [
        {
            "method": each.method,
            "url": each.url,
            "body": json.dumps(each.body, indent=2, ensure_ascii=False) if each.body else "",
        }
        for each in asked
    ]
    return {"lead": lead, "asked": shown}


def _rows_of(request: AuthenticatedRequest) -> list[dict[str, str]]:
    """What the page's rows say; a row without a field of ours is none."""
    names = ("source", "target", "policy")
    columns = [request.POST.getlist(name) for name in names]
    lines = zip(*columns, strict=False)  # a browser sends each of them once a row
    rows = [dict(zip(names, map(str.strip, line), strict=True)) for line in lines]
    return [row for row in rows if row["source"]]


def _source_label(source: str) -> str:
    found = SOURCES.get(source)
    return str(found.label) if found else source

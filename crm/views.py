"""The CRM: how far each lead has got, what was given up, and connecting one."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.cards import calls_of_lead
from crm.forms import ConnectForm, config_form
from crm.hooks import HOOKS
from crm.models import CrmConnection, FieldConflict, HookEvent, IncomingHook, SyncRecord
from crm.providers import CRMS
from crm.services import CallRefused, ask_for_call, connect, made_secrets, retry_dead
from crm.services.signing_in import offered_ways, wanting_app
from leads.models import Lead
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.told import told

SEE = "crm.view_crmconnection"
DEAD = SyncRecord.State.DEAD


@needs(SEE)
@require_GET
def state(request: AuthenticatedRequest) -> HttpResponse:
    """Each CRM with its counts, and the records that were given up."""
    counts = {
        f"{value}_count": Count("records", filter=Q(records__state=value))
        for value in SyncRecord.State.values
    }
    stuck = SyncRecord.objects.filter(
        state__in=[DEAD, SyncRecord.State.FAILED, SyncRecord.State.GONE]
    )
    return render(
        request,
        "crm/state.html",
        {
            "title": _("CRM"),
            "connections": CrmConnection.objects.annotate(**counts),
            "stuck": stuck.select_related("connection", "lead__contact")[:100],
            "has_dead": stuck.filter(state=DEAD).exists(),
            "kinds": CRMS.choices(),
            "open_conflicts": FieldConflict.objects.filter(state=FieldConflict.State.OPEN).count(),
            "hooks": IncomingHook.objects.annotate(
                rejected_count=Count("events", filter=Q(events__state=HookEvent.State.REJECTED))
            ),
            "hook_kinds": HOOKS.choices(),
        },
    )


@needs("crm.add_crmconnection")
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def add(request: AuthenticatedRequest, kind: str) -> HttpResponse:
    """Connect a CRM; every lead we have goes there."""
    if kind not in CRMS:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form, config = ConnectForm(data), config_form(kind, data)
    if data is not None and all([form.is_valid(), config.is_valid()]):
        connection = _connected(kind, form, config, f"user:{request.user.pk}")
        if connection is not None:
            messages.success(request, _("Connected. Your leads are on their way."))
            for secret in made_secrets(connection, given=config.cleaned_data).values():
                messages.warning(request, _("Secret, shown this once: %s") % secret)
            return redirect("crm:state")
    return render(
        request,
        "crm/connect.html",
        {
            "title": _("Connect %(crm)s") % {"crm": CRMS.label(kind)},
            "ways": offered_ways(kind),
            "wanting": wanting_app(kind),
            "form": form,
            "config_form": config,
        },
        status=422 if form.errors or config.errors else 200,
    )


@needs("crm.view_phonecall", change="crm.add_phonecall")
@require_http_methods(["GET", "POST"])
def calls(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """A lead's calls, for a page that waits; a POST has them called."""
    lead = get_object_or_404(Lead.objects.select_related("contact"), pk=pk)
    if request.method == "GET":
        panel = calls_of_lead(lead)
        if panel is None:
            raise Http404
        return render(request, panel.template, {"panel": panel.data})
    try:
        ask_for_call(lead=lead, key=request.POST.get("key", "")[:64], actor=request.user.actor)
        messages.success(request, _("They are being called."))
    except CallRefused as refused:
        messages.error(request, told(refused.text))
    return redirect("leads:lead", pk)


def _connected(kind: str, form: ConnectForm, config: Form, actor: str) -> CrmConnection | None:
    name = form.cleaned_data["name"]
    try:
        return connect(kind=kind, name=name, config=config.cleaned_data, actor=actor)
    except ValidationError as error:
        for field, reasons in error.message_dict.items():
            target = config if field in config.fields else form
            target.add_error(field if field in target.fields else None, reasons)
        return None


@needs("crm.change_syncrecord")
@require_POST
def retry(request: AuthenticatedRequest) -> HttpResponse:
    """Give one record, or all that were given up, another chance now."""
    records = SyncRecord.objects.all()
    chosen = request.POST.get("record", "")
    if chosen:
        records = records.filter(pk=int(chosen) if chosen.isdecimal() else 0)
    else:
        records = records.filter(state=DEAD)
    count = retry_dead(records=records, actor=f"user:{request.user.pk}")
    messages.success(request, _("%(count)d on the way again.") % {"count": count})
    return redirect("crm:state")

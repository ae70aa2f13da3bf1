"""Work over many leads: a person's tasks, deeds on a selection, kept filters, the stages."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads import services
from leads.forms.work import Columns, NewStageForm
from leads.models import SavedView
from leads.services.board import filters_of
from leads.services.bulk import BulkDone
from leads.services.saved import keep_view
from leads.views.board import UNDO, back_or
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

SHOWN = 100


@needs("leads.view_task")
@require_GET
def my_tasks(request: AuthenticatedRequest) -> HttpResponse:
    """What is mine to do, what is due first, first; or what I did last."""
    is_done = request.GET.get("done") == "1"
    found = services.tasks_of(user_id=request.user.pk, is_done=is_done)
    return render(
        request,
        "leads/tasks.html",
        {"title": _("My tasks"), "tasks": list(found[:SHOWN]), "is_done": is_done},
    )


@needs("leads.change_lead")
@require_POST
def change_many(request: AuthenticatedRequest) -> HttpResponse:
    """One deed for the leads that were ticked."""
    deed = request.POST.get("deed", "")
    try:
        ids = [int(each) for each in request.POST.getlist("lead") if each.isdecimal()]
        done = services.change_many(
            lead_ids=[each for each in ids if each < 1 << 62],
            deed=deed,
            value=request.POST.get(f"value_{deed.removeprefix('un')}", ""),
            actor=request.user.actor,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return back_or(request, "leads:board")
    count = len(done.before)
    if count:
        request.session[UNDO] = done.as_json()
        said = ngettext("%(count)d lead changed.", "%(count)d leads changed.", count)
        messages.success(request, said % {"count": count})
    else:
        messages.info(request, _("Nothing to change: tick leads that are not so already."))
    return back_or(request, "leads:board")


@needs("leads.change_lead")
@require_POST
def undo(request: AuthenticatedRequest) -> HttpResponse:
    """Take the last deed on a selection back."""
    kept = request.session.pop(UNDO, None)
    if kept is not None:
        try:
            count = services.take_back(done=BulkDone(**kept), actor=request.user.actor)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            said = ngettext("%(count)d lead put back.", "%(count)d leads put back.", count)
            messages.success(request, said % {"count": count})
    return back_or(request, "leads:board")


@needs("leads.view_lead")
@require_POST
def save_view(request: AuthenticatedRequest) -> HttpResponse:
    """Keep the filters in use under a name; an earlier view of that name is overwritten."""
    try:
        keep_view(
            user=request.user,
            name=request.POST.get("name", ""),
            query=filters_of(request.POST).query,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("View kept."))
    return back_or(request, "leads:board")


@needs("leads.view_lead")
@require_POST
def remove_view(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    SavedView.objects.filter(pk=pk, user=request.user).delete()
    return back_or(request, "leads:board")


@needs("leads.view_stage", change="leads.change_stage")
@require_http_methods(["GET", "POST"])
def arrange(request: AuthenticatedRequest) -> HttpResponse:
    """The stages: names, order, which are shown, and own ones."""
    initial = [
        {"key": each.key, "position": place, "name": each.own_name, "is_shown": each.is_shown}
        for place, each in enumerate(services.columns(), 1)
    ]
    data = request.POST if request.method == "POST" else None
    forms, new = Columns(data, initial=initial), NewStageForm(data)
    error = ""
    if data is not None and forms.is_valid() and new.is_valid():
        ordered = sorted(forms.forms, key=lambda form: form.cleaned_data["position"])
        try:
            services.arrange_stages(
                columns=[form.column for form in ordered], added=new.added, actor=request.user.actor
            )
        except ValidationError as refused:
            error = " ".join(refused.messages)
        else:
            messages.success(request, _("Stages changed."))
            return redirect(reverse("leads:stages"))
    known = {each.key: each for each in services.columns()}
    shown = []
    for form in forms.forms:
        column = known.get(form["key"].value())
        form.call_after(column)
        shown.append((form, column))
    return render(
        request,
        "leads/stages.html",
        {"title": _("Stages"), "forms": forms, "rows": shown, "new": new, "error": error},
        status=422 if data is not None else 200,
    )

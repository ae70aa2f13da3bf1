"""One lead: who, what we know, why this score, what is to be done, what happened."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from leads import services
from leads.forms.work import OwnerForm, StageForm, TagForm, TaskForm
from leads.models import Lead, Tag, Task
from leads.services import duplicates
from leads.services.timeline import named
from leads.views.board import back_or
from tenants import cards
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.histories import before_of, page

SHOWN_DONE, SHOWN_DUPLICATES = 5, 3
MOMENTS = 30


@needs("leads.view_lead")
@require_GET
def lead(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(Lead.objects.with_reasons(), pk=pk))


def _page(
    request: AuthenticatedRequest, shown: Lead, task_form: TaskForm | None = None
) -> HttpResponse:
    tasks = list(shown.tasks.select_related("assignee"))
    return render(
        request,
        "leads/lead.html",
        {
            "title": str(shown),
            "lead": shown,
            "reasons": sorted(shown.contributions.all(), key=lambda row: -row.points),
            "facts": services.known_facts(shown),
            "hints": services.what_would_make_it_hot(shown),
            "fit": services.fit_of(shown),
            "bant": services.bant_of(shown),
            **_timeline(request, shown),
            "conversations": shown.contact.conversations.select_related("connection"),
            "panels": cards.gather("lead", request.user, shown),
            "stage_form": StageForm(initial={"stage": shown.stage}),
            "owner_form": OwnerForm(initial={"owner": shown.owner_id}),
            "tags": list(shown.tags.all()),
            "duplicates": list(duplicates.duplicates_of(shown)[:SHOWN_DUPLICATES]),
            "merges": list(duplicates.merges_of(shown)),
            "all_tags": list(Tag.objects.staying()),
            "tag_form": TagForm(),
            "open_tasks": [task for task in tasks if not task.is_done],
            "done_tasks": [task for task in tasks if task.is_done][-SHOWN_DONE:],
            "task_form": task_form or TaskForm(),
        },
        status=422 if task_form else 200,
    )


@needs("leads.view_lead")
@require_GET
def timeline(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The next page of what happened, a fragment."""
    shown = get_object_or_404(Lead.objects.with_people(), pk=pk)
    return render(request, "leads/_timeline.html", {"lead": shown, **_timeline(request, shown)})


def _timeline(request: AuthenticatedRequest, shown: Lead) -> dict[str, Any]:
    before = before_of(request.GET.get("before", ""))
    told = cards.gather_flat("lead.timeline", request.user, shown, before, MOMENTS + 1)
    moments, following = page(told, size=MOMENTS)
    return {"moments": moments, "names": named(moments), "next": following}


@needs("leads.change_lead")
@require_POST
def change_owner(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    form = OwnerForm(request.POST)
    shown = get_object_or_404(Lead, pk=pk)
    if form.is_valid():
        owner = form.cleaned_data["owner"]
        services.assign_owner(lead=shown, owner=owner, actor=request.user.actor)
        messages.success(request, _("Owner changed."))
    else:
        messages.error(request, _("This person is not here any more."))
    return redirect("leads:lead", pk)


@needs("leads.change_lead")
@require_POST
def add_tag(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Put a tag on the lead; a name that nobody used yet becomes one."""
    shown = get_object_or_404(Lead, pk=pk)
    form = TagForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("A tag needs a name of up to 40 characters."))
        return redirect("leads:lead", pk)
    try:
        tag = services.make_tag(**form.cleaned_data, actor=request.user.actor)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("leads:lead", pk)
    services.change_tags(lead=shown, add=[tag], actor=request.user.actor)
    return redirect("leads:lead", pk)


@needs("leads.change_lead")
@require_POST
def remove_tag(request: AuthenticatedRequest, pk: int, tag: int) -> HttpResponse:
    shown = get_object_or_404(Lead, pk=pk)
    held = list(Tag.objects.filter(pk=tag))
    services.change_tags(lead=shown, remove=held, actor=request.user.actor)
    return redirect("leads:lead", pk)


@needs("leads.add_task")
@require_POST
def add_task(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Lead.objects.with_reasons(), pk=pk)
    form = TaskForm(request.POST)
    if not form.is_valid():
        return _page(request, shown, form)
    try:
        services.add_task(
            lead=shown,
            title=form.cleaned_data["title"],
            due_at=form.due,
            assignee=form.cleaned_data["assignee"],
            actor=request.user.actor,
        )
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _page(request, shown, form)
    messages.success(request, _("Task added."))
    return redirect("leads:lead", pk)


@needs("leads.change_task")
@require_POST
def finish_task(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Done, or with ``undo`` not done after all."""
    task = get_object_or_404(Task, pk=pk)
    if request.POST.get("undo"):
        services.reopen_task(task=task, actor=request.user.actor)
    else:
        services.finish_task(task=task, actor=request.user.actor)
        messages.success(request, _("Done."))
    return back_or(request, "leads:lead", task.lead_id)

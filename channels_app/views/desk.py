"""What people lay beside conversations: snoozes, labels, kept views, habits, who else is here."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels_app.forms import LabelForm, SnoozeForm, ViewForm
from channels_app.models import Conversation, InboxView, Label
from channels_app.services.labelling import put_label, take_label
from channels_app.services.presence import arrive, colleagues_at, leave
from channels_app.services.seats import note_presence
from channels_app.services.snoozing import snooze
from channels_app.services.views import keep_view, remove_view
from channels_app.services.writing import set_habits
from channels_app.views.deeds import CHANGE, answer_with
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest


def _conversation(pk: int) -> Conversation:
    return get_object_or_404(Conversation.objects.with_people(), pk=pk)


@needs(CHANGE)
@require_POST
def snooze_conversation(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Put away until a moment, or until they write again."""
    opened = _conversation(pk)
    form = SnoozeForm(request.POST)
    if form.is_valid():
        snooze(conversation=opened, until=form.cleaned_data["until"], user=request.user)
        return answer_with(request, _conversation(pk))
    return answer_with(request, opened, snooze_form=form)


@needs(CHANGE)
@require_POST
def label_conversation(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Put a label on, or take the one off that ``remove`` names."""
    opened = _conversation(pk)
    remove = request.POST.get("remove", "")
    if remove.isdecimal():
        label = Label.objects.filter(pk=int(remove)).first()
        if label is not None:
            take_label(conversation=opened, label=label, user=request.user)
        return answer_with(request, _conversation(pk))
    form = LabelForm(request.POST)
    if form.is_valid():
        put_label(conversation=opened, name=form.cleaned_data["name"], user=request.user)
    return answer_with(request, _conversation(pk))


@needs("channels_app.add_inboxview")
@require_POST
def add_view(request: AuthenticatedRequest) -> HttpResponse:
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("A view needs a name."))
        return redirect("channels_app:inbox")
    try:
        view = keep_view(user=request.user, **form.cleaned_data)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("channels_app:inbox")
    return redirect(f"{reverse('channels_app:inbox')}?view={view.pk}")


@needs("channels_app.delete_inboxview")
@require_POST
def drop_view(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    mine = InboxView.objects.filter(Q(owner=request.user) | Q(owner=None))
    remove_view(view=get_object_or_404(mine, pk=pk))
    return redirect("channels_app:inbox")


@needs(CHANGE)
@require_POST
def presence(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Asked every few seconds by whoever has it open, and once when they go: who else is here."""
    opened = get_object_or_404(Conversation, pk=pk)
    if request.POST.get("over") == "1":
        leave(conversation=opened, user=request.user)
        return HttpResponse(status=204)
    arrive(conversation=opened, user=request.user)
    note_presence(request.user)
    here = colleagues_at(conversation=opened, user=request.user)
    return render(request, "channels_app/_colleagues.html", {"colleagues": here})


@needs(CHANGE)
@require_POST
def habits(request: AuthenticatedRequest) -> HttpResponse:
    """How this person likes to work, on whatever machine."""
    seconds = request.POST.get("undo_seconds", "")
    set_habits(
        user=request.user,
        shortcuts=request.POST.get("shortcuts") == "on",
        undo_seconds=int(seconds) if seconds.isdecimal() else None,
    )
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    return redirect("channels_app:inbox")

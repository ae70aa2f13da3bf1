"""Beside the composer: drafts kept while one writes, undo, canned replies."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels_app.forms import CannedForm
from channels_app.models import CannedReply, Conversation
from channels_app.services.canned import canned_replies, offered_for
from channels_app.services.writing import LONGEST, TooLate, keep_draft, take_back
from channels_app.views.deeds import answer_with
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

WRITE = "channels_app.add_message"


@needs(WRITE)
@require_POST
def draft(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Keep what has been written so far."""
    keep_draft(
        conversation=get_object_or_404(Conversation, pk=pk),
        user=request.user,
        text=request.POST.get("text", "")[:LONGEST],
        is_note=request.POST.get("mode") == "note",
    )
    return HttpResponse(status=204)


@needs(WRITE)
@require_POST
def undo_send(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What was sent a moment ago goes back into the composer."""
    opened = get_object_or_404(Conversation.objects.with_people(), pk=pk)
    try:
        take_back(conversation=opened, user=request.user)
    except TooLate:
        messages.error(request, _("It has left already."))
    return answer_with(request, get_object_or_404(Conversation.objects.with_people(), pk=pk))


@needs(WRITE)
@require_GET
def canned_for(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Canned replies that fit what was typed, with this contact's name in them."""
    opened = get_object_or_404(Conversation.objects.with_people(), pk=pk)
    search = request.GET.get("q", "")[:80]
    found = offered_for(opened, request.user, search)
    name = "_canned" if request.headers.get("HX-Request") else "canned"
    return render(
        request,
        f"channels_app/{name}.html",
        {
            "title": _("Canned replies"),
            "conversation": opened,
            "offered": found,
            "form": CannedForm(),
        },
    )


@needs("channels_app.view_cannedreply", change="channels_app.add_cannedreply")
def canned(request: AuthenticatedRequest) -> HttpResponse:
    """All of them, and one more."""
    form = CannedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("channels_app:canned")
    return render(
        request,
        "channels_app/canned.html",
        {"title": _("Canned replies"), "offered": canned_replies()[:200], "form": form},
        status=422 if form.errors else 200,
    )


@needs("channels_app.delete_cannedreply")
@require_POST
def drop_canned(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    get_object_or_404(CannedReply, pk=pk).delete()
    return redirect("channels_app:canned")

"""What people do with a reply that waits: approve, edit, reject, hold back."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agents.forms import ApproveForm, RejectForm
from agents.models import ReplyDraft
from agents.services import drafts
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.told import told

DECIDE = "agents.change_replydraft"


@needs(DECIDE)
@require_POST
def approve(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Send it, as it stands or in the words of whoever approves it."""
    form = ApproveForm(request.POST)
    text = form.cleaned_data["text"] if form.is_valid() else ""
    return _decided(
        request,
        pk,
        lambda draft: drafts.approve(draft=draft, user=request.user, text=text),
        _("Sent."),
    )


@needs(DECIDE)
@require_POST
def reject(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """It is not sent; the person answers."""
    form = RejectForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    return _decided(
        request,
        pk,
        lambda draft: drafts.reject(draft=draft, user=request.user, reason=reason),
        _("Rejected. The conversation is yours."),
    )


@needs(DECIDE)
@require_POST
def undo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Stop the clock of a reply that is about to be sent."""
    return _decided(
        request,
        pk,
        lambda draft: _hold_back(draft, request),
        _("Not sent. It waits for approval now."),
    )


def _hold_back(draft: ReplyDraft, request: AuthenticatedRequest) -> None:
    """Whatever somebody wrote before they pressed the button is kept."""
    drafts.undo(draft=draft, user=request.user)
    form = ApproveForm(request.POST)
    if form.is_valid() and form.cleaned_data["text"].strip():
        drafts.rewrite(draft=draft, text=form.cleaned_data["text"])


def _decided(
    request: AuthenticatedRequest, pk: int, decide: Callable[[ReplyDraft], object], done: str
) -> HttpResponse:
    draft = get_object_or_404(ReplyDraft.objects.select_related("conversation"), pk=pk)
    try:
        decide(draft)
    except drafts.DraftRefused as refused:
        messages.error(request, told(refused.text))
    else:
        messages.success(request, done)
    return redirect("channels_app:conversation", draft.conversation_id)

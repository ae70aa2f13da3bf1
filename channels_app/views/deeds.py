"""What people do in a conversation: reply, note, take over, hand back, assign, close."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from channels_app.forms import AssignForm, ReplyForm, SnoozeForm
from channels_app.media.services import MediaRefused, uploaded
from channels_app.models import Conversation, Message
from channels_app.outbox import SendRefused, post_with_files
from channels_app.services import conversations as services
from channels_app.services import hide
from channels_app.services.presence import stop_writing
from channels_app.services.writing import drop_draft, habits_of
from channels_app.views.inbox import list_context, thread_context
from tenants import cards
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.accounts.models import User
from tenants.plugins.errors import ProviderError
from tenants.told import told

CHANGE = "channels_app.change_conversation"
ABOUT_FILES = {
    "attachments",
    "file_too_large",
    "file_type",
    "files_too_large",
    "too_many_files",
    "unknown_file",
}


@needs("channels_app.add_message")
@require_POST
def reply(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Send a person's reply, or keep a note; show the thread as it now stands."""
    opened = _conversation(pk)
    form = ReplyForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            _write(opened, form, request.user)
        except SendRefused as refused:
            form.add_error(
                "attachments" if refused.code in ABOUT_FILES else "text", told(refused.text)
            )
        except MediaRefused as refused:
            form.add_error("attachments", str(refused.text))
        else:
            return answer_with(request, opened)
    return answer_with(request, opened, form)


def _write(opened: Conversation, form: ReplyForm, user: User) -> None:
    text = form.cleaned_data["text"]
    if form.is_note:
        services.add_note(conversation=opened, text=text, user=user)
        drop_draft(conversation=opened, user=user)
        return
    with uploaded(form.cleaned_data["attachments"], user=user) as files:
        post_with_files(
            conversation=opened,
            text=text,
            files=files,
            author=Message.Author.HUMAN,
            user=user,
            is_private=opened.is_public and form.cleaned_data["is_private"],
            held_seconds=habits_of(user).undo_seconds,
        )
    drop_draft(conversation=opened, user=user)
    stop_writing(conversation=opened, user=user)


@needs("channels_app.add_message")
@require_POST
def moderate(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Hide a public comment at the network, or show a hidden one again."""
    of = Message.objects.select_related("connection", "conversation")
    comment = get_object_or_404(of, pk=pk)
    try:
        hide(message=comment, hidden=comment.hidden_at is None, actor=f"user:{request.user.pk}")
    except ProviderError as error:
        messages.error(request, str(error))
    return answer_with(request, _conversation(comment.conversation_id))


@needs(CHANGE)
@require_POST
def take_over(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    return _deed(
        request, pk, lambda opened: services.take_over(conversation=opened, user=request.user)
    )


@needs(CHANGE)
@require_POST
def hand_back(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    return _deed(
        request, pk, lambda opened: services.hand_back(conversation=opened, user=request.user)
    )


@needs(CHANGE)
@require_POST
def close(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    return _deed(request, pk, lambda opened: services.close(conversation=opened, user=request.user))


@needs(CHANGE)
@require_POST
def reopen(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    return _deed(
        request, pk, lambda opened: services.reopen(conversation=opened, user=request.user)
    )


@needs(CHANGE)
@require_POST
def assign(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    form = AssignForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This person is not here any more."))
        return redirect("channels_app:conversation", pk)
    assignee = form.cleaned_data["assignee"]
    return _deed(
        request,
        pk,
        lambda opened: services.assign(conversation=opened, assignee=assignee, user=request.user),
    )


def _conversation(pk: int) -> Conversation:
    return get_object_or_404(Conversation.objects.with_people(), pk=pk)


def _deed(
    request: AuthenticatedRequest, pk: int, act: Callable[[Conversation], object]
) -> HttpResponse:
    opened = _conversation(pk)
    act(opened)
    return answer_with(request, _conversation(pk))


def answer_with(
    request: AuthenticatedRequest,
    opened: Conversation,
    form: ReplyForm | None = None,
    snooze_form: SnoozeForm | None = None,
) -> HttpResponse:
    """To htmx the conversation as it now stands; to a plain form the page it came from."""
    is_refused = form is not None or snooze_form is not None
    is_fragment = "HX-Request" in request.headers
    if not (is_refused or is_fragment):
        return redirect("channels_app:conversation", opened.pk)
    status = 422 if is_refused else 200
    context = {**thread_context(request, opened, form), "snooze_form": snooze_form}
    if is_fragment:
        return render(request, "channels_app/_conversation.html", context, status=status)
    return render(
        request,
        "channels_app/inbox.html",
        {
            "title": _("Inbox"),
            **list_context(request, opened=opened.pk),
            **context,
            "panels": cards.gather("conversation", request.user, opened),
        },
        status=status,
    )

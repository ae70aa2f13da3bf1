"""The inbox: list, thread and contact side by side; fragments of it for live updates."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from channels_app.forms import AssignForm, ReplyForm
from channels_app.media.showing import shown_files
from channels_app.models import Conversation, Message
from channels_app.policy import HUMAN_AGENT, Allowed, Refused
from channels_app.providers import CHANNELS
from channels_app.services.conversations import mark_read
from channels_app.services.inbox import TABS, counters, list_conversations, thread_page
from channels_app.services.outgoing import ask_policy
from channels_app.views.picking import Picker, picker_of
from tenants import cards
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

LABELS = {
    "mine": gettext_lazy("Mine"),
    "unassigned": gettext_lazy("Unassigned"),
    "all": gettext_lazy("All"),
    "drafts": gettext_lazy("Drafts"),
    "escalated": gettext_lazy("Escalated"),
    "closed": gettext_lazy("Closed"),
}
SEE = "channels_app.view_conversation"


@needs(SEE)
@require_GET
def inbox(request: AuthenticatedRequest) -> HttpResponse:
    """The list alone, nothing opened yet."""
    return render(
        request, "channels_app/inbox.html", {"title": _("Inbox"), **list_context(request)}
    )


@needs(SEE)
@require_GET
def conversation(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One conversation, with the list beside it."""
    opened = get_object_or_404(Conversation.objects.with_people(), pk=pk)
    if request.user.has_perm("channels_app.change_conversation"):
        mark_read(conversation=opened, user=request.user)
    return render(
        request,
        "channels_app/inbox.html",
        {
            "title": _("Inbox"),
            **list_context(request, opened=pk),
            **thread_context(request, opened),
            "panels": cards.gather("conversation", request.user, opened),
        },
    )


@needs(SEE)
@require_GET
def conversation_list(request: AuthenticatedRequest) -> HttpResponse:
    """The list and its counters, as they stand now."""
    opened = request.GET.get("opened", "")
    return render(
        request,
        "channels_app/_list.html",
        list_context(request, opened=int(opened) if opened.isdecimal() else 0),
    )


@needs(SEE)
@require_GET
def thread(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The thread with its head, as it stands now; what is being written is left alone."""
    opened = get_object_or_404(Conversation.objects.with_people(), pk=pk)
    if request.user.has_perm("channels_app.change_conversation"):
        mark_read(conversation=opened, user=request.user)
    context = thread_context(request, opened)
    return render(request, "channels_app/_thread_update.html", context)


@needs(SEE)
@require_GET
def context_pane(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What other floors know of this contact and conversation."""
    opened = get_object_or_404(Conversation.objects.with_people(), pk=pk)
    return render(
        request,
        "channels_app/_context.html",
        {
            "conversation": opened,
            "panels": cards.gather("conversation", request.user, opened),
        },
    )


def list_context(request: AuthenticatedRequest, opened: int = 0) -> dict[str, Any]:
    tab = request.GET.get("tab", "all")
    tab = tab if tab in TABS else "all"
    search = request.GET.get("q", "")[:200]
    cursor = request.GET.get("after", "")
    page = list_conversations(user=request.user, tab=tab, search=search, cursor=cursor)
    counted = counters(request.user)
    return {
        "tab": tab,
        "search": search,
        "cursor": cursor,
        "page": page,
        "tabs": [(name, LABELS[name], counted[name]) for name in TABS],
        "opened": opened,
        "has_channels": bool(page.rows) or any(counted.values()),
    }


def thread_context(
    request: AuthenticatedRequest,
    opened: Conversation,
    form: ReplyForm | None = None,
    picker: Picker | None = None,
) -> dict[str, Any]:
    before = request.GET.get("before", "")
    messages, earlier = thread_page(
        conversation=opened, before=int(before) if before.isdecimal() else 0
    )
    capabilities = opened.capabilities
    verdict = ask_policy(conversation=opened, text="x", by_human=True)
    return {
        "conversation": opened,
        "network": CHANNELS.label(opened.connection.platform),
        "messages_shown": messages,
        "earlier": earlier,
        "asides": _asides(request, messages),
        "pending": cards.gather("thread", request.user, opened),
        "files": shown_files(messages),
        "capabilities": capabilities,
        "refused": verdict if isinstance(verdict, Refused) else None,
        "as_person": isinstance(verdict, Allowed) and verdict.tag == HUMAN_AGENT,
        "picker": picker or picker_of(request, opened),
        "form": form or ReplyForm(),
        "assign_form": AssignForm(initial={"assignee": opened.assignee_id}),
    }


def _asides(request: AuthenticatedRequest, messages: list[Message]) -> dict[int, list[cards.Panel]]:
    """What other floors say under single messages: sources, reasons, the run."""
    found: dict[int, list[cards.Panel]] = {}
    for answers in cards.gather("message", request.user, messages):
        for pk, panel in answers.items():
            found.setdefault(pk, []).append(panel)
    return found

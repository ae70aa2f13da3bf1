"""The inbox: list, thread and contact side by side; fragments of it for live updates."""

import time
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from channels_app import notices
from channels_app.blanks import fill
from channels_app.forms import AssignForm, ReplyForm, ViewForm
from channels_app.media.showing import shown_files
from channels_app.models import CannedReply, Conversation, Message
from channels_app.policy import HUMAN_AGENT, Allowed, Refused
from channels_app.providers import CHANNELS
from channels_app.services.canned import blanks_of
from channels_app.services.conversations import mark_read
from channels_app.services.inbox import (
    COUNTED,
    TABS,
    TIMED,
    counters,
    list_conversations,
    thread_page,
)
from channels_app.services.labelling import all_labels, labels_of
from channels_app.services.mentions import see_mentions
from channels_app.services.outgoing import ask_policy
from channels_app.services.presence import arrive, colleagues_at
from channels_app.services.seats import note_presence, own_desk
from channels_app.services.views import views_of
from channels_app.services.writing import draft_of
from channels_app.views.picking import Picker, picker_of
from tenants import cards
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.accounts.models import User
from tenants.workspace.services import profile

LABELS = {
    "mine": gettext_lazy("Mine"),
    "unassigned": gettext_lazy("Unassigned"),
    "all": gettext_lazy("All"),
    "mentions": gettext_lazy("Mentions"),
    "drafts": gettext_lazy("Drafts"),
    "escalated": gettext_lazy("Escalated"),
    "due_soon": gettext_lazy("Due soon"),
    "overdue": gettext_lazy("Overdue"),
    "snoozed": gettext_lazy("Snoozed"),
    "closed": gettext_lazy("Closed"),
}
MAIN_TABS = ("mine", "unassigned", "all")
SEE = "channels_app.view_conversation"
CHANGE = "channels_app.change_conversation"
UNDO = "inbox_undo"  # in the session: what takes the last deed on many back
UNDO_SECONDS = 60


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
    _look(request, opened)
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
    _look(request, opened)
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


def _look(request: AuthenticatedRequest, opened: Conversation) -> None:
    """Somebody who works here has it open: it is read, and colleagues see them there."""
    if not request.user.has_perm(CHANGE):
        return
    if opened.unread_count:
        mark_read(conversation=opened, user=request.user)
    see_mentions(conversation=opened, user=request.user)
    notices.looked_at(opened, request.user)
    arrive(conversation=opened, user=request.user)
    note_presence(request.user)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One list and how many conversations are in it."""

    key: str
    label: str
    place: str  # of an address
    count: int
    view: int = 0  # the kept view it is, and whether everybody has it
    is_shared: bool = False

    @property
    def shown(self) -> str:
        return str(self.count) if self.count <= COUNTED else f"{COUNTED}+"


def list_context(request: AuthenticatedRequest, opened: int = 0) -> dict[str, Any]:
    user = request.user
    if user.has_perm(CHANGE):
        note_presence(user)
    views = views_of(user)
    asked = request.GET.get("view", "")
    view = next((each for each in views if str(each.pk) == asked), None)
    tab = request.GET.get("tab", "all")
    tab = "" if view else tab if tab in TABS else "all"
    search = request.GET.get("q", "")[:200]
    cursor = request.GET.get("after", "")
    page = list_conversations(user=user, tab=tab, view=view, search=search, cursor=cursor)
    counted = counters(user, views)
    shelves = [Shelf(name, str(LABELS[name]), f"tab={name}", counted[name]) for name in TABS]
    kept = [
        Shelf(key, each.name, f"view={each.pk}", counted[key], each.pk, each.owner_id is None)
        for each in views
        for key in [f"view-{each.pk}"]
    ]
    here = f"view-{view.pk}" if view else tab
    return {
        "tab": tab,
        "view": view,
        "place": f"view={view.pk}" if view else f"tab={tab}",
        "search": search,
        "cursor": cursor,
        "page": page,
        "tabs": [each for each in shelves if each.key in MAIN_TABS],
        "more_tabs": [each for each in shelves if each.key not in MAIN_TABS and _is_used(each)],
        "kept_views": kept,
        "here": next(each for each in [*shelves, *kept] if each.key == here),
        "labels_of": labels_of(page.rows),
        "opened": opened,
        "has_channels": bool(page.rows) or any(counted[name] for name in TABS),
        "undo": undoable(request),
        **_tools(request),
    }


def _is_used(shelf: Shelf) -> bool:
    """Where nothing is promised, nothing is due."""
    return shelf.key not in TIMED or bool(shelf.count or profile().promises)


def _tools(request: AuthenticatedRequest) -> dict[str, Any]:
    """What whoever works here is offered: people to assign to, labels, a view to keep. The list
    and the thread of one page share it."""
    if not request.user.has_perm(CHANGE):
        return {}
    known: dict[str, Any] | None = request.META.get("leadwire.desk")
    if known is None:
        known = request.META["leadwire.desk"] = _found_tools(request)
    return known


def _found_tools(request: AuthenticatedRequest) -> dict[str, Any]:
    habits, seat = own_desk(request.user)
    return {
        "team": list(User.objects.filter(is_active=True).order_by("name", "email")[:50]),
        "all_labels": all_labels(),
        "view_form": ViewForm(auto_id="view_%s"),
        "habits": habits,
        "seat": seat,
    }


def undoable(request: AuthenticatedRequest) -> dict[str, Any] | None:
    """What was done to many a moment ago, if it can be taken back."""
    kept = request.session.get(UNDO)
    if not kept or not kept["count"] or time.time() - kept["at"] > UNDO_SECONDS:
        return None
    found: dict[str, Any] = kept
    return found


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
        "form": form or ReplyForm(initial=_begun(request, opened)),
        "assign_form": AssignForm(initial={"assignee": opened.assignee_id}),
        "labels": labels_of([opened]).get(opened.pk, []),
        "colleagues": colleagues_at(conversation=opened, user=request.user),
        "now": timezone.now(),
        **_tools(request),
    }


def _begun(request: AuthenticatedRequest, opened: Conversation) -> dict[str, Any]:
    """What stands in the composer: the canned reply that was chosen, or what was begun."""
    chosen = request.GET.get("canned", "")
    if chosen.isdecimal() and (reply := CannedReply.objects.filter(pk=int(chosen)).first()):
        return {"mode": "reply", "text": fill(reply.text, blanks_of(opened, request.user))}
    if draft := draft_of(conversation=opened, user=request.user):
        return {"mode": "note" if draft.is_note else "reply", "text": draft.text}
    return {}


def _asides(request: AuthenticatedRequest, messages: list[Message]) -> dict[int, list[cards.Panel]]:
    """What other floors say under single messages: sources, reasons, the run."""
    found: dict[int, list[cards.Panel]] = {}
    for answers in cards.gather("message", request.user, messages):
        for pk, panel in answers.items():
            found.setdefault(pk, []).append(panel)
    return found

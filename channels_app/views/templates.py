"""Message templates in a conversation: choose one, fill its gaps, see it whole, send it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels_app.forms import TemplateForm
from channels_app.models import Conversation, Message
from channels_app.outbox import SendRefused, post_message
from channels_app.services import refresh_templates
from channels_app.services.templates import offered
from channels_app.views.inbox import list_context, thread_context
from channels_app.views.picking import Picker, picker_of
from tenants import cards
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.told import told

WRITE = "channels_app.add_message"


@needs(WRITE)
@require_GET
def pick(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The picker as it is being filled; for a browser without scripts, on the whole page."""
    opened = _conversation(pk)
    if request.headers.get("HX-Request"):
        shown = {"conversation": opened, "picker": picker_of(request, opened)}
        return render(request, "channels_app/_picker.html", shown)
    return _page(request, opened)


@needs(WRITE)
@require_POST
def send_template(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Send the template through the send policy; its gaps first."""
    opened = _conversation(pk)
    usable = offered(opened)
    chosen = request.POST.get("template", "")
    template = next((each for each in usable if str(each.pk) == chosen), None)
    if template is None:
        gone = _("Choose a template; the one you had may be gone.")
        return _answer(request, opened, Picker(usable, error=gone))
    form = TemplateForm(template, request.POST)
    filled = form.filled()
    if filled is None:
        return _answer(request, opened, Picker(usable, form))
    if refusal := _post(opened, request, *filled):
        return _answer(request, opened, Picker(usable, form, refusal))
    return _answer(request, _conversation(pk))


@needs(WRITE)
@require_POST
def fetch_templates(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask the network for its templates once more; ``pk`` is the conversation's."""
    opened = _conversation(pk)
    refresh_templates(connection=opened.connection)
    return _answer(request, opened, Picker(offered(opened)))


def _post(
    opened: Conversation, request: AuthenticatedRequest, text: str, template: dict[str, object]
) -> str:
    """Why it was not sent; empty if it was."""
    try:
        post_message(
            conversation=opened,
            text=text,
            author=Message.Author.HUMAN,
            user=request.user,
            template=template,
        )
    except SendRefused as refused:
        return told(refused.text)
    return ""


def _conversation(pk: int) -> Conversation:
    return get_object_or_404(Conversation.objects.with_people(), pk=pk)


def _answer(
    request: AuthenticatedRequest, opened: Conversation, picker: Picker | None = None
) -> HttpResponse:
    if request.headers.get("HX-Request"):
        context = thread_context(request, opened, picker=picker)
        status = 422 if picker and picker.is_refused else 200
        return render(request, "channels_app/_conversation.html", context, status=status)
    if picker is None:
        return redirect("channels_app:conversation", opened.pk)
    return _page(request, opened, picker, status=422 if picker.is_refused else 200)


def _page(
    request: AuthenticatedRequest,
    opened: Conversation,
    picker: Picker | None = None,
    status: int = 200,
) -> HttpResponse:
    return render(
        request,
        "channels_app/inbox.html",
        {
            "title": _("Inbox"),
            **list_context(request, opened=opened.pk),
            **thread_context(request, opened, picker=picker),
            "panels": cards.gather("conversation", request.user, opened),
        },
        status=status,
    )

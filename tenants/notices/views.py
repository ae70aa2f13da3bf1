"""The bell, what stands behind it, and how each person wants to be told."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.accounts.models import User
from tenants.notices import services
from tenants.notices.browsers import browser_of
from tenants.notices.forms import HabitsForm
from tenants.notices.kinds import Kind, catalogue

SEE, CHANGE = "notices.view_notice", "notices.change_notice"


@needs(SEE)
@require_GET
def notices(request: AuthenticatedRequest) -> HttpResponse:
    """Everything one was told, newest first."""
    unread = request.GET.get("unread") == "1"
    page = services.list_notices(
        user=request.user, unread=unread, cursor=request.GET.get("after", "")
    )
    return render(
        request,
        "notices/notices.html",
        {"title": _("Notices"), "page": page, "unread": unread},
    )


@needs(SEE)
@require_GET
def go(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """To what it is about; it is read by that, as a conversation is that one opens."""
    notice = services.read_one(user=request.user, notice_id=pk)
    if notice is None:
        raise Http404
    return redirect(notice.link)


@needs(SEE)
@require_GET
def bell(request: AuthenticatedRequest) -> HttpResponse:
    """The bell as it stands now, for a page that heard of something."""
    return render(request, "shell/bell.html")


@needs(CHANGE)
@require_POST
def read(request: AuthenticatedRequest) -> HttpResponse:
    """One of them, or all, without looking."""
    pk = request.POST.get("pk", "")
    if pk.isdecimal() and len(pk) < 18:
        services.read_one(user=request.user, notice_id=int(pk))
    else:
        services.read_all(user=request.user)
    return redirect("notices:notices")


@needs(CHANGE)
@require_http_methods(["GET", "POST"])
def habits(request: AuthenticatedRequest) -> HttpResponse:
    """Kinds of notices and the ways they take."""
    form = HabitsForm(
        request.POST or None,
        kinds=kinds_for(request.user),
        habits=services.habits_of(request.user),
    )
    if request.method == "POST" and form.is_valid():
        services.set_habits(user=request.user, wishes=form.wishes(), **form.others())
        messages.success(request, _("Saved."))
        return redirect("notices:habits")
    return render(
        request,
        "notices/habits.html",
        {
            "title": _("How I am told"),
            "form": form,
            "devices": services.devices_of(request.user),
            "push_key": services.application_key(),
        },
        status=422 if form.errors else 200,
    )


def kinds_for(user: User) -> list[Kind]:
    """What this person can be told of."""
    return [kind for kind in catalogue() if user.has_perm(kind.permission)]


@needs(CHANGE)
@require_POST
def subscribe(request: AuthenticatedRequest) -> HttpResponse:
    """A browser's push service, as the page got it once the person had said yes."""
    said = {name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    name = browser_of(request.headers.get("User-Agent", ""))
    try:
        device = services.keep_device(user=request.user, name=name, **said)
    except ValidationError as error:
        return JsonResponse({"error": " ".join(error.messages)}, status=422)
    return JsonResponse({"device": device.pk}, status=200)


@needs(CHANGE)
@require_POST
def drop_device(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    services.forget_device(user=request.user, device_id=pk)
    return redirect("notices:habits")


@csrf_exempt  # mail programs press this for a person: https://www.rfc-editor.org/rfc/rfc8058
@never_cache
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Out of a letter, without signing in. A look changes nothing: scanners follow links, too."""
    user = services.who_unsubscribes(token)
    if user is not None and request.method == "POST":
        services.unsubscribe(user=user)
    return render(
        request,
        "notices/unsubscribe.html",
        {"is_known": user is not None, "is_done": request.method == "POST"},
        status=200 if user is not None else 404,
    )

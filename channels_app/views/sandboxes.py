"""Sandboxes: opened with a click, written to from a customer's phone inside the console."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.handlers.wsgi import WSGIRequest
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels_app.forms import PhoneForm
from channels_app.models import ChannelConnection
from channels_app.services import sandboxes
from channels_app.submissions import submission
from channels_app.webhooks import webhook
from tenants import context
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest
from tenants.plugins.sandbox import Knock

ADD = "channels_app.add_channelconnection"
WRITE = "channels_app.add_message"
TAKEN = (200, 202)  # a webhook, a form


@needs(ADD)
@require_GET
def choose(request: AuthenticatedRequest) -> HttpResponse:
    """Which network's look a sandbox shall have."""
    return render(
        request,
        "channels_app/sandboxes.html",
        {"title": _("Try a sandbox"), "looks": sandboxes.looks()},
    )


@needs(ADD)
@require_POST
def start(request: AuthenticatedRequest, platform: str) -> HttpResponse:
    """One click: the channel is there, and the phone to write from."""
    try:
        connection = sandboxes.open_sandbox(platform=platform, actor=f"user:{request.user.pk}")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("channels_app:sandboxes")
    return redirect("channels_app:phone", connection.pk)


@needs(WRITE)
@require_http_methods(["GET", "POST"])
def phone(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """A customer's phone: what they write goes the network's way, and so do the answers."""
    connection = _sandbox(pk)
    if request.method == "GET" and not request.GET.get("person"):
        person = sandboxes.new_customer(connection=connection)
        return redirect(_phone_url(connection, person))
    form = PhoneForm(request.POST if request.method == "POST" else None)
    person = _person(request, connection)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        taken = knock(
            connection,
            sandboxes.words_of(
                connection=connection, person=person, name=said["name"], text=said["text"]
            ),
        )
        if not taken:
            messages.error(request, _("The webhook was not taken; see the channel."))
        if request.headers.get("HX-Request"):
            return _thread(request, connection, person, name=said["name"], is_sent=True)
        return redirect(_phone_url(connection, person, name=said["name"]))
    return render(
        request,
        "channels_app/phone.html",
        {
            "title": connection.name,
            "connection": connection,
            "customers": sandboxes.customers_of(connection=connection),
            "form": form,
            "hint": sandboxes.hint_about(connection.platform),
            **_shown(connection, person, str(request.GET.get("name", ""))),
        },
        status=422 if form.errors else 200,
    )


@needs(WRITE)
@require_POST
def phone_thread(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What the phone shows now. Showing it tells the channel, as a real phone does."""
    connection = _sandbox(pk)
    person = _person(request, connection)
    knock(connection, sandboxes.sight_of(connection=connection, person=person))
    return _thread(request, connection, person)


@needs(WRITE)
@require_GET
def in_inbox(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """On to the customer's conversation, as colleagues see it."""
    connection = _sandbox(pk)
    shown = sandboxes.phone_of(connection=connection, person=_person(request, connection))
    if not shown:
        return redirect("channels_app:inbox")
    return redirect("channels_app:conversation", shown[0].conversation_id)


@needs("channels_app.delete_channelconnection")
@require_POST
def remove(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The sandbox and everything that came of it are gone."""
    connection = get_object_or_404(ChannelConnection, pk=pk, is_sandbox=True)
    sandboxes.remove_sandbox(connection=connection, actor=f"user:{request.user.pk}")
    messages.success(request, _("The sandbox is gone, with all that came of it."))
    return redirect("channels_app:channels")


def knock(connection: ChannelConnection, knocks: list[Knock]) -> bool:
    """Bring webhooks to our own door, as the network's server would over the wire."""
    company = context.current_company()
    platform, token = connection.platform, connection.webhook_token
    door: Callable[[WSGIRequest], HttpResponse]
    if platform == "form":
        door, path = partial(submission, key=token), f"/forms/{token}/"
    else:
        door = partial(webhook, platform=platform, token=token)
        path = f"/webhooks/{platform}/{token}/"
    try:
        statuses = [door(_request(path, each)).status_code for each in knocks]
    finally:
        context.enter_company(company)
    return all(status in TAKEN for status in statuses)


def _request(path: str, sent: Knock) -> WSGIRequest:
    named = {name.lower(): value for name, value in sent.headers.items()}
    kind = named.pop("content-type", "application/json")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": settings.PUBLIC_HOST,
        "SERVER_PORT": str(settings.PORT),
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(sent.body)),
        "wsgi.input": BytesIO(sent.body),
        "wsgi.url_scheme": "http",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in named.items()},
    }
    return WSGIRequest(environ)


def _sandbox(pk: int) -> ChannelConnection:
    return get_object_or_404(ChannelConnection, pk=pk, is_sandbox=True, is_active=True)


def _person(request: AuthenticatedRequest, connection: ChannelConnection) -> str:
    person = request.POST.get("person") or request.GET.get("person", "")
    if not sandboxes.is_customer(connection=connection, person=person):
        raise Http404
    return person


def _phone_url(connection: ChannelConnection, person: str, *, name: str = "") -> str:
    query = urlencode({"person": person, **({"name": name} if name else {})})
    return f"{reverse('channels_app:phone', args=[connection.pk])}?{query}"


def _shown(connection: ChannelConnection, person: str, name: str) -> dict[str, Any]:
    shown = sandboxes.phone_of(connection=connection, person=person)
    return {
        "person": person,
        "shown": shown,
        "name": name or (shown[0].conversation.contact.name if shown else ""),
    }


def _thread(
    request: AuthenticatedRequest,
    connection: ChannelConnection,
    person: str,
    *,
    name: str = "",
    is_sent: bool = False,
) -> HttpResponse:
    """``is_sent``: the field for the next words is empty again."""
    shown = {"connection": connection, "is_sent": is_sent, **_shown(connection, person, name)}
    return render(request, "channels_app/_phone_thread.html", shown)

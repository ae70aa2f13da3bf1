"""A web chat's own pages: the tag for a website, its settings, and a page to try it on."""

from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.request import split_domain_port
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from channels_app.forms import settings_form
from channels_app.models import ChannelConnection
from channels_app.services.connections import adjust
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

SEE = "channels_app.view_channelconnection"
CHANGE = "channels_app.change_channelconnection"
PLATFORM = "webchat"


@needs(CHANGE)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def chat_settings(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Everything visitors see, the websites that may show it, and the identity secret."""
    connection = _chat(pk)
    data = request.POST if request.method == "POST" else None
    form = settings_form(connection, data)
    if data is not None and form.is_valid():
        adjust(connection=connection, changes=_changes(form), actor=f"user:{request.user.pk}")
        messages.success(request, _("Saved. Open pages show it within minutes."))
        return redirect("channels_app:channel", connection.pk)
    return render(
        request,
        "channels_app/webchat_settings.html",
        {"title": connection.name, "connection": connection, "form": form},
        status=422 if form.errors else 200,
    )


@needs(SEE)
@require_GET
def preview(request: AuthenticatedRequest, pk: int) -> HttpResponseBase:
    """A page with nothing on it but the chat, as a visitor would meet it."""
    connection = _chat(pk)
    beyond = {"connect-src": [live_origin(request)], "img-src": [settings.PUBLIC_URL]}

    @csp_update(beyond)
    def draw(request: HttpRequest) -> HttpResponseBase:
        context = {"connection": connection, "key": connection.webhook_token}
        return render(request, "channels_app/webchat_preview.html", context)

    return draw(request)


def live_origin(request: HttpRequest) -> str:
    """Where the widget looks for its stream when it is loaded from this host."""
    if settings.LIVE_URL:
        return str(settings.LIVE_URL)
    host, _port = split_domain_port(request.get_host())
    return f"{request.scheme}://{host}:{settings.LIVE_PORT}"


def _chat(pk: int) -> ChannelConnection:
    return get_object_or_404(ChannelConnection, pk=pk, platform=PLATFORM, is_active=True)


def _changes(form: Form) -> dict[str, Any]:
    """What was typed; a secret that was left empty stays as it is."""
    secrets = set(ChannelConnection(platform=PLATFORM).provider().secret_names.values())
    return {
        name: value for name, value in form.cleaned_data.items() if value or name not in secrets
    }

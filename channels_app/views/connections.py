"""Channels: what is connected, how it is doing, and connecting one more."""

from collections.abc import Mapping

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels_app.forms import ConnectForm, config_form, made_up
from channels_app.models import ChannelConnection
from channels_app.origins import origins
from channels_app.providers import CHANNELS
from channels_app.services.connections import connect, disconnect, script_tag, webhook_url
from channels_app.services.gallery import gallery, ways_of
from channels_app.services.signing_in import label_of, operator_hint
from channels_app.views.doctor import doctor_context
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

SEE = "channels_app.view_channelconnection"
ADD = "channels_app.add_channelconnection"


@needs(SEE)
@require_GET
def channels(request: AuthenticatedRequest) -> HttpResponse:
    """Every connection with its health, and the networks one can add."""
    return render(
        request,
        "channels_app/channels.html",
        {
            "title": _("Channels"),
            "connections": ChannelConnection.objects.all(),
            "gallery": gallery(),
        },
    )


@needs(SEE)
@require_GET
def channel(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One connection: the address its network must call, and when it last did."""
    return _page_of(request, get_object_or_404(ChannelConnection, pk=pk))


def _page_of(
    request: AuthenticatedRequest,
    connection: ChannelConnection,
    made: Mapping[str, str] | None = None,
) -> HttpResponse:
    """``made``: secrets we made up just now, to be shown this once."""
    provider = CHANNELS.get(connection.platform)
    labels = provider.ConfigForm.base_fields
    return render(
        request,
        "channels_app/channel.html",
        {
            "title": connection.name,
            "connection": connection,
            "webhook_url": webhook_url(connection),
            "script_tag": script_tag(connection),
            "allowed": origins(connection.config.get("allowed_origins")),
            "how_to_connect": provider.how_to_connect,
            "ways": ways_of(connection.platform),
            **doctor_context(connection),
            "events": connection.events.defer("body")[:20],
            "made": [(key, labels[key].label, secret) for key, secret in (made or {}).items()],
        },
    )


@needs(ADD)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def add(request: AuthenticatedRequest, platform: str) -> HttpResponse:
    """Connect an account: our questions and the network's own."""
    if platform not in CHANNELS:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form, config = ConnectForm(data, platform=platform), config_form(platform, data)
    if data is not None and all([form.is_valid(), config.is_valid()]):
        made = made_up(platform, config.cleaned_data)
        if connection := _connect(platform, form, config, made, f"user:{request.user.pk}"):
            messages.success(request, _("Connected. Now tell the network where to call."))
            if made:
                return _page_of(request, connection, made)
            return redirect("channels_app:channel", connection.pk)
    return render(
        request,
        "channels_app/connect.html",
        {
            "title": _("Connect %(network)s") % {"network": CHANNELS.label(platform)},
            "platform": platform,
            "form": form,
            "config_form": config,
            "ways": ways_of(platform),
            "wanting": ", ".join(map(label_of, operator_hint(platform))),
            "how_to_connect": CHANNELS.get(platform).how_to_connect,
        },
        status=422 if form.errors or config.errors else 200,
    )


def _connect(
    platform: str, form: ConnectForm, config: Form, made: Mapping[str, str], actor: str
) -> ChannelConnection | None:
    try:
        return connect(
            platform=platform,
            account_id=form.cleaned_data.get("account_id", "").strip(),
            name=form.cleaned_data["name"],
            config={**config.cleaned_data, **made},
            actor=actor,
        )
    except ValidationError as error:
        for field, reasons in _by_field(error).items():
            if field in form.fields:
                form.add_error(field, reasons)
            elif field in config.fields:
                config.add_error(field, reasons)
            else:
                form.add_error(None, reasons)
        return None


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return error.message_dict
    return {"": error.messages}


@needs("channels_app.delete_channelconnection")
@require_POST
def remove(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Disconnect: nothing comes in or goes out; conversations stay."""
    connection = get_object_or_404(ChannelConnection, pk=pk)
    disconnect(connection=connection, actor=f"user:{request.user.pk}")
    messages.success(request, _("Disconnected. The conversations stay readable."))
    return redirect("channels_app:channels")

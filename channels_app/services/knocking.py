"""Knocking at our own doors as a network, a website or a visitor's page would."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from channels_app import wire
from channels_app.models import ChannelConnection
from channels_app.origins import origins
from channels_app.providers.base import ChannelProvider
from channels_app.providers.form import WebForm
from channels_app.providers.webchat import WebChat
from channels_app.services.routing import address
from tenants import context
from tenants.handover import host_url
from tenants.models import Domain
from tenants.plugins import http
from tenants.plugins.errors import SignatureMismatch, Unavailable

PATIENCE = 10.0  # seconds; networks themselves wait no longer
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Door:
    """A connection's address, and who signs what is brought there."""

    path: str
    signer: ChannelProvider

    @property
    def url_shown(self) -> str:
        """Without the part that keeps strangers out."""
        return f"{settings.PUBLIC_URL}/{self.path.strip('/').split('/')[0]}/…"


def door_of(connection: ChannelConnection) -> Door | None:
    """Where the connection's network calls; None where we could not sign what it would bring."""
    provider = connection.provider()
    if connection.platform in OWN_DOORS:
        door = Door(OWN_DOORS[connection.platform].format(connection.webhook_token), provider)
        return door if _can_sign(provider) or _website_of(provider) else None
    path = urlsplit(connection.called_at).path
    if _can_sign(provider):
        return Door(path, provider)
    shared = address(platform=connection.platform, token="")
    if shared is None or not _can_sign(shared.provider):
        return None
    return Door(f"/webhooks/{connection.platform}/", shared.provider)


OK = 200
OWN_DOORS = {"form": "/forms/{}/", "webchat": "/chat/{}/"}


def _can_sign(provider: ChannelProvider) -> bool:
    try:
        provider.signed(b"{}")
    except SignatureMismatch:
        return False
    return True


def _website_of(provider: ChannelProvider) -> str:
    """A website whose visitors may post there as they are; a chat asks each who they are."""
    listed = origins(provider.config.get("allowed_origins"))
    return min(listed, default="") if isinstance(provider, WebForm) else ""


def knock(connection: ChannelConnection, door: Door, body: bytes) -> int:
    """Bring it there over HTTP; the status that was answered. Raises a ProviderError if none."""
    if isinstance(door.signer, WebChat):
        return _speak_as_visitor(connection, door, door.signer, body)
    kind = "application/json" if body[:1] in {b"{", b"["} else FORM
    is_signed = _can_sign(door.signer)
    proof = door.signer.signed(body) if is_signed else {"Origin": _website_of(door.signer)}
    headers = {**proof, "Content-Type": kind}
    return _post(door.path, body, headers).status_code


def _speak_as_visitor(connection: ChannelConnection, door: Door, chat: WebChat, body: bytes) -> int:
    """As a page does: who am I, and then the words. The origin is a website of the list, or the
    company's own console."""
    said = wire.load_object(body)
    listed = origins(chat.config.get("allowed_origins"))
    origin = next(iter(sorted(listed)), "") or host_url(_own_host())
    headers = {"Origin": origin, "Content-Type": "application/json"}
    user = wire.get_object(said, "visitor")["id"].removeprefix("user:")
    identity = wire.dumps({"identity": chat.vouch(user, seconds=int(10 * PATIENCE))})
    session = _post(f"{door.path}session", identity, headers)
    if session.status_code != OK:
        return session.status_code
    headers["Authorization"] = f"Bearer {session.json()['token']}"
    return _post(f"{door.path}messages", body, headers).status_code


def _own_host() -> str:
    return Domain.objects.get(tenant=context.current_company(), is_primary=True).domain


def _post(path: str, body: bytes, headers: Mapping[str, str]) -> Any:
    """By the public address; by the web server's own where that cannot be reached from here."""
    try:
        return _exchange(f"{settings.PUBLIC_URL}{path}", body, headers)
    except Unavailable:
        if not settings.DOOR_URL:
            raise
    public = urlsplit(settings.PUBLIC_URL)
    as_outside = {"Host": public.netloc, "X-Forwarded-Proto": public.scheme}
    return _exchange(f"{settings.DOOR_URL}{path}", body, {**headers, **as_outside})


def _exchange(url: str, body: bytes, headers: Mapping[str, Any]) -> Any:
    return http.exchange("POST", url, content=body, headers=dict(headers), timeout=PATIENCE)

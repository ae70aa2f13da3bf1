"""From a webhook's address or account to the connection it belongs to.

Asked for every webhook, so what is found is remembered by the process for a few seconds. What
is *not* found is asked anew each time: a fresh connection takes its webhooks at once.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from channels_app.models import ChannelConnection
from channels_app.providers import CHANNELS
from channels_app.providers.base import ChannelProvider
from tenants import context
from tenants.models import WebhookRoute
from tenants.platform_apps import APP_KINDS, app_of, forget_apps

SECONDS = 5.0
MAX_KNOWN = 50_000
# Whose app signs a network's webhooks at the address that all companies share.
SIGNED_BY = {"messenger": "meta", "instagram": "meta", "whatsapp": "whatsapp"}


@dataclass(frozen=True, slots=True)
class Route:
    """Where the items of one account are kept."""

    schema: str
    connection_id: int
    account_id: str


@dataclass(frozen=True, slots=True)
class Address:
    """A webhook address: who verifies and splits, and whose it is (nobody's if shared)."""

    provider: ChannelProvider
    route: Route | None


_addresses: dict[tuple[str, str], tuple[float, Address]] = {}
_routes: dict[tuple[str, str], tuple[float, Route]] = {}


def forget_routes() -> None:
    """Look everything up anew."""
    _addresses.clear()
    _routes.clear()
    forget_apps()


def address(*, platform: str, token: str) -> Address | None:
    """The address a webhook was sent to; ``token`` is empty for the platform's shared one."""
    if platform not in CHANNELS or not token.isprintable():
        return None
    now = time.monotonic()
    known = _addresses.get((platform, token))
    if known is not None and now - known[0] < SECONDS:
        return known[1]
    found = _own_address(platform, token) if token else _shared_address(platform)
    if found is not None:
        _make_room(_addresses)
        _addresses[platform, token] = (now, found)
    return found


def routes(*, platform: str, account_ids: Iterable[str]) -> dict[str, Route]:
    """Account -> its connection, for those accounts that somebody has shown to be theirs."""
    now = time.monotonic()
    found: dict[str, Route] = {}
    asked: list[str] = []
    for account_id in account_ids:
        known = _routes.get((platform, account_id))
        if known is not None and now - known[0] < SECONDS:
            found[account_id] = known[1]
        else:
            asked.append(account_id)
    if asked:
        rows = WebhookRoute.objects.filter(
            platform=platform, account_id__in=asked, is_active=True, is_verified=True
        ).values_list("account_id", "company__schema_name", "connection_id")
        _make_room(_routes)
        for account_id, schema, connection_id in rows:
            found[account_id] = Route(schema, connection_id, account_id)
            _routes[platform, account_id] = (now, found[account_id])
    return found


def _own_address(platform: str, token: str) -> Address | None:
    row = (
        WebhookRoute.objects.filter(platform=platform, token=token, is_active=True)
        .values_list("company__schema_name", "connection_id", "account_id")
        .first()
    )
    if row is None:
        return None
    route = Route(*row)
    context.enter(route.schema)
    try:
        connection = ChannelConnection.objects.filter(pk=route.connection_id).first()
        return Address(connection.provider(), route) if connection else None
    finally:
        context.leave()


def _shared_address(platform: str) -> Address | None:
    if not CHANNELS.get(platform).has_shared_address:
        return None
    app = app_of(SIGNED_BY.get(platform, platform))
    config = {
        "app_secret": app.secret,
        "verify_token": app.verify_token,
        "app_id": app.app_id,
        # Webhooks of accounts that signed in at Instagram are signed by the app they have there.
        "second_secret": app_of("instagram").secret if platform == "instagram" else "",
    }
    return Address(CHANNELS.get(platform)(config), None)


def shared_secret(platform: str) -> str:
    """What our own app there signs the webhooks of all companies with; empty if we have none."""
    kind = SIGNED_BY.get(platform, platform)
    return app_of(kind).secret if kind in APP_KINDS else ""


def _make_room(known: dict) -> None:
    if len(known) >= MAX_KNOWN:
        known.clear()

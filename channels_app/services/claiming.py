"""Which accounts' webhooks reach a connection: those it names now, and no others."""

from typing import Any

from channels_app.models import ChannelConnection
from channels_app.services.ringing import ring
from tenants import context
from tenants.models import WebhookRoute


def claim_routes(*, connection: ChannelConnection, vouched: bool = False) -> WebhookRoute:
    """Make its routes what its settings say; returns the one of the account itself.

    ``vouched``: the operator knows that the accounts are the company's. Raises IntegrityError
    where another company holds one.
    """
    ours: dict[str, Any] = {"platform": connection.platform, "company": context.current_company()}
    known: dict[str, Any] = {"connection_id": connection.pk, "is_active": True}
    if vouched:
        known["is_verified"] = True
    # A sandbox is nothing but itself, whatever is typed into it.
    others = () if connection.is_sandbox else connection.provider().also_known_as()
    _let_go(connection, keep=(connection.account_id, *others))
    for account_id in others:
        WebhookRoute.objects.update_or_create(**ours, account_id=account_id, defaults=known)
    route, _ = WebhookRoute.objects.update_or_create(
        **ours, account_id=connection.account_id, defaults=known
    )
    return route


def give_up_routes(*, connection: ChannelConnection) -> None:
    """Nothing reaches it any more."""
    _let_go(connection, keep=())


def _let_go(connection: ChannelConnection, *, keep: tuple[str, ...]) -> None:
    """An account it names no longer is another company's to claim, or another connection's here.

    What showed that it was ours was this connection's key: the next one shows it anew.
    """
    routes = WebhookRoute.objects.filter(
        company=context.current_company(),
        platform=connection.platform,  # others count their connections for themselves
        connection_id=connection.pk,
    ).exclude(account_id__in=keep)
    for route in routes:
        heir = _heir(connection, route.account_id)
        if heir is None:
            route.delete()
            continue
        route.connection_id, route.is_verified = heir.pk, False
        route.save(update_fields=["connection_id", "is_verified"])
        ring("subscribe_connection", heir.pk)


def _heir(connection: ChannelConnection, account_id: str) -> ChannelConnection | None:
    """Another one of ours that goes by the same name: two numbers of one business account."""
    others = ChannelConnection.objects.filter(
        platform=connection.platform, is_active=True, is_sandbox=False
    )
    return next(
        (
            each
            for each in others.exclude(pk=connection.pk).order_by("pk")
            if account_id in each.provider().also_known_as()
        ),
        None,
    )

"""Asking a network whose account this is, and telling it where its webhooks go."""

import logging

from channels_app.models import ChannelConnection
from channels_app.providers.base import ChannelProvider
from channels_app.services.consequences import set_health
from channels_app.services.intake import take_in_unrouted
from channels_app.sign_ins import SIGN_INS
from tenants import context
from tenants.models import WebhookRoute
from tenants.platform_apps import app_of
from tenants.plugins.errors import CredentialsRejected, ProviderError

logger = logging.getLogger(__name__)
Health = ChannelConnection.Health


def prove_ownership(*, connection: ChannelConnection) -> bool:
    """Let the company's own key show which accounts are theirs; shared webhooks then reach them.

    Without this, whoever types a stranger's page id first would read what is written to it.
    True if anything was shown that was not known.
    """
    provider = connection.provider()
    if not connection.is_active or not provider.has_shared_address:
        return False
    if connection.is_sandbox:  # what stands in for its network says yes to any account
        return False
    unproven = WebhookRoute.objects.filter(
        platform=connection.platform,
        company=context.current_company(),
        connection_id=connection.pk,
        is_verified=False,
    )
    proven = [route.pk for route in unproven if _owns(provider, connection, route.account_id)]
    if not proven:
        return False
    WebhookRoute.objects.filter(pk__in=proven).update(is_verified=True)
    take_in_unrouted(connection=connection)
    return True


def _owns(provider: ChannelProvider, connection: ChannelConnection, account_id: str) -> bool:
    try:
        return provider.owns(account_id)
    except ProviderError as error:
        logger.info("connection %s: %s is not proven: %s", connection.pk, account_id, error)
        return False


def subscribe(*, connection: ChannelConnection) -> bool:
    """Have the network send its webhooks to this connection's address; False if it was not us.

    What it refuses is shown beside the channel: nothing would ever come in.
    """
    if not connection.is_active or not connection.called_at:
        return False
    try:
        return connection.provider().subscribe(connection.called_at)
    except CredentialsRejected as error:
        set_health(connection=connection, health=Health.RECONNECT, text=str(error))
    except ProviderError as error:
        text = f"The network did not take our webhook address: {error}"
        set_health(connection=connection, health=Health.TROUBLE, text=text)
    return False


def unsubscribe(*, connection: ChannelConnection) -> bool:
    """Ask for no more webhooks, while we still hold the key; a refusal keeps nobody from going."""
    try:
        return connection.provider().unsubscribe()
    except ProviderError as error:
        logger.info("connection %s could not be unsubscribed: %s", connection.pk, error)
        return False


def give_access_back(*, connection: ChannelConnection) -> bool:
    """Tell the network that we need its tokens no more; a refusal keeps nobody from going."""
    if connection.signed_in_by not in SIGN_INS:
        return False
    kind = SIGN_INS.get(connection.signed_in_by)
    try:
        return kind(app_of(kind.app)).revoke(connection.config)
    except ProviderError as error:
        logger.info("access of connection %s was not given back: %s", connection.pk, error)
        return False

"""Asking a network whose account this is, and telling it where its webhooks go."""

import logging

from channels_app.models import ChannelConnection
from channels_app.services.consequences import set_health
from channels_app.services.intake import is_verified, take_in_unrouted
from tenants import context
from tenants.models import WebhookRoute
from tenants.plugins.errors import CredentialsRejected, ProviderError

logger = logging.getLogger(__name__)
Health = ChannelConnection.Health


def prove_ownership(*, connection: ChannelConnection) -> bool:
    """Let the company's own key show that the account is theirs; shared webhooks then reach it.

    Without this, whoever types a stranger's page id first would read what is written to it.
    """
    provider = connection.provider()
    if not connection.is_active or not provider.has_shared_address or is_verified(connection):
        return False
    try:
        if not provider.owns_account():
            return False
    except ProviderError as error:
        logger.info("connection %s is not proven: %s", connection.pk, error)
        return False
    WebhookRoute.objects.filter(
        platform=connection.platform,
        company=context.current_company(),
        connection_id=connection.pk,
    ).update(is_verified=True)
    take_in_unrouted(connection=connection)
    return True


def subscribe(*, connection: ChannelConnection) -> bool:
    """Have the network send its webhooks to this connection's address; False if it was not us.

    What it refuses is shown beside the channel: nothing would ever come in.
    """
    if not connection.is_active or not connection.webhook_url:
        return False
    try:
        return connection.provider().subscribe(connection.webhook_url)
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

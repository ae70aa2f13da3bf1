"""Telling a network where its webhooks go, where its API allows us to."""

import logging

from channels_app.models import ChannelConnection
from channels_app.services.consequences import set_health
from tenants.plugins.errors import CredentialsRejected, ProviderError

logger = logging.getLogger(__name__)
Health = ChannelConnection.Health


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

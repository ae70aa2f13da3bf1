"""When notices leave."""

import dramatiq

from tenants.notices import services


@dramatiq.actor(queue_name="outgoing", max_retries=0)
def push_notices() -> None:
    """Tell browsers what is due; what a worker dies with is due again."""
    services.push_due()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def mail_notices() -> None:
    """Mail what stood unread long enough."""
    services.mail_due()

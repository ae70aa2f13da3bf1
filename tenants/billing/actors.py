"""When books are kept."""

import dramatiq

from tenants.billing import invoicing, standing


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def keep_books() -> None:
    """Compare the company's use with its limits, tell its admins, close months that are over."""
    standing.look()
    standing.mail_notices()
    invoicing.close_due_months()

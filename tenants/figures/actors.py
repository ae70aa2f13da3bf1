"""When days are counted."""

import dramatiq

from tenants.figures import rolling


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def roll_up_company() -> None:
    """Count what may have changed here since the last time."""
    rolling.roll_up()

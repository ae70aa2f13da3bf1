"""When sample data is loaded and removed."""

import dramatiq

from tenants.samples import services


@dramatiq.actor(queue_name="upkeep", max_retries=3)
def carry_on_with_samples() -> None:
    """Whatever is left of what somebody asked for."""
    services.carry_on()

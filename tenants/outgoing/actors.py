"""When addresses are told."""

import dramatiq

from tenants.outgoing import services

SOON = 600.0  # seconds; the sweeper rings what is due later


@dramatiq.actor(queue_name="outgoing", max_retries=0)
def deliver_events(endpoint_id: int) -> None:
    """Tell an address what it is to be told, and come again for the rest."""
    again = services.deliver_due(endpoint_id=endpoint_id)
    if again is not None and again < SOON:
        deliver_events.send_with_options(args=(endpoint_id,), delay=round(again * 1000) + 50)


@dramatiq.actor(queue_name="outgoing", max_retries=0)
def deliver_event(delivery_id: int) -> None:
    """Send one delivery that a person asked for."""
    endpoint_id = services.deliver_one(delivery_id=delivery_id)
    if endpoint_id is not None:
        deliver_events.send(endpoint_id)


@dramatiq.actor(queue_name="outgoing", max_retries=3)
def tell_of_endpoint(endpoint_id: int) -> None:
    """Tell the admins that an address was switched off."""
    services.tell_of_endpoint(endpoint_id=endpoint_id)

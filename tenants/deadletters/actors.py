"""When many letters are tried again."""

import dramatiq

from tenants.deadletters import deeds


@dramatiq.actor(queue_name="upkeep", max_retries=3)
def carry_out_order(order_id: int) -> None:
    """A slice of an order about dead letters, then the next."""
    if deeds.carry_on(order_id=order_id):
        carry_out_order.send(order_id)

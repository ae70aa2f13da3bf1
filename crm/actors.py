"""How leads travel to CRMs: everything due every few minutes, a hot one at once."""

import dramatiq

from crm import services
from crm.models import CrmConnection


@dramatiq.actor(queue_name="crm")
def push_due(connection_id: int) -> None:
    """A batch of what changed since the last one."""
    pushed = services.push_due(connection=CrmConnection.objects.get(pk=connection_id))
    if pushed.again_in is not None:
        push_due.send_with_options(args=(connection_id,), delay=int(pushed.again_in * 1000))


@dramatiq.actor(queue_name="crm")
def push_lead(connection_id: int, lead_id: int) -> None:
    """A hot lead, at once."""
    services.push_lead(connection=CrmConnection.objects.get(pk=connection_id), lead_id=lead_id)


@dramatiq.actor(queue_name="crm")
def push_everywhere() -> None:
    """The beat's stroke: every connection that can take something."""
    for connection_id in CrmConnection.objects.usable().values_list("pk", flat=True):
        push_due.send(connection_id)

"""How leads travel to CRMs, everything due every few minutes and a hot one at once; and how what
comes back is read."""

from contextlib import ExitStack

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
def pull_changes(connection_id: int) -> None:
    """What people have changed there since the last look."""
    services.pull_changes(connection=CrmConnection.objects.get(pk=connection_id))


@dramatiq.actor(queue_name="crm")
def line_up_next(backfill_id: int) -> None:
    """The next page of leads that were there before the CRM."""
    services.line_up_next(backfill_id=backfill_id)


@dramatiq.actor(queue_name="crm")
def push_everywhere() -> None:
    """The beat's stroke: every connection that can take something."""
    for connection_id in CrmConnection.objects.usable().values_list("pk", flat=True):
        push_due.send(connection_id)
        pull_changes.send(connection_id)


@dramatiq.actor(queue_name="crm")
def read_hook_events(event_ids: str) -> None:
    """Events that a CRM, a calendar or telephony brought, in their order."""
    with ExitStack() as each:  # one that fails does not keep its siblings from being read
        for event_id in reversed(event_ids.split(",")):
            each.callback(services.read_hook_event, event_id=event_id)


@dramatiq.actor(queue_name="crm", max_retries=1)
def subscribe_hook(hook_id: int) -> None:
    """Have a vendor send its webhooks here, where its API lets us say so."""
    services.subscribe_hook(hook_id=hook_id)


# A call keeps its own patience in its row: nothing here is blindly tried again.
@dramatiq.actor(queue_name="crm", max_retries=0)
def place_call(call_id: int) -> None:
    """Ask the telephony for a call, once."""
    services.place_call(call_id=call_id)


@dramatiq.actor(queue_name="crm", max_retries=0)
def look_up_call(call_id: int) -> None:
    """Find out whether a call was placed whose answer was lost."""
    services.look_up_call(call_id=call_id)


@dramatiq.actor(queue_name="crm", max_retries=0)
def follow_call(call_id: int) -> None:
    """Ask how a call is of which no news came."""
    services.ring_hook_events(services.follow_call(call_id=call_id))


@dramatiq.actor(queue_name="crm", max_retries=1)
def identify_hook(hook_id: int) -> None:
    """Whose account a hook is about, where the vendor has one address for all."""
    services.identify_hook(hook_id=hook_id)

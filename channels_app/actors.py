"""A message's way in, and its way out."""

from contextlib import ExitStack

import dramatiq

from channels_app import services
from channels_app.models import ChannelConnection


@dramatiq.actor(queue_name="ingest")
def ingest_event(event_id: str) -> None:
    """One item of a webhook, from its raw bytes to whatever it means."""
    services.ingest(event_id=event_id)


@dramatiq.actor(queue_name="ingest")
def ingest_events(event_ids: str) -> None:
    """A slice of a big batch: one message in the queue instead of many."""
    with ExitStack() as each:  # one that fails does not keep its siblings from being read
        for event_id in reversed(event_ids.split(",")):
            each.callback(services.ingest, event_id=event_id)


@dramatiq.actor(queue_name="delivery", max_retries=0)
def acknowledge_event(event_id: str) -> None:
    """Answer a tapped button to its network."""
    services.acknowledge(event_id=event_id)


@dramatiq.actor(queue_name="ingest", max_retries=0)
def poll_connection(connection_id: int) -> None:
    """Look for news at a network that does not bring them, until there are none."""
    if services.poll(connection_id=connection_id):
        poll_connection.send(connection_id)


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def renew_connection(connection_id: int) -> None:
    """Make our access last, before it ends."""
    services.renew(connection_id=connection_id)


@dramatiq.actor(queue_name="upkeep", max_retries=3)
def subscribe_connection(connection_id: int) -> None:
    """Ask the network whose account this is, and tell it where its webhooks go."""
    connection = ChannelConnection.objects.get(pk=connection_id)
    services.prove_ownership(connection=connection)
    services.subscribe(connection=connection)
    services.refresh_templates(connection=connection)


@dramatiq.actor(queue_name="upkeep", max_retries=1)
def examine_connection(checkup_id: int) -> None:
    """The doctor looks at a connection."""
    services.examine(checkup_id=checkup_id)


@dramatiq.actor(queue_name="upkeep", max_retries=2)
def tell_of_findings(connection_id: int) -> None:
    """Mail the admins what the doctor found and has not told."""
    services.tell_of_findings(connection_id=connection_id)


@dramatiq.actor(queue_name="upkeep", max_retries=1)
def compare_people() -> None:
    """Whoever a network vouches for as somebody we know becomes one with them."""
    services.compare_people()


@dramatiq.actor(queue_name="upkeep", max_retries=1)
def set_timers() -> None:
    """What is promised, or when people are there, is something else now."""
    services.wind_all_anew()


@dramatiq.actor(queue_name="upkeep", max_retries=1)
def tend_conversation(conversation_id: int) -> None:
    """A person is needed there."""
    services.tend(conversation_id=conversation_id)


@dramatiq.actor(queue_name="upkeep", max_retries=1)
def give_out() -> None:
    """Somebody has room."""
    services.give_out()


# Its own patience (next_attempt_at) is kept in the row; nothing is blindly tried again.
@dramatiq.actor(queue_name="delivery")
def deliver_message(message_id: int) -> None:
    """Hand a message to its platform, then ring whoever waits behind it."""
    following = services.deliver(message_id=message_id)
    if following is not None:
        deliver_message.send_with_options(
            args=(following.message_id,), delay=int(following.delay * 1000) or None
        )

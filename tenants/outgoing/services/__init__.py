"""What can be done with a company's own webhooks."""

from tenants.outgoing.services.announcing import announce
from tenants.outgoing.services.delivering import deliver_due, deliver_one
from tenants.outgoing.services.endpoints import (
    LONGEST_OVERLAP,
    add_endpoint,
    change_endpoint,
    pause_endpoint,
    remove_endpoint,
    resume_endpoint,
    rotate_secret,
)
from tenants.outgoing.services.replaying import (
    discard_dead,
    replay_dead,
    replay_delivery,
    replay_failed,
    send_test,
)
from tenants.outgoing.services.telling import tell_of_endpoint
from tenants.outgoing.services.upkeep import prune_events, sweep
from tenants.outgoing.services.wanted import is_wanted

__all__ = [
    "LONGEST_OVERLAP",
    "add_endpoint",
    "announce",
    "change_endpoint",
    "deliver_due",
    "deliver_one",
    "discard_dead",
    "is_wanted",
    "pause_endpoint",
    "prune_events",
    "remove_endpoint",
    "replay_dead",
    "replay_delivery",
    "replay_failed",
    "resume_endpoint",
    "rotate_secret",
    "send_test",
    "sweep",
    "tell_of_endpoint",
]

"""What was committed in this company and never finished, on both ways."""

from crm.services.backfilling import ring_backfills
from crm.services.calling import ring_calls
from crm.services.hook_telling import tell_of_silent_hooks
from crm.services.hooking import ring_unidentified
from crm.services.marking import sweep_records
from crm.services.reading import ring_received
from crm.services.signing_in import forget_old_attempts
from crm.services.subscribing import ring_unchecked
from crm.services.telling import tell_of_ends
from crm.services.timeline import match_timeline


def sweep() -> dict[str, int]:
    """Ring it again; returns how many of each."""
    forget_old_attempts()  # a half-way sign-in keeps its secrets no longer than it must
    return {
        **sweep_records(),
        "hook_events": ring_received(),
        "hooks": ring_unidentified(),
        "subscriptions": ring_unchecked(),
        "calls": ring_calls(),
        "backfills": ring_backfills(),
        "matched": match_timeline(),
        "told": tell_of_ends() + tell_of_silent_hooks(),
    }

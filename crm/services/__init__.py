"""Keeping the company's CRMs in step with its leads, and hearing what comes back from outside."""

from crm.services.backfilling import cancel_backfill, line_up_next, start_backfill
from crm.services.calling import (
    CallRefused,
    ask_for_call,
    follow_call,
    look_up_call,
    may_call,
    place_call,
    telephony,
)
from crm.services.cards import told_of
from crm.services.choosing import change_mapping, chosen_rows, properties_of
from crm.services.connections import connect, made_secrets, reconnect
from crm.services.deciding import decide_conflict
from crm.services.hook_routes import HookAddress, HookRoute, hook_address, hook_routes
from crm.services.hook_telling import first_silent, tell_of_silent_hooks
from crm.services.hooking import (
    change_hook,
    checked_config,
    close_hook,
    identify_hook,
    made_hook_secrets,
    open_hook,
)
from crm.services.keeping import keep_events, keep_strays
from crm.services.marking import (
    discard_dead,
    mark_dirty,
    resend,
    retry_dead,
    retry_dead_ones,
)
from crm.services.pulling import pull_changes
from crm.services.pushing import Pushed, push_due, push_lead
from crm.services.reading import (
    discard_dead_ones,
    prune_hook_events,
    read_hook_event,
    replay_dead_ones,
    replay_hook_events,
)
from crm.services.rehearsing import rehearse
from crm.services.ringing import ring_hook_events
from crm.services.signing_in import available_ways
from crm.services.subscribing import subscribe_hook
from crm.services.sweeping import sweep
from crm.services.telling import tell_of_ends
from crm.services.timeline import match_timeline

__all__ = [
    "CallRefused",
    "HookAddress",
    "HookRoute",
    "Pushed",
    "ask_for_call",
    "available_ways",
    "cancel_backfill",
    "change_hook",
    "change_mapping",
    "checked_config",
    "chosen_rows",
    "close_hook",
    "connect",
    "decide_conflict",
    "discard_dead",
    "discard_dead_ones",
    "first_silent",
    "follow_call",
    "hook_address",
    "hook_routes",
    "identify_hook",
    "keep_events",
    "keep_strays",
    "line_up_next",
    "look_up_call",
    "made_hook_secrets",
    "made_secrets",
    "mark_dirty",
    "match_timeline",
    "may_call",
    "open_hook",
    "place_call",
    "properties_of",
    "prune_hook_events",
    "pull_changes",
    "push_due",
    "push_lead",
    "read_hook_event",
    "reconnect",
    "rehearse",
    "replay_dead_ones",
    "replay_hook_events",
    "resend",
    "retry_dead",
    "retry_dead_ones",
    "ring_hook_events",
    "start_backfill",
    "subscribe_hook",
    "sweep",
    "telephony",
    "tell_of_ends",
    "tell_of_silent_hooks",
    "told_of",
]

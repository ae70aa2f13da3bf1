"""What can be done with channels, conversations and messages."""

from channels_app.services.alarms import mail_digest
from channels_app.services.answering import Answer, hide
from channels_app.services.approval import await_approval, end_approval
from channels_app.services.connections import (
    adjust,
    configure,
    connect,
    disconnect,
    fresh_config,
    webhook_url,
)
from channels_app.services.consent import opt_in, opt_out, refuses_calls
from channels_app.services.conversations import (
    add_note,
    assign,
    begin_writing,
    close,
    hand_back,
    hand_over,
    history,
    mark_read,
    reopen,
    take_over,
)
from channels_app.services.dealing import give_out
from channels_app.services.delivery import Next, deliver
from channels_app.services.doctor import (
    ask_for_checkup,
    examine,
    examine_now,
    examine_without_workers,
    ring_due_checkups,
    settle_overdue,
)
from channels_app.services.events import acknowledge, replay
from channels_app.services.followers import Merging, Parting
from channels_app.services.followers import follow as follow_merges
from channels_app.services.inbound import ingest
from channels_app.services.incidents import prune_incidents
from channels_app.services.inquiries import take_inquiry
from channels_app.services.intake import (
    came_lately,
    store,
    store_strays,
    take_in_unrouted,
)
from channels_app.services.joining import compare_people, join_the_sure
from channels_app.services.merging import MergeRefused, merge, undo
from channels_app.services.outgoing import SendRefused, StaleTurn, ask_policy
from channels_app.services.polling import poll, ring_due_polls, start_polling
from channels_app.services.resending import WITHDRAWN
from channels_app.services.ringing import ring_events
from channels_app.services.sandboxes import is_real
from channels_app.services.silence import Explanation, explains_silence, let_rest
from channels_app.services.silence import watch as watch_silence
from channels_app.services.subscriptions import prove_ownership, subscribe, unsubscribe
from channels_app.services.suggesting import (
    claimed,
    compare_new_identities,
    dismiss,
    evidence_between,
    open_suggestions,
    proven_contact,
    suggest_likely,
)
from channels_app.services.telling import tell_of_findings
from channels_app.services.templates import refresh_templates, sync_templates
from channels_app.services.tending import tend
from channels_app.services.tokens import renew, renew_soon, ring_due_renewals, watch_token
from channels_app.services.typing import show_typing
from channels_app.services.upkeep import sweep
from channels_app.services.winding import wind_all_anew

__all__ = [
    "WITHDRAWN",
    "Answer",
    "Explanation",
    "MergeRefused",
    "Merging",
    "Next",
    "Parting",
    "SendRefused",
    "StaleTurn",
    "acknowledge",
    "add_note",
    "adjust",
    "ask_for_checkup",
    "ask_policy",
    "assign",
    "await_approval",
    "begin_writing",
    "came_lately",
    "claimed",
    "close",
    "compare_new_identities",
    "compare_people",
    "configure",
    "connect",
    "deliver",
    "disconnect",
    "dismiss",
    "end_approval",
    "evidence_between",
    "examine",
    "examine_now",
    "examine_without_workers",
    "explains_silence",
    "follow_merges",
    "fresh_config",
    "give_out",
    "hand_back",
    "hand_over",
    "hide",
    "history",
    "ingest",
    "is_real",
    "join_the_sure",
    "let_rest",
    "mail_digest",
    "mark_read",
    "merge",
    "open_suggestions",
    "opt_in",
    "opt_out",
    "poll",
    "prove_ownership",
    "proven_contact",
    "prune_incidents",
    "refresh_templates",
    "refuses_calls",
    "renew",
    "renew_soon",
    "reopen",
    "replay",
    "ring_due_checkups",
    "ring_due_polls",
    "ring_due_renewals",
    "ring_events",
    "settle_overdue",
    "show_typing",
    "start_polling",
    "store",
    "store_strays",
    "subscribe",
    "suggest_likely",
    "sweep",
    "sync_templates",
    "take_in_unrouted",
    "take_inquiry",
    "take_over",
    "tell_of_findings",
    "tend",
    "undo",
    "unsubscribe",
    "watch_silence",
    "watch_token",
    "webhook_url",
    "wind_all_anew",
]

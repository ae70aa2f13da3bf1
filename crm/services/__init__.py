"""Keeping the company's CRMs in step with its leads."""

from crm.services.connections import backfill, connect, made_secrets, reconnect
from crm.services.marking import discard_dead, mark_dirty, retry_dead, retry_dead_ones, sweep
from crm.services.pushing import Pushed, push_due, push_lead, told_of

__all__ = [
    "Pushed",
    "backfill",
    "connect",
    "discard_dead",
    "made_secrets",
    "mark_dirty",
    "push_due",
    "push_lead",
    "reconnect",
    "retry_dead",
    "retry_dead_ones",
    "sweep",
    "told_of",
]

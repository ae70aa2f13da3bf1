"""Keeping the company's CRMs in step with its leads."""

from crm.services.connections import backfill, connect, made_secrets, reconnect
from crm.services.marking import mark_dirty, retry_dead, sweep
from crm.services.pushing import Pushed, push_due, push_lead

__all__ = [
    "Pushed",
    "backfill",
    "connect",
    "made_secrets",
    "mark_dirty",
    "push_due",
    "push_lead",
    "reconnect",
    "retry_dead",
    "sweep",
]

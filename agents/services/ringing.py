"""Putting a run, a draft or a replay on its queue."""

from functools import partial

from django.db import transaction

from tenants.ringing import ring_now


def ring(run_id: int, *, delay_seconds: float = 0.0) -> None:
    """Have ``think`` take the run up once the current transaction is committed."""
    transaction.on_commit(
        partial(ring_now, "thinking", "think", run_id, delay_seconds=delay_seconds)
    )


def ring_draft(draft_id: int, *, delay_seconds: float = 0.0) -> None:
    """Have ``send_draft`` look at a scheduled reply, once committed, when its time has come."""
    transaction.on_commit(
        partial(ring_now, "thinking", "send_draft", draft_id, delay_seconds=delay_seconds)
    )


def ring_replay(replay_id: int) -> None:
    """Have ``replay`` go on with a trial, once committed; it waits behind no customer."""
    transaction.on_commit(partial(ring_now, "upkeep", "replay", replay_id))

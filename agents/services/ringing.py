"""Putting a run on the thinking queue.

By the actor's name: its module imports the services, so they cannot import it.
"""

from functools import partial

import dramatiq
from django.db import transaction


def ring(run_id: int, *, delay_seconds: float = 0.0) -> None:
    """Have ``think`` take the run up once the current transaction is committed."""
    transaction.on_commit(partial(_ring, run_id, delay_seconds))


def _ring(run_id: int, delay_seconds: float) -> None:
    dramatiq.get_broker().get_actor("think").send_with_options(
        args=(run_id,), delay=round(delay_seconds * 1000) or None
    )

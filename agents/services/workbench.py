"""What the playground costs is accounted for; nothing else of it is kept."""

from dataclasses import replace

from django.db import transaction

from agents.services.rehearsing import Rehearsal
from agents.services.thought import store_calls
from tenants.workspace.services import record_usage


@transaction.atomic
def account_for(rehearsal: Rehearsal) -> None:
    """Write down the model calls, as the playground's own."""
    calls = [replace(call, task="playground") for call in rehearsal.thought.calls]
    if calls:
        store_calls(calls, run=None)
        record_usage(tokens=rehearsal.tokens, cost=rehearsal.cost, playground=rehearsal.cost)

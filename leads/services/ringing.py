"""Telling a worker that leads wait to be judged anew; they wait behind no customer."""

from functools import partial

from django.db import transaction

from tenants.ringing import ring_now


def ring_preview(rule_set_id: int, after: int) -> None:
    """Have the next batch of a preview judged, once committed."""
    transaction.on_commit(partial(ring_now, "upkeep", "preview_rules", rule_set_id, after))


def ring_rescoring() -> None:
    """Have the next batch of leads judged by the set in force, once committed."""
    transaction.on_commit(partial(ring_now, "upkeep", "rescore_leads"))

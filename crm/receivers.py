"""What crm hears from the floor below."""

from typing import Any

from django.dispatch import receiver

from channels_app.services import follow_merges
from crm.services import mark_dirty, merging
from crm.services.ringing import ring
from leads.models import Lead
from leads.signals import lead_changed


@receiver(lead_changed)
def follow(sender: type[Lead], lead: Lead, became_hot: bool, **kwargs: Any) -> None:
    """Every change waits for the next batch; a lead that has just become hot does not."""
    connections = mark_dirty(leads=[lead])
    if became_hot:
        for connection_id in connections:
            ring("push_lead", connection_id, lead.pk)


# After leads, whose rows say which of the two is kept up.
follow_merges("crm", order=20, merged=merging.merged, parted=merging.parted)

"""What is finished, and of no use to anybody after a while, goes: the beat asks once a night."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

import channels_app.services
import crm.services
import tenants.deadletters.deeds
import tenants.notices.services
import tenants.outgoing.services


def prune() -> dict[str, int]:
    """Let go of what ended long ago in the company whose schema this is; says how much."""
    before = timezone.now() - timedelta(days=settings.FINISHED_KEPT_DAYS)
    return {
        "incidents": channels_app.services.prune_incidents(before=before),
        "orders": tenants.deadletters.deeds.prune_orders(before=before),
        "webhook_events": tenants.outgoing.services.prune_events(before=before),
        "notices": tenants.notices.services.prune_notices(before=before),
        "hook_events": crm.services.prune_hook_events(before=before),
    }

"""What was committed and never finished, in every app of one company, is rung again."""

import agents.services
import channels_app.services
import crm.services
import knowledge.services
import leads.services
import tenants.deadletters.deeds
import tenants.notices.services
import tenants.outgoing.services
import tenants.samples.services
from tenants.api.idempotency import forget_old_answers
from tenants.models import Company

Swept = dict[str, dict[str, int]]


def sweep() -> Swept:
    """Ring again in the company whose schema this is; says what, by app."""
    return {
        "channels": channels_app.services.sweep(),
        "agents": agents.services.sweep(),
        "leads": leads.services.sweep(),
        "crm": crm.services.sweep(),
        "knowledge": knowledge.services.sweep(),
        "webhooks": tenants.outgoing.services.sweep(),
        "notices": tenants.notices.services.sweep(),
        "dead_letters": tenants.deadletters.deeds.sweep(),
        "samples": tenants.samples.services.sweep(),
        "api": {"forgotten_answers": forget_old_answers()},
    }


def swept_companies() -> list[Company]:
    """Whose work goes on; the queue's lanes keep one company's backlog from the others."""
    return list(Company.objects.filter(is_suspended=False).order_by("pk"))

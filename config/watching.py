"""Looking for customers whom nobody answered in time, with or without workers."""

import logging

import channels_app.services
from config import sweeping
from tenants import context
from tenants.broker import workers_seen

logger = logging.getLogger(__name__)


def watch() -> dict[str, int]:
    """One look at the company whose schema this is, and a mail to its admins if there is need."""
    found = channels_app.services.watch_silence()
    return {**found, "mailed": channels_app.services.mail_digest()}


def watch_for_the_workers() -> bool:
    """Where no worker shows itself, the clock looks for itself; says whether it had to."""
    if workers_seen():
        return False
    logger.error("no worker has asked for work in the last minute")
    try:
        for company in sweeping.swept_companies():
            with context.inside(company):
                watch()
                channels_app.services.examine_without_workers()
    finally:
        context.release()
    return True

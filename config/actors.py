"""What the clock starts (``tasks`` says when): one message a company, each in its own lane."""

import dramatiq

import channels_app.services
from channels_app.media.upkeep import clear_erased_companies
from config import pruning, sweeping, watching
from tenants import context
from tenants.operators.closing import being_erased, finish_erasure
from tenants.operators.vitals import take_vitals


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def sweep_companies() -> None:
    """Ring the sweep of every company, each in its own lane."""
    for company in sweeping.swept_companies():
        with context.inside(company):
            sweep_company.send()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def sweep_company() -> None:
    """Ring again what was committed here and never finished."""
    sweeping.sweep()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def poll_companies() -> None:
    """Ring the looking for news of every company."""
    for company in sweeping.swept_companies():
        with context.inside(company):
            poll_company.send()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def poll_company() -> None:
    """Ring the connections that are to be looked at, or whose access is to be renewed."""
    channels_app.services.ring_due_polls()
    channels_app.services.ring_due_renewals()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def examine_companies() -> None:
    """Ring the look at the channels of every company; each channel has its minute of the night."""
    for company in sweeping.swept_companies():
        with context.inside(company):
            examine_company.send()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def examine_company() -> None:
    """Ring the look at the connections whose minute has come."""
    channels_app.services.ring_due_checkups()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def watch_companies() -> None:
    """Ring the look for customers left alone, in every company."""
    for company in sweeping.swept_companies():
        with context.inside(company):
            watch_company.send()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def watch_company() -> None:
    """Find customers whom nobody answered in time here, and tell the admins."""
    watching.watch()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def count_companies() -> None:
    """Ring the counting of every company's figures, and the keeping of its books."""
    for company in sweeping.swept_companies():
        with context.inside(company):
            dramatiq.get_broker().get_actor("roll_up_company").send()
            dramatiq.get_broker().get_actor("keep_books").send()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def push_companies() -> None:
    """Ring the push to the CRMs of every company."""
    for company in sweeping.swept_companies():
        with context.inside(company):
            # By its name: crm's actors are behind crm's front door.
            dramatiq.get_broker().get_actor("push_everywhere").send()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def take_vitals_of_companies() -> None:
    """Ring the measuring of every company, for the operator's overview."""
    for company in sweeping.swept_companies():
        with context.inside(company):
            take_vitals_of_company.send()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def take_vitals_of_company() -> None:
    """Measure how this company is doing."""
    take_vitals()


@dramatiq.actor(queue_name="upkeep", max_retries=3)
def erase_companies() -> None:
    """Clear away those whose keys were destroyed: their files, and then everything else."""
    clear_erased_companies()
    for company in being_erased():
        finish_erasure(company)


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def prune_companies() -> None:
    """Ring the letting go of every company, and clear up after those that are no more."""
    clear_erased_companies()
    for company in sweeping.swept_companies():
        with context.inside(company):
            prune_company.send()


@dramatiq.actor(queue_name="upkeep", max_retries=0)
def prune_company() -> None:
    """Let go of what ended long ago here."""
    pruning.prune()

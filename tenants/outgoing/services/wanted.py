"""Whether anybody wants to be told, without asking the database."""

from collections.abc import Collection

from tenants import context, hosts
from tenants.models import Company
from tenants.outgoing.events import TEST
from tenants.outgoing.models import Endpoint


def is_wanted(name: str) -> bool:
    """Whether some address of this company is to be told of such events.

    As the company's row says it, which every request and job brings along: a subscription is seen
    everywhere after a few seconds.
    """
    return name in wanted()


def wanted() -> Collection[str]:
    here = getattr(context.connection.tenant, "webhook_events", None)
    if here is None:  # a schema was entered by its name
        company = context.company_of_schema(context.schema())
        here = company.webhook_events if company else ()
    asked: Collection[str] = here
    return asked


def note_wanted() -> None:
    """Write into the company's row what its addresses ask for, in the same transaction."""
    company = context.current_company()
    # One after the other, else two who change different addresses forget each other's.
    Company.objects.select_for_update(no_key=True).filter(pk=company.pk).values_list("pk").get()
    asked: set[str] = set()
    for events in Endpoint.objects.values_list("events", flat=True):
        asked.update(events)
    company.webhook_events = sorted(asked - {TEST})
    Company.objects.filter(pk=company.pk).update(webhook_events=company.webhook_events)
    hosts.forget_hosts()

"""Host name -> company, remembered for a few seconds by each process."""

import time

from tenants import context
from tenants.models import Company, Domain

SECONDS = 5.0
MAX_HOSTS = 10_000

_known: dict[str, tuple[float, Company | None]] = {}


def company_of_host(host: str) -> Company | None:
    """The company living at this host. A change is seen by every process within seconds."""
    now = time.monotonic()
    seen = _known.get(host)
    if seen is not None and now - seen[0] < SECONDS:
        return seen[1]
    domain = Domain.objects.select_related("tenant").filter(domain=host).first()
    company = domain.tenant if domain else None
    if len(_known) >= MAX_HOSTS:  # strangers' host names must not fill the memory
        _known.clear()
    _known[host] = (now, company)
    return company


def forget_hosts() -> None:
    """Look every host and company up anew."""
    _known.clear()
    context.forget_companies()

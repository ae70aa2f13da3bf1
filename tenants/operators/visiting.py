"""A visit: an operator sees a company as one of its members sees it, for an hour at most.

The company reads in its own audit log who came, as whom and why, and every deed done on a visit
names the operator (``tenants.audit.acting``). What is the member's own stays closed: password,
second factor, addresses, keys (``KEPT_OUT``).
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest

from tenants import context, handover
from tenants.accounts.models import User
from tenants.audit.services import record
from tenants.models import Company, Domain

LASTS = timedelta(hours=1)
REASON = 300  # characters
SESSION = "visit"
# Behind these stands what only the member may change, and ways in that would outlast the visit.
KEPT_OUT = (
    *("/accounts/", "/keys/", "/team/", "/settings/sign-in/"),
    "/password_change/",
    *("/api/v1/api-keys/", "/api/v1/tokens/", "/api/v1/users/"),
)
WAY_OUT = "/accounts/logout/"


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is here, as the session keeps it. ``ends_at`` is ISO 8601, UTC."""

    operator: str
    name: str
    reason: str
    ends_at: str

    @property
    def until(self) -> datetime:
        return datetime.fromisoformat(self.ends_at)

    @property
    def is_over(self) -> bool:
        return self.until <= datetime.now(UTC)


def visit_url(*, company: Company, member: User, operator: User, reason: str) -> str:
    """An address that lets the operator in once, within a minute; recorded on both sides.

    Called in the public schema with a member that was read inside the company's.
    """
    host = Domain.objects.get(tenant=company, is_primary=True).domain
    details = {"member": member.pk, "reason": reason[:REASON]}
    subject = f"company:{company.schema_name}"
    record(action="company.visited", subject=subject, actor=operator.actor, details=details)
    visit = Visit(
        operator=f"operator:{operator.pk}",
        name=operator.get_full_name(),
        reason=reason[:REASON],
        ends_at=(datetime.now(UTC) + LASTS).isoformat(),
    )
    with context.inside(company):
        details = {"as": member.pk, "reason": visit.reason}
        record(
            action="support.visited",
            subject=f"user:{member.pk}",
            actor=visit.operator,
            details=details,
        )
    return handover.handover_url(company=company, domain=host, user=member, visit=asdict(visit))


def begin_visit(request: HttpRequest, visit: dict[str, Any]) -> None:
    """Mark the session that was just opened as a visit; it ends with it."""
    request.session[SESSION] = visit
    request.session.set_expiry(LASTS)


def visit_of(request: HttpRequest) -> Visit | None:
    """The visit that this request is part of, if any."""
    kept = request.session.get(SESSION)
    return Visit(**kept) if kept else None


def is_kept_out(path: str) -> bool:
    """Whether visitors may not go there."""
    return path.startswith(KEPT_OUT) and path != WAY_OUT

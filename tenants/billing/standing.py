"""Where the company stands against its limits: what is stopped, and who is told."""

import logging
import smtplib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tenants import context
from tenants.accounts.models import User
from tenants.accounts.roles import Role
from tenants.audit.services import record
from tenants.billing.models import CapNotice, OwnLimit
from tenants.billing.months import Month
from tenants.billing.reading import Used, used_in
from tenants.handover import host_url
from tenants.meters import METERS, STOPPABLE
from tenants.models import Company
from tenants.plans import Terms, terms_of
from tenants.workspace.models import Profile
from tenants.workspace.services import profile

logger = logging.getLogger(__name__)

LEVELS = (80, 100)  # per cent


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a meter is told of. ``stops``: the AI stops there; otherwise the rest is charged."""

    amount: Decimal
    stops: bool

    def level(self, used: Decimal) -> int:
        """The highest of the levels that is reached; 0: none."""
        return max(
            (level for level in LEVELS if used * 100 >= self.amount * level),
            default=0,
        )


def limits_of(terms: Terms, own: Mapping[str, Decimal]) -> dict[str, Limit]:
    """The nearest limit of each meter that has one: the company's, the plan's, what it holds."""
    found: dict[str, Limit] = {}
    for code in METERS:
        line = terms.lines.get(code)
        caps = [cap for cap in (own.get(code), line.hard_cap if line else None) if cap is not None]
        if caps and code in STOPPABLE:
            found[code] = Limit(min(caps), stops=True)
        elif line and line.included:
            found[code] = Limit(line.included, stops=False)
    return found


def own_limits() -> dict[str, Decimal]:
    """Where the company itself wants the AI to stop; for models it says so beside them."""
    limits = dict(OwnLimit.objects.values_list("meter", "amount"))
    for_models = profile().monthly_hard_cap
    return {**limits, "model_cost": for_models} if for_models is not None else limits


def look(company: Company | None = None) -> dict[str, Limit]:
    """Compare this month's use with its limits: stop what is to stop, note who must be told."""
    company = company or context.current_company()
    month = Month.now(company)
    limits = limits_of(terms_of(company, month.first), own_limits())
    levels = _levels(limits, used_in(company, month) if limits else {})
    for code, level in levels.items():
        for each in LEVELS:
            if each <= level:
                CapNotice.objects.get_or_create(
                    month=month.first,
                    meter=code,
                    level=each,
                    defaults={"limit": limits[code].amount},
                )
    allowance = allowance_of(month, limits, levels)
    if profile().allowance != allowance:
        Profile.current()
        Profile.objects.update(allowance=allowance)
    return limits


def allowance_of(
    month: Month, limits: Mapping[str, Limit], levels: Mapping[str, int]
) -> dict[str, Any]:
    """What every worker has at hand, with the profile; nothing where nothing is limited."""
    if not limits:
        return {}
    return {
        "month": month.name,
        "caps": {code: str(limit.amount) for code, limit in limits.items() if limit.stops},
        "levels": dict(levels),
    }


def _levels(limits: Mapping[str, Limit], used: Mapping[str, Used]) -> dict[str, int]:
    found = {code: limit.level(used[code].amount) for code, limit in limits.items()}
    return {code: level for code, level in found.items() if level}


@transaction.atomic
def change_own_limits(*, actor: str, limits: Mapping[str, Decimal | None]) -> None:
    """Set where the AI stops, by meter; None takes a limit away."""
    for code, amount in limits.items():
        if amount is None:
            OwnLimit.objects.filter(meter=code).delete()
        else:
            OwnLimit.objects.update_or_create(meter=code, defaults={"amount": amount})
    look()
    record(
        action="limits.changed",
        subject="limits",
        actor=actor,
        details={"meters": sorted(limits)},
    )


# -- telling


def mail_notices() -> int:
    """Mail the admins what they were not told yet, of each meter its highest level; how many."""
    company = context.current_company()
    month = Month.now(company)
    due = CapNotice.objects.filter(month=month.first, mailed_at=None)
    rows = list(due.order_by("meter", "level"))
    if not rows:
        return 0
    # Ours from here on: of two workers one tells it.
    mine = [row for row in rows if due.filter(pk=row.pk).update(mailed_at=timezone.now())]
    told = {row.meter: row for row in mine}
    if not told:
        return 0
    letters = [_letter(company, admin, list(told.values())) for admin in _admins()]
    context.release()
    try:
        get_connection().send_messages(letters)
    except (OSError, smtplib.SMTPException):
        logger.warning("limits that were reached were not mailed", exc_info=True)
        CapNotice.objects.filter(pk__in=[row.pk for row in mine]).update(mailed_at=None)
        return 0
    return len(told)


def _admins() -> list[User]:
    return list(User.objects.filter(role=Role.ADMIN, is_active=True))


def _letter(company: Company, admin: User, notices: list[CapNotice]) -> EmailMessage:
    link = host_url(company.get_primary_domain().domain) + reverse("billing:usage")
    with translation.override(admin.language or settings.LANGUAGE_CODE):
        subject = _("%(company)s: your plan's limits") % {"company": company.name}
        body = render_to_string(
            "billing/notice.txt",
            {
                "company": company.name,
                "notices": [
                    {"label": METERS[row.meter].label, "level": row.level, "limit": row.limit}
                    for row in notices
                ],
                "link": link,
            },
        )
    return EmailMessage(subject, body, None, [admin.email])

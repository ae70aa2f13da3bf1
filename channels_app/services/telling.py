"""Telling the admins by e-mail what the doctor found, each cause once."""

import logging
import smtplib

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from channels_app import notices
from channels_app.findings import Finding, Severity, of_json
from channels_app.models import ChannelConnection, OpenFinding
from tenants import context
from tenants.accounts.models import User
from tenants.accounts.roles import Role
from tenants.handover import host_url
from tenants.models import Domain

logger = logging.getLogger(__name__)

# Warnings that somebody must act on before a day comes; the others are seen on the page.
URGENT = frozenset({"token_ends", "data_access_ends", "number_quality"})


def tell_of_findings(*, connection_id: int) -> int:
    """Mail what was not told yet; return to how many people. Safe to call at any time."""
    connection = ChannelConnection.objects.get(pk=connection_id)
    untold = [
        row
        for row in connection.open_findings.filter(told_at__isnull=True)
        if row.severity == Severity.BAD or row.code.partition(":")[0] in URGENT
    ]
    claimed = [row for row in untold if _claim(row)]
    if not claimed:
        return 0
    notices.channel_broken(connection)
    admins = list(User.objects.filter(role=Role.ADMIN, is_active=True).exclude(email=""))
    told = sum(_was_mailed(admin, connection, claimed) for admin in admins)
    if admins and not told:
        OpenFinding.objects.filter(pk__in=[row.pk for row in claimed]).update(told_at=None)
    return told


def _was_mailed(admin: User, connection: ChannelConnection, rows: list[OpenFinding]) -> bool:
    """One address that is refused keeps nothing from the others, nor tells them twice."""
    try:
        _mail(admin, connection, rows)
    except (smtplib.SMTPException, OSError):
        logger.warning("findings of connection %s were not mailed", connection.pk, exc_info=True)
        return False
    return True


def _claim(row: OpenFinding) -> bool:
    """Before the mail: of two workers one sends it."""
    return bool(
        OpenFinding.objects.filter(pk=row.pk, told_at__isnull=True).update(told_at=timezone.now())
    )


def _mail(admin: User, connection: ChannelConnection, rows: list[OpenFinding]) -> None:
    company = context.current_company()
    domain = Domain.objects.get(tenant=company, is_primary=True).domain
    with translation.override(admin.language or "en"):
        findings = [found for row in rows if (found := finding_of(row))]
        told = {
            "connection": connection,
            "company": company.name,
            "findings": findings,
            "link": f"{host_url(domain)}/channels/{connection.pk}/",
        }
        send_mail(
            _("%(channel)s needs your attention") % {"channel": connection.name},
            render_to_string("channels_app/findings_mail.txt", told),
            None,
            [admin.email],
        )


def finding_of(row: OpenFinding) -> Finding | None:
    """An open row as a finding, whose words are in the reader's language."""
    return of_json(
        {"code": row.code, "severity": row.severity, "params": row.params, "link": row.link}
    )

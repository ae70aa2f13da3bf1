"""Telling the admins by e-mail that a CRM has to be connected again, once each time."""

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.models import CrmConnection
from tenants import context
from tenants.accounts.models import User
from tenants.accounts.roles import Role
from tenants.handover import host_url
from tenants.told import told

logger = logging.getLogger(__name__)
Health = CrmConnection.Health


def tell_of_ends() -> int:
    """Mail what was not told yet; returns how many connections. Safe to call at any time."""
    rows = CrmConnection.objects.active()
    rows.exclude(told_at=None).exclude(health=Health.RECONNECT).update(told_at=None)
    untold = list(rows.filter(health=Health.RECONNECT, told_at=None))
    return sum(_tell(row) for row in untold if _claim(row))


def _claim(row: CrmConnection) -> bool:
    """Before the mail: of two workers one sends it."""
    rows = CrmConnection.objects.filter(pk=row.pk, told_at=None, health=Health.RECONNECT)
    return bool(rows.update(told_at=timezone.now()))


def _tell(row: CrmConnection) -> bool:
    admins = list(User.objects.filter(role=Role.ADMIN, is_active=True).exclude(email=""))
    company = context.current_company()
    link = host_url(company.get_primary_domain().domain) + reverse("crm:connection", args=[row.pk])
    context.release()
    try:
        for admin in admins:
            _mail(admin, row, company.name, link)
    except (smtplib.SMTPException, OSError):
        logger.warning("the end of connection %s was not mailed", row.pk, exc_info=True)
        CrmConnection.objects.filter(pk=row.pk).update(told_at=None)
        return False
    return True


def _mail(admin: User, row: CrmConnection, company: str, link: str) -> None:
    with translation.override(admin.language or settings.LANGUAGE_CODE):
        words = {
            "connection": row,
            "company": company,
            "reason": told(row.health_text),
            "link": link,
        }
        send_mail(
            _("%(crm)s has to be connected again") % {"crm": row.name},
            render_to_string("crm/reconnect_mail.txt", words),
            None,
            [admin.email],
        )

"""Telling the admins by e-mail that a vendor does not call us any more, once each time."""

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.models import IncomingHook
from tenants import context
from tenants.accounts.models import User
from tenants.accounts.roles import Role
from tenants.handover import host_url
from tenants.moments import Memory
from tenants.told import told

logger = logging.getLogger(__name__)


def silent_hooks() -> QuerySet[IncomingHook]:
    """Those whose vendor tells us nothing until somebody acts, and no longer only for a while."""
    return IncomingHook.objects.filter(is_active=True, alarm_at__lte=timezone.now())


def _first_silent() -> tuple[str, str] | None:
    found: tuple[str, str] | None = silent_hooks().values_list("name", "health_text").first()
    return found


# Whose silence stands above every page, and why; asked for with each of them.
first_silent = Memory(_first_silent)


def tell_of_silent_hooks() -> int:
    """Mail what was not told yet; returns of how many. Safe to call at any time."""
    untold = list(silent_hooks().filter(told_at=None))
    return sum(_tell(hook) for hook in untold if _claim(hook))


def _claim(hook: IncomingHook) -> bool:
    """Before the mail: of two workers one sends it."""
    rows = silent_hooks().filter(pk=hook.pk, told_at=None)
    return bool(rows.update(told_at=timezone.now()))


def _tell(hook: IncomingHook) -> bool:
    admins = list(User.objects.filter(role=Role.ADMIN, is_active=True).exclude(email=""))
    company = context.current_company()
    link = host_url(company.get_primary_domain().domain) + reverse("crm:state")
    context.release()
    try:
        for admin in admins:
            _mail(admin, hook, company.name, link)
    except (smtplib.SMTPException, OSError):
        logger.warning("the silence of hook %s was not mailed", hook.pk, exc_info=True)
        IncomingHook.objects.filter(pk=hook.pk).update(told_at=None)
        return False
    return True


def _mail(admin: User, hook: IncomingHook, company: str, link: str) -> None:
    with translation.override(admin.language or settings.LANGUAGE_CODE):
        words = {"hook": hook, "company": company, "reason": told(hook.health_text), "link": link}
        send_mail(
            _("%(vendor)s tells us nothing any more") % {"vendor": hook.name},
            render_to_string("crm/hook_mail.txt", words),
            None,
            [admin.email],
        )

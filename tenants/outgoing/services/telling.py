"""Telling the admins by e-mail that we switched an address off, once."""

import logging
import smtplib

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tenants import context
from tenants.accounts.models import User
from tenants.accounts.roles import Role
from tenants.handover import host_url
from tenants.outgoing.models import Delivery, Endpoint

logger = logging.getLogger(__name__)


def tell_of_endpoint(*, endpoint_id: int) -> int:
    """Returns to how many people. Safe to call at any time."""
    untold = Endpoint.objects.filter(
        pk=endpoint_id, state=Endpoint.State.DISABLED, told_at__isnull=True
    )
    if not untold.update(told_at=timezone.now()):  # before the mail: of two workers one sends it
        return 0
    endpoint = Endpoint.objects.get(pk=endpoint_id)
    waiting = endpoint.deliveries.filter(state=Delivery.State.WAITING).count()
    admins = list(User.objects.filter(role=Role.ADMIN, is_active=True).exclude(email=""))
    company = context.current_company()
    link = host_url(company.get_primary_domain().domain)
    link += reverse("outgoing:endpoint", args=[endpoint_id])
    context.release()
    try:
        for admin in admins:
            _mail(admin, endpoint, company.name, waiting, link)
    except (smtplib.SMTPException, OSError):
        logger.warning("nobody was told of webhook %s", endpoint_id, exc_info=True)
        Endpoint.objects.filter(pk=endpoint_id).update(told_at=None)
        return 0
    return len(admins)


def _mail(admin: User, endpoint: Endpoint, company: str, waiting: int, link: str) -> None:
    # The address itself may hold a key: a mail may be read by anybody on its way.
    with translation.override(admin.language or "en"):
        told = {"endpoint": endpoint, "company": company, "waiting": waiting, "link": link}
        send_mail(
            _("The webhook “%(name)s” was switched off") % {"name": endpoint.name},
            render_to_string("outgoing/switched_off.txt", told),
            None,
            [admin.email],
        )

"""Telling admins by mail that customers are left alone: one digest an hour at most."""

import logging
import smtplib
from collections import Counter

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_app.models import Incident
from tenants import context
from tenants.accounts.models import User
from tenants.accounts.roles import Role
from tenants.handover import host_url
from tenants.limits import Rate, take

logger = logging.getLogger(__name__)
DIGESTS = Rate(1, 3600)


def mail_digest() -> int:
    """Mail what is open, seen by nobody and not mailed yet; returns how many incidents."""
    fresh = list(
        Incident.objects.open()
        .filter(mailed_at=None, acknowledged_at=None)
        .values_list("pk", "kind", "count")
    )
    if not fresh or not take("incidents:mail", DIGESTS).allowed:
        return 0
    counts: Counter[str] = Counter()
    for _pk, kind, count in fresh:
        counts[kind] += count if kind == Incident.Kind.UNREAD else 1
    admins = list(User.objects.filter(role=Role.ADMIN, is_active=True))
    company = context.current_company()
    link = host_url(company.get_primary_domain().domain) + reverse("channels_app:incidents")
    context.release()
    told = [admin for admin in admins if _mail(admin, company.name, counts, link)]
    if admins and not told:
        return 0
    Incident.objects.filter(pk__in=[pk for pk, *_ in fresh]).update(mailed_at=timezone.now())
    return len(fresh)


def _mail(admin: User, company: str, counts: Counter[str], link: str) -> bool:
    # Numbers and a link: a mail may be read by anybody on its way.
    with translation.override(admin.language or settings.LANGUAGE_CODE):
        labels = dict(Incident.Kind.choices)
        number = sum(counts.values())
        subject = ngettext(
            "%(company)s: %(number)d customer is left alone",
            "%(company)s: %(number)d customers are left alone",
            number,
        )
        body = render_to_string(
            "channels_app/incidents.txt",
            {
                "company": company,
                "lines": [(_(labels[kind]), count) for kind, count in sorted(counts.items())],
                "link": link,
            },
        )
        try:
            send_mail(subject % {"company": company, "number": number}, body, None, [admin.email])
        except (OSError, smtplib.SMTPException):
            logger.warning("a digest of incidents was not mailed", exc_info=True)
            return False
    return True

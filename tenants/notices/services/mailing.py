"""One e-mail for all that stood unread long enough, never the same thing twice."""

import logging
import smtplib
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from tenants import context
from tenants.accounts.models import User
from tenants.handover import host_url
from tenants.notices.kinds import Mail, Wish, catalogue
from tenants.notices.models import Notice
from tenants.notices.services.reading import settle_hidden
from tenants.notices.services.wishing import habits_of, set_habits

logger = logging.getLogger(__name__)
SALT = "tenants.notices.unsubscribe"
AT_ONCE = 1_000
GATHERED = timedelta(minutes=10)  # what is due that soon does not come as a letter of its own
AGAIN_AFTER = timedelta(minutes=15)  # what a mail server refused
GIVEN_UP = timedelta(days=3)  # it will not take it any more
LISTED = 20  # in one e-mail; of the rest it says how many


def mail_due() -> int:
    """Mail what is due; returns to how many people.

    Claimed before it is sent: a crash in between costs an e-mail and nothing else, for the
    notice still stands in the page. What a mail server refused is due again in a while, for some
    days: an address may be wrong for ever.
    """
    people = _claim()
    if not people:
        return 0
    company = context.current_company()
    base = host_url(company.get_primary_domain().domain)
    mails = [(rows, _mail(rows, company.name, base)) for rows in people]
    context.release()
    told, refused = 0, []
    for rows, mail in mails:
        try:
            told += get_connection().send_messages([mail]) or 0
        except (OSError, smtplib.SMTPException):
            logger.warning("notices were not mailed", exc_info=True)
            refused += [row.pk for row in rows]
    if refused:
        now = timezone.now()
        Notice.objects.filter(pk__in=refused, read_at=None, created_at__gt=now - GIVEN_UP).update(
            mail_at=now + AGAIN_AFTER, mailed_at=None
        )
    settle_hidden()
    return told


@transaction.atomic
def _claim() -> list[list[Notice]]:
    """What is due, and what else of the same people soon will be: it is one letter."""
    now = timezone.now()
    waiting = Notice.objects.filter(mail_at__isnull=False, read_at=None)
    rows = list(
        waiting.filter(
            user__in=waiting.filter(mail_at__lte=now).values("user"), mail_at__lte=now + GATHERED
        )
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("user")
        .order_by("user", "-pk")[:AT_ONCE]
    )
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(mail_at=None, mailed_at=now)
    letters = [list(each) for _pk, each in groupby(rows, key=attrgetter("user_id"))]
    return [rows for rows in letters if rows[0].user.is_active and rows[0].user.email]


def _mail(rows: list[Notice], company: str, base: str) -> EmailMessage:
    user = rows[0].user
    habits = habits_of(user)
    stop = base + reverse("notices:unsubscribe", args=[unsubscribe_token(user)])
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject = ngettext(
            "%(company)s: %(count)d notice is waiting",
            "%(company)s: %(count)d notices are waiting",
            len(rows),
        ) % {"company": company, "count": len(rows)}
        body = render_to_string(
            "notices/mail.txt",
            {
                "notices": rows[:LISTED],
                "more": len(rows) - LISTED if len(rows) > LISTED else 0,
                "names_people": habits.names_people,
                "base": base,
                "company": company,
                "settings": base + reverse("notices:habits"),
                "stop": stop,
            },
        )
    headers = {  # https://www.rfc-editor.org/rfc/rfc8058
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return EmailMessage(subject, body, None, [user.email], headers=headers)


def unsubscribe_token(user: User) -> str:
    """Good for ever: an old letter has to be believed, too."""
    return signing.dumps([context.schema(), user.pk], salt=SALT)


def who_unsubscribes(token: str) -> User | None:
    """Whose token it is, at this company."""
    try:
        schema, pk = signing.loads(token, salt=SALT)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return User.objects.filter(pk=pk).first() if schema == context.schema() else None


def unsubscribe(*, user: User) -> None:
    """No e-mail of any kind any more; the other ways stay."""
    known = habits_of(user).wishes
    wishes = {}
    for kind in catalogue():
        wish = kind.wish_in(known)
        wishes[kind.name] = Wish(page=wish.page, mail=Mail.NEVER, push=wish.push)
    set_habits(user=user, wishes=wishes)
    Notice.objects.filter(user=user, mail_at__isnull=False).update(mail_at=None)

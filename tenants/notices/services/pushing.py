"""Telling browsers, whether a page of ours is open in them or not."""

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation

from tenants import context
from tenants.notices.models import Notice, PushDevice, PushKey
from tenants.notices.sealing import seal
from tenants.notices.services.devices import push_key
from tenants.notices.services.reading import settle_hidden
from tenants.notices.services.team import forget_team, team
from tenants.plugins import http
from tenants.plugins.errors import ProviderError, Rejected

logger = logging.getLogger(__name__)

AT_ONCE = 100
AGAIN_AFTER = timedelta(minutes=2)  # also how long a worker may take before another takes over
TRIES = 4
STALE = timedelta(hours=12)  # nobody is woken for yesterday's news
PATIENCE = 5.0  # seconds a push service may take
ENOUGH = 60.0  # seconds of one run: messages to customers leave by the same workers
GONE = frozenset({404, 410})  # https://www.rfc-editor.org/rfc/rfc8030#section-7.3


def push_due() -> int:
    """Send what is due; returns how many notices reached a browser's service.

    Sent again after a crash, a notice replaces itself in the browser: it carries its own tag.
    """
    notices = _claim()
    if not notices:
        return 0
    devices: dict[int, list[PushDevice]] = {}
    owners = {notice.user_id for notice in notices}
    for device in PushDevice.objects.filter(user__in=owners):
        devices.setdefault(device.user_id, []).append(device)
    key = push_key()
    context.release()
    reached, began = 0, time.monotonic()
    silent: set[int] = set()  # devices whose service did not take one notice: not asked for more
    for notice in notices:
        outcomes = []
        for device in devices.get(notice.user_id, []):
            outcome = None if device.pk in silent else _send(device, notice, key)
            if outcome is None:
                silent.add(device.pk)
            outcomes.append(outcome)
        reached += any(outcome is True for outcome in outcomes)
        if None not in outcomes or notice.push_tries >= TRIES:
            Notice.objects.filter(pk=notice.pk).update(push_at=None)
        if time.monotonic() - began > ENOUGH:
            break  # the others are due again soon
    settle_hidden()
    return reached


@transaction.atomic
def _claim() -> list[Notice]:
    now = timezone.now()
    due = Notice.objects.filter(push_at__lte=now)
    due.filter(created_at__lt=now - STALE).update(push_at=None)
    rows = list(
        due.select_for_update(skip_locked=True, of=("self",))
        .select_related("user")
        .order_by("push_at")[:AT_ONCE]
    )
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(
        push_at=now + AGAIN_AFTER, push_tries=F("push_tries") + 1
    )
    for row in rows:
        row.push_tries += 1
    return rows


def _send(device: PushDevice, notice: Notice, key: PushKey) -> bool | None:
    """Whether its service took it; ``None``: it may the next time."""
    sealed = seal(
        _said(notice),
        endpoint=device.endpoint,
        p256dh=device.p256dh,
        auth=device.auth,
        private=key.private,
        public=key.public,
        sender=settings.DEFAULT_FROM_EMAIL,
        topic=f"notice-{notice.pk}",
    )
    try:
        answer = http.exchange(
            "POST",
            device.endpoint,
            content=sealed.body,
            headers=sealed.headers,
            timeout=PATIENCE,
            idempotent=True,
            named_by_company=True,
        )
    except Rejected:  # it leads into our own network, or nowhere
        _drop(device)
        return False
    except ProviderError:
        return None
    if answer.status_code in GONE:
        _drop(device)
        return False
    if answer.is_success:
        PushDevice.objects.filter(pk=device.pk).update(last_taken_at=timezone.now())
        return True
    logger.warning("a push service answered %s", answer.status_code)
    return None if answer.status_code == 429 or answer.status_code >= 500 else False


def _drop(device: PushDevice) -> None:
    PushDevice.objects.filter(pk=device.pk).delete()
    forget_team()


def _said(notice: Notice) -> dict[str, str]:
    """What the browser shows. People are named only where the person said so."""
    member = team().get(notice.user_id)
    with translation.override(notice.user.language or settings.LANGUAGE_CODE):
        return {
            "title": notice.title,
            "body": notice.about if member is not None and member.habits.names_people else "",
            "link": reverse("notices:go", args=[notice.pk]),
            "tag": f"notice-{notice.pk}",
        }

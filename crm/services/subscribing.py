"""Telling a vendor over its API where its webhooks go, and seeing every day that it still knows."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django.utils.translation import gettext_noop

from crm.hooks import HOOKS
from crm.hooks.base import HookProvider
from crm.models import IncomingHook
from crm.services.hook_telling import first_silent
from crm.services.ringing import ring
from tenants.plugins.errors import CredentialsRejected, ProviderError, RateLimited
from tenants.told import Sentence

logger = logging.getLogger(__name__)

Health = IncomingHook.Health
DAILY = timedelta(days=1)
SOON = timedelta(hours=1)  # what went wrong is tried again
PAUSE = 60.0  # seconds, where the vendor names none
AGAIN = 15.0  # seconds, while another worker is at it
LEASE = timedelta(minutes=5)  # longer than all its requests together take
FORBIDDEN, CONFLICT = 403, 409
REFUSED = Sentence(gettext_noop("The access was refused: %(said)s"))
NOT_ALLOWED = Sentence(
    gettext_noop(
        "The vendor does not let this account subscribe: %(said)s Take a plan with webhooks there,"
        " or choose your own appointments."
    )
)
TAKEN = Sentence(
    gettext_noop("Somebody else has a subscription to this address there; remove it: %(said)s")
)
NOT_SUBSCRIBED = Sentence(gettext_noop("The vendor did not take our address: %(said)s"))
LATER = Sentence(gettext_noop("The vendor could not be asked, and is asked again: %(said)s"))
MADE_ANEW = gettext_noop("The subscription was missing there; we have made it anew.")


def subscribe_hook(*, hook_id: int) -> str:
    """See that the vendor sends its webhooks here, and have it do so; the health that results.

    Safe to call at any time and from several workers: one of them is at it, and what is there
    and works is left as it is.
    """
    lease = _claim(hook_id)
    hook = IncomingHook.objects.filter(pk=hook_id).first()
    if hook is None:
        return ""
    if lease is None:  # the settings may have changed since whoever is at it began
        ring("subscribe_hook", hook.pk, delay=AGAIN)
        return ""
    try:
        return _see_to_it(hook, lease)
    finally:
        _of_this_lease(hook, lease).update(subscribing_until=None)


def _claim(hook_id: int) -> datetime | None:
    """Only one at a time: two that both find no subscription would make two."""
    now = timezone.now()
    nobody = Q(subscribing_until=None) | Q(subscribing_until__lte=now)
    rows = IncomingHook.objects.filter(nobody, pk=hook_id)
    lease = now + LEASE
    return lease if rows.update(subscribing_until=lease) else None


def _of_this_lease(hook: IncomingHook, lease: datetime) -> QuerySet[IncomingHook]:
    """The row, if nobody has changed its settings, closed it or taken over meanwhile."""
    return IncomingHook.objects.filter(pk=hook.pk, subscribing_until=lease)


def _see_to_it(hook: IncomingHook, lease: datetime) -> str:
    is_clean = _take_back_former(hook, lease)
    health = ""
    if hook.is_active and hook.address and hook.provider().can_subscribe:
        try:
            health = _subscribe(hook, lease)
        except ProviderError as error:
            return _why_not(hook, error)
    if not is_clean:
        ring("subscribe_hook", hook.pk, delay=PAUSE)
    return health


def _why_not(hook: IncomingHook, error: ProviderError) -> str:
    """What a refusal means. What may heal is asked again; people hear of it after a day of it."""
    if isinstance(error, CredentialsRejected):
        if error.status == FORBIDDEN:
            return _say(hook, Health.TROUBLE, NOT_ALLOWED.of(said=error))
        return _say(hook, Health.RECONNECT, REFUSED.of(said=error))
    if error.status == CONFLICT:
        return _say(hook, Health.TROUBLE, TAKEN.of(said=error))
    if error.retryable or not error.status:  # an answer that was lost too: we look first
        wait = error.retry_after if isinstance(error, RateLimited) else None
        ring("subscribe_hook", hook.pk, delay=wait or PAUSE)
        return _say(hook, Health.TROUBLE, LATER.of(said=error), patience=DAILY)
    return _say(hook, Health.TROUBLE, NOT_SUBSCRIBED.of(said=error))


def _subscribe(hook: IncomingHook, lease: datetime) -> str:
    provider, known = hook.provider(), hook.subscription
    if known and provider.is_subscribed(hook.address, known):
        return _say(hook, Health.OK, "")
    name = provider.subscribe(hook.address)
    if not _of_this_lease(hook, lease).update(subscription=name):
        _take_back(provider, hook.address)  # made with settings that are no longer these
        return ""
    return _say(hook, Health.OK, MADE_ANEW if known else "")


def _take_back_former(hook: IncomingHook, lease: datetime) -> bool:
    """What earlier settings had subscribed, with those settings: a new token may be another
    account's. False where one could not be asked and is asked again."""
    if not hook.is_subscription_stale:
        return True
    kind = HOOKS.get(hook.kind)
    left = [
        former
        for former in hook.former_configs
        if not _take_back(kind(former), hook.address, but=hook.subscription)
    ]
    _of_this_lease(hook, lease).update(former_configs=left, is_subscription_stale=bool(left))
    return not left


def _take_back(provider: HookProvider, address: str, *, but: str = "") -> bool:
    """Whether nothing comes of it any more, or nobody can do anything about that."""
    if not provider.can_subscribe:
        return True
    try:
        provider.leave(address, but=but)
    except ProviderError as error:
        logger.info("an earlier subscription could not be taken back: %s", error)
        return not (error.retryable or not error.status)
    return True


def remember_former(hook: IncomingHook, config: Mapping[str, Any]) -> None:
    """Its settings change: what these had subscribed is to be taken back with them, also what a
    worker is making at this moment. The caller saves the row."""
    hook.former_configs = [*hook.former_configs, dict(config)]
    hook.is_subscription_stale, hook.subscription = True, ""
    hook.subscribing_until = None


def unsubscribe_hook(*, hook: IncomingHook) -> None:
    """Have nothing sent any more, while we hold the keys; a refusal keeps nobody from closing."""
    for config in (*hook.former_configs, hook.config):
        _take_back(HOOKS.get(hook.kind)(config), hook.address)


def _say(hook: IncomingHook, health: str, text: str, *, patience: timedelta = timedelta(0)) -> str:
    """How it stands. People are told at once, or when it has been so for ``patience``."""
    now = timezone.now()
    rows = IncomingHook.objects.filter(pk=hook.pk)
    rows.update(health=health, health_text=text[:300], checked_at=now)
    if health == Health.OK:
        rows.exclude(alarm_at=None).update(alarm_at=None, told_at=None)
    else:
        rows.update(alarm_at=Least(Coalesce("alarm_at", now + patience), now + patience))
    first_silent.forget()
    return health


def ring_unchecked() -> int:
    """Once a day each subscription is looked at; what went wrong, within the hour."""
    now = timezone.now()
    rung = 0
    for hook in IncomingHook.objects.filter(is_active=True).exclude(token=""):
        pause = DAILY if hook.health == Health.OK and not hook.is_subscription_stale else SOON
        is_due = hook.checked_at is None or hook.checked_at < now - pause
        if is_due and hook.provider().can_subscribe:
            ring("subscribe_hook", hook.pk)
            rung += 1
    return rung

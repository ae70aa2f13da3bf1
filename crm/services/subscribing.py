"""Telling a vendor over its API where its webhooks go, and seeing every day that it still knows."""

import logging
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_noop

from crm.models import IncomingHook
from crm.services.ringing import ring
from tenants.plugins.errors import CredentialsRejected, ProviderError, RateLimited
from tenants.told import Sentence

logger = logging.getLogger(__name__)

Health = IncomingHook.Health
DAILY = timedelta(days=1)
SOON = timedelta(hours=1)  # what went wrong is tried again
PAUSE = 60.0  # seconds, where the vendor names none
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

    Safe to call at any time: what is there and works is left as it is.
    """
    hook = IncomingHook.objects.filter(pk=hook_id, is_active=True).first()
    if hook is None or not hook.address or not hook.provider().can_subscribe:
        return ""
    try:
        return _subscribe(hook)
    except RateLimited as error:
        ring("subscribe_hook", hook.pk, delay=error.retry_after or PAUSE)
        return _say(hook, Health.TROUBLE, LATER.of(said=error))
    except CredentialsRejected as error:
        if error.status == FORBIDDEN:
            return _say(hook, Health.TROUBLE, NOT_ALLOWED.of(said=error))
        return _say(hook, Health.RECONNECT, REFUSED.of(said=error))
    except ProviderError as error:
        if error.status == CONFLICT:
            return _say(hook, Health.TROUBLE, TAKEN.of(said=error))
        if error.retryable or not error.status:  # an answer that was lost too: we look first
            ring("subscribe_hook", hook.pk, delay=PAUSE)
            return _say(hook, Health.TROUBLE, LATER.of(said=error))
        return _say(hook, Health.TROUBLE, NOT_SUBSCRIBED.of(said=error))


def _subscribe(hook: IncomingHook) -> str:
    provider, known = hook.provider(), hook.subscription
    if known and not hook.is_subscription_stale and provider.is_subscribed(hook.address, known):
        return _say(hook, Health.OK, "")
    was_missing = bool(known) and not hook.is_subscription_stale
    if known:
        _give_up(hook)
    name = provider.subscribe(hook.address)
    IncomingHook.objects.filter(pk=hook.pk).update(subscription=name, is_subscription_stale=False)
    return _say(hook, Health.OK, MADE_ANEW if was_missing else "")


def unsubscribe_hook(*, hook: IncomingHook) -> bool:
    """Have nothing sent any more, while we hold the key; a refusal keeps nobody from closing."""
    if not hook.subscription or not hook.provider().can_subscribe:
        return False
    return _give_up(hook)


def _give_up(hook: IncomingHook) -> bool:
    try:
        hook.provider().unsubscribe(hook.subscription)
    except ProviderError as error:
        logger.info("hook %s could not be unsubscribed: %s", hook.pk, error)
        return False
    return True


def _say(hook: IncomingHook, health: str, text: str) -> str:
    IncomingHook.objects.filter(pk=hook.pk).update(
        health=health, health_text=text[:300], checked_at=timezone.now()
    )
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

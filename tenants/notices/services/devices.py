"""Browsers that may be told at any time, and who we are to their push services."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from webpush.vapid import VAPID

from tenants import crypto
from tenants.accounts.models import User
from tenants.moments import Memory
from tenants.notices.models import PushDevice, PushKey
from tenants.notices.sealing import check_subscription
from tenants.notices.services.team import forget_team

MOST = 10  # browsers of one person; the oldest makes room
LONGEST = 2_000  # characters of an address


def devices_of(user: User) -> QuerySet[PushDevice]:
    return PushDevice.objects.filter(user=user)


def keep_device(*, user: User, endpoint: str, p256dh: str, auth: str, name: str = "") -> PushDevice:
    """Tell this browser from now on; raises ValidationError for what is no subscription.

    A browser is one person's: whoever signs in there next takes it over.
    """
    try:
        _check_address(endpoint)
        check_subscription(endpoint=endpoint, p256dh=p256dh, auth=auth)
    except ValueError as error:  # BadSubscription is one
        raise ValidationError(_("This is no address of a push service.")) from error
    device, _is_new = PushDevice.objects.update_or_create(
        endpoint_index=crypto.blind_index(endpoint),
        defaults={
            "user": user,
            "endpoint": endpoint,
            "p256dh": p256dh,
            "auth": auth,
            "name": name[:80],
        },
    )
    spare = devices_of(user).order_by("-pk").values_list("pk", flat=True)[MOST:]
    PushDevice.objects.filter(pk__in=list(spare)).delete()
    forget_team()
    return device


def _check_address(endpoint: str) -> None:
    """Raise ValueError for what nobody could call: brackets or a port that are none, too."""
    parts = urlsplit(endpoint)
    if parts.scheme != "https" or not parts.hostname or parts.port == 0 or len(endpoint) > LONGEST:
        raise ValueError("It is no https address.")


def forget_device(*, user: User, device_id: int) -> bool:
    """Tell it nothing any more."""
    gone, _each = devices_of(user).filter(pk=device_id).delete()
    forget_team()
    return bool(gone)


def push_key() -> PushKey:
    """The company's pair of keys, made when it is first asked for."""
    known = PushKey.objects.filter(pk=1).first()
    if known is not None:
        return known
    private, public, application_key = VAPID.generate_keys()
    made = PushKey(
        private=private.decode(), public=public.decode(), application_key=application_key
    )
    PushKey.objects.bulk_create([made], ignore_conflicts=True)  # another worker may be as quick
    return PushKey.objects.get(pk=1)


_application_key = Memory(lambda: push_key().application_key)


def application_key() -> str:
    """What a browser is to ask its push service for."""
    return _application_key()

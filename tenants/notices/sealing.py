"""A notice as a push service takes it: sealed for one browser, signed by us.

Message encryption: https://www.rfc-editor.org/rfc/rfc8291, who we are (VAPID):
https://www.rfc-editor.org/rfc/rfc8292, headers: https://www.rfc-editor.org/rfc/rfc8030#section-5.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from webpush import WebPush, WebPushSubscription
from webpush.types import WebPushKeys

KEPT_SECONDS = 4 * 3600  # by the push service, for a browser that is off
SIGNED_SECONDS = 3600
SENDER = "notices@leadwire.invalid"  # where the operator has named no address of their own


class BadSubscription(ValueError):
    """No browser's push service gave us this."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is sent."""

    body: bytes
    headers: dict[str, str]


def check_subscription(*, endpoint: str, p256dh: str, auth: str) -> None:
    """Raise BadSubscription unless one could seal something for it: one that cannot be sealed
    for would be in the way of everybody's notices."""
    try:
        _subscription(endpoint, p256dh, auth)
        point, secret = _decoded(p256dh), _decoded(auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (binascii.Error, ValueError) as error:
        raise BadSubscription("No address, or no point of P-256.") from error
    if len(secret) != 16:
        raise BadSubscription("The secret is not 16 bytes.")


def seal(
    said: dict[str, Any],
    *,
    endpoint: str,
    p256dh: str,
    auth: str,
    private: str,
    public: str,
    sender: str,
    topic: str,
) -> Sealed:
    """``topic`` names the notice: a service that still holds it replaces it."""
    address = parseaddr(sender)[1]
    maker = WebPush(
        private_key=private.encode(),
        public_key=public.encode(),
        subscriber=address if "@" in address else SENDER,
        ttl=KEPT_SECONDS,
        expiration=SIGNED_SECONDS,
    )
    subscription = _subscription(endpoint, p256dh, auth)
    made = maker.get(json.dumps(said, ensure_ascii=False), subscription)
    headers = {name: str(value) for name, value in made.headers.items()}
    return Sealed(
        made.encrypted,
        {**headers, "content-type": "application/octet-stream", "urgency": "high", "topic": topic},
    )


def _subscription(endpoint: str, p256dh: str, auth: str) -> WebPushSubscription:
    """Raises ValueError."""
    keys = WebPushKeys(p256dh=p256dh.rstrip("="), auth=auth.rstrip("="))
    return WebPushSubscription(endpoint=endpoint, keys=keys)


def _decoded(text: str) -> bytes:
    text = text.rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)

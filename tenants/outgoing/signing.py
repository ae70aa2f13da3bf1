"""What proves that a delivery is ours: signatures as Standard Webhooks asks for them. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime

from standardwebhooks.webhooks import Webhook

PREFIX = "whsec_"
# The specification takes 24 to 64 random bytes.
KEY_BYTES = 32


def new_secret() -> str:
    """256 random bits in the form the specification gives secrets."""
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def signed_headers(
    *, keys: Iterable[str], delivery_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """The three headers of one try. While a secret is being changed there are two signatures, so
    that a receiver may know either secret."""
    signatures = [Webhook(key).sign(delivery_id, at, body.decode()) for key in keys]
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }

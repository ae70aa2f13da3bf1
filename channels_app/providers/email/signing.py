"""How a mail service shows that a webhook is its own: a signature, or user and password."""

import base64
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from channels_app.providers import base
from channels_app.providers.email import mailgun, sns
from channels_app.signatures import same
from tenants.plugins.errors import SignatureMismatch

SVIX = ("id", "timestamp", "signature")


def verify(config: Mapping[str, Any], headers: Mapping[str, str], body: bytes) -> None:
    """That a webhook is the service's; raises SignatureMismatch."""
    secret = base.strict_config(config, "webhook_secret")
    inbound = config.get("inbound")
    if inbound == "mailgun":
        mailgun.verify(secret, body)
    elif inbound == "resend":
        _verify_svix(secret, headers, body)
    elif not same(headers.get("Authorization", ""), _basic(secret)):
        raise SignatureMismatch("User and password in the webhook's address are not ours.")
    elif inbound == "ses":  # the password first: who lacks it makes us fetch nothing
        sns.verify(body, str(config.get("topic_arn") or ""))


def _verify_svix(secret: bytes, headers: Mapping[str, str], body: bytes) -> None:
    named = {
        f"webhook-{name}": headers.get(f"svix-{name}") or headers.get(f"webhook-{name}") or ""
        for name in SVIX
    }
    try:
        Webhook(secret.decode()).verify(body, named, json_parse=False)
    # RuntimeError and ValueError: a secret or a signature that is no base64
    except (WebhookVerificationError, ValueError, RuntimeError) as error:
        raise SignatureMismatch(f"The signature does not verify: {error}") from error


def signed(config: Mapping[str, Any], body: bytes) -> dict[str, str]:
    """The headers under which the service would send this body."""
    secret = base.strict_config(config, "webhook_secret")
    if config.get("inbound") == "resend":
        now = datetime.now(UTC)
        identifier = f"msg_{secrets.token_hex(12)}"
        return {
            "svix-id": identifier,
            "svix-timestamp": str(int(now.timestamp())),
            "svix-signature": Webhook(secret.decode()).sign(identifier, now, body.decode()),
        }
    return {"Authorization": _basic(secret)}


def _basic(secret: bytes) -> str:
    return "Basic " + base64.b64encode(b"leadwire:" + secret).decode()

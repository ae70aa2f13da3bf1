"""How networks sign a webhook. Pure: bytes in, a verdict out, in constant time."""

import base64
import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha1, sha256

from tenants.plugins.errors import SignatureMismatch


def hex_hmac(secret: bytes, body: bytes) -> str:
    return hmac.new(secret, body, sha256).hexdigest()


def same(claimed: str, expected: str) -> bool:
    """Compare in constant time; what is not ASCII is merely unequal."""
    return hmac.compare_digest(claimed.encode("utf-8", "surrogatepass"), expected.encode())


def hub_signature(secret: bytes, body: bytes) -> str:
    """As Meta writes it into ``X-Hub-Signature-256``, and many after it into headers of their own.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications
    """
    return f"sha256={hex_hmac(secret, body)}"


def check_hub_signature(
    headers: Mapping[str, str], secret: bytes, body: bytes, *, header: str = "X-Hub-Signature-256"
) -> None:
    if not same(headers.get(header, ""), hub_signature(secret, body)):
        raise SignatureMismatch(f"{header} does not match the body.")


def hub_challenge(query: dict[str, str], verify_token: str) -> str:
    """The number to answer Meta's ``hub.mode=subscribe`` question with.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests
    """
    token = query.get("hub.verify_token", "")
    if not verify_token or query.get("hub.mode") != "subscribe" or not same(token, verify_token):
        raise SignatureMismatch("The verify token is not ours.")
    return query.get("hub.challenge", "")


def base64_hmac(secret: bytes, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret, body, sha256).digest()).decode()


def form_signature(secret: bytes, url: str, pairs: Iterable[tuple[str, str]]) -> str:
    """HMAC-SHA1 over the address and the form's fields, sorted, without anything between them.

    https://www.twilio.com/docs/usage/security#validating-requests
    """
    signed = url + "".join(name + value for name, value in sorted(set(pairs)))
    digest = hmac.new(secret, signed.encode("utf-8", "surrogatepass"), sha1).digest()
    return base64.b64encode(digest).decode()

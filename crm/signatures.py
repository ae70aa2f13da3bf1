"""How HubSpot, Calendly and Vapi sign what they send us. Pure: bytes in, a verdict out.

Each raises SignatureMismatch; secrets that are empty verify nothing. ``now`` is the receiver's
clock in seconds, so that a test may hold it.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from hashlib import sha256

from tenants.plugins.errors import SignatureMismatch

# HubSpot's five minutes; Calendly and the others leave it to the receiver. Bounded both ways: a
# time in the future is as wrong as an old one.
TOLERANCE_SECONDS = 300
# What HubSpot decodes before it signs, and nothing else.
# https://developers.hubspot.com/docs/api/webhooks/validating-requests
DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'",
    "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
ESCAPE = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def check_hubspot(
    headers: Mapping[str, str], *, secret: str, method: str, url: str, body: bytes, now: float
) -> None:
    """Version 3 where it is sent, else what ``X-HubSpot-Signature-Version`` says.

    ``url`` is the public address HubSpot called, as it called it.
    """
    key = _key(secret)
    if claimed := headers.get("X-HubSpot-Signature-v3", ""):
        stamp = headers.get("X-HubSpot-Request-Timestamp", "")
        _check_time(stamp, now, per_second=1000)
        decoded = ESCAPE.sub(lambda found: DECODED[found[0].upper()], url)
        signed = f"{method.upper()}{decoded}".encode() + body + stamp.encode()
        expected = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
        return _check(claimed, expected, "X-HubSpot-Signature-v3")
    version = headers.get("X-HubSpot-Signature-Version", "")
    # The legacy ones are no HMAC: a hash over the secret and what follows it.
    before = {"v1": b"", "v2": f"{method.upper()}{url}".encode()}.get(version)
    if before is None:
        raise SignatureMismatch("There is no signature of HubSpot.")
    expected = sha256(key + before + body).hexdigest()
    return _check(headers.get("X-HubSpot-Signature", ""), expected, "X-HubSpot-Signature")


def check_timestamped(claimed: str, *, secret: str, body: bytes, now: float) -> None:
    """``t=<seconds>,v1=<hex>`` as Calendly sends it; of several ``v1`` one has to match.

    https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-signatures
    """
    key = _key(secret)
    pairs = [part.strip().partition("=")[::2] for part in claimed[:2000].split(",")]
    stamp = next((value for name, value in pairs if name == "t"), "")
    _check_time(stamp, now)
    expected = hmac.new(key, f"{stamp}.".encode() + body, sha256).hexdigest()
    if not any(_same(value, expected) for name, value in pairs if name == "v1"):
        raise SignatureMismatch("No signature matches the body.")


def check_vapi(headers: Mapping[str, str], *, secret: str, body: bytes, now: float) -> None:
    """An HMAC over time and body, else the shared secret or a bearer token, as it was set up.

    https://docs.vapi.ai/server-url/server-authentication
    """
    key = _key(secret)
    if claimed := headers.get("x-signature", ""):
        stamp = headers.get("x-timestamp", "")
        _check_time(stamp, now)
        expected = hmac.new(key, f"{stamp}.".encode() + body, sha256).hexdigest()
        return _check(claimed, expected, "x-signature")
    if "X-Vapi-Secret" in headers:
        return _check(headers["X-Vapi-Secret"], secret, "X-Vapi-Secret")
    return _check(headers.get("Authorization", ""), f"Bearer {secret}", "Authorization")


def _key(secret: str) -> bytes:
    if not secret:
        raise SignatureMismatch("No secret is set: nothing can be verified.")
    return secret.encode()


def _check_time(stamp: str, now: float, *, per_second: int = 1) -> None:
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 20:
        raise SignatureMismatch("There is no time stamp.")
    if abs(now - int(stamp) / per_second) > TOLERANCE_SECONDS:
        raise SignatureMismatch("The time stamp is not of our time.")


def _check(claimed: str, expected: str, name: str) -> None:
    if not _same(claimed, expected):
        raise SignatureMismatch(f"{name} does not match.")


def _same(claimed: str, expected: str) -> bool:
    """In constant time; what is not ASCII is merely unequal."""
    return hmac.compare_digest(
        claimed.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass")
    )

"""Amazon SNS: whether a message is Amazon's own, and whether it is of our topic.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html

The signature proves that SNS sent it and not whose topic it is: anybody with an account there can
make one and point it at us. The topic is therefore named in the settings, and the address keeps
its password.
"""

import base64
import binascii
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from channels_app import wire
from tenants.plugins import http
from tenants.plugins.errors import PayloadRejected, ProviderError, Rejected, SignatureMismatch

HOST = re.compile(r"sns\.([a-z0-9-]{3,30})\.amazonaws\.com(\.cn)?")
CERTIFICATE = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]{3,30}):\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
CONFIRMATION = "SubscriptionConfirmation"
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
    "UnsubscribeConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
# The version decides the digest; 1 is what topics have until somebody chooses 2.
DIGESTS: dict[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}
PATIENCE = 3.0  # seconds for a certificate: a webhook waits for it
REMEMBERED_SECONDS = 24 * 3600.0
MAX_REMEMBERED = 50

_certificates: dict[str, tuple[float, x509.Certificate]] = {}


def is_envelope(body: Any) -> bool:
    """Whether this came by SNS; with raw delivery only the message itself would."""
    return isinstance(body, dict) and "Signature" in body and body.get("Type") in SIGNED


def verify(body: bytes, topic: str) -> None:
    """Raise SignatureMismatch unless SNS sent this, and for our topic where it is named."""
    try:
        envelope = wire.load_object(body)
    except PayloadRejected as error:
        raise SignatureMismatch("This is no message of SNS.") from error
    if not is_envelope(envelope):
        raise SignatureMismatch(
            "There is no signature of SNS. Leave raw message delivery off for this subscription."
        )
    if topic and envelope.get("TopicArn") != topic:
        raise SignatureMismatch("This message is of another SNS topic than ours.")
    digest = DIGESTS.get(str(envelope.get("SignatureVersion")))
    if digest is None:
        raise SignatureMismatch("SNS has no such version of its signature.")
    key = certificate(envelope.get("SigningCertURL") or envelope.get("SigningCertUrl"))
    try:
        claimed = base64.b64decode(str(envelope["Signature"]), validate=True)
        key.verify(claimed, string_to_sign(envelope), PKCS1v15(), digest())
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise SignatureMismatch("The signature of SNS does not verify.") from error


def string_to_sign(envelope: Mapping[str, Any]) -> bytes:
    """Name and value of each signed field, a line each; a missing subject is left out."""
    lines = []
    for name in SIGNED[str(envelope["Type"])]:
        value = envelope.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise SignatureMismatch(f"{name} is no text.")
        lines += [name, value]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def certificate(url: Any) -> RSAPublicKey:
    """The key that SNS signs with, from Amazon's own host and no other."""
    if not isinstance(url, str) or not is_amazons(url, CERTIFICATE):
        raise SignatureMismatch("SigningCertURL is not an address of Amazon SNS.")
    known = _certificates.get(url)
    if known is None or time.monotonic() - known[0] > REMEMBERED_SECONDS:
        if len(_certificates) >= MAX_REMEMBERED:
            _certificates.clear()
        known = _certificates[url] = (time.monotonic(), _fetched(url))
    found = known[1]
    now = datetime.now(UTC)
    key = found.public_key()
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise SignatureMismatch("The certificate of SNS is not valid at this time.")
    if not isinstance(key, RSAPublicKey):
        raise SignatureMismatch("The certificate of SNS holds no RSA key.")
    return key


def is_amazons(url: str, path: re.Pattern[str]) -> bool:
    """https, a host of SNS and nothing around it: no user, no port, no second host."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.scheme == "https" and port is None and parts.netloc == parts.hostname
    return bool(plain and HOST.fullmatch(parts.netloc) and path.fullmatch(parts.path))


def confirm(envelope: Mapping[str, Any], topic: str) -> None:
    """Tell SNS that we want this subscription: only of our own topic, at an address we make.

    https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
    """
    found = TOPIC.fullmatch(topic)
    token = envelope.get("Token")
    if found is None or envelope.get("TopicArn") != topic or not isinstance(token, str):
        raise Rejected("This subscription is not of our topic.", code="other_topic")
    host = f"sns.{found[1]}.amazonaws.com{'.cn' if topic.startswith('arn:aws-cn:') else ''}"
    asked = {
        "Action": "ConfirmSubscription",
        "TopicArn": topic,
        "Token": token[:4000],
        # Without it anybody who sees the address in a message could end the subscription.
        "AuthenticateOnUnsubscribe": "true",
    }
    response = http.exchange(
        "GET", f"https://{host}/?{urlencode(asked)}", idempotent=True, named_by_company=True
    )
    if response.status_code >= 300:
        raise Rejected(f"SNS did not take the confirmation: {response.text[:200]}")


def _fetched(url: str) -> x509.Certificate:
    try:
        answer = http.exchange("GET", url, idempotent=True, timeout=PATIENCE, named_by_company=True)
        if answer.status_code != 200:
            raise SignatureMismatch("The certificate of SNS could not be fetched.")
        return x509.load_pem_x509_certificate(answer.content)
    except (ProviderError, ValueError) as error:
        raise SignatureMismatch("The certificate of SNS could not be fetched.") from error

"""Amazon SES over SNS: https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications.html

The SNS topic posts to an address with a user and a password (docs.aws.amazon.com/sns, "HTTP/S
endpoints"). Letters must come with the notification: the action is SNS, not S3.
"""

import base64
import binascii
import re
from typing import Any

from channels_app import wire
from channels_app.mail.headers import MESSAGE_ID, raw_bytes
from channels_app.mail.reading import read_mail
from channels_app.providers.email.services import (
    COMPLAINT,
    DELAYED,
    DELIVERED,
    FAILED,
    SEEN,
    SENT,
    Event,
    News,
    Nothing,
    Reader,
    iso,
)

MEANINGS = {
    "Send": SENT,
    "Delivery": DELIVERED,
    "DeliveryDelay": DELAYED,
    "Bounce": FAILED,
    "Reject": FAILED,
    "Rendering Failure": FAILED,
    "Complaint": COMPLAINT,
    "Subscription": COMPLAINT,
    "Open": SEEN,
    "Click": SEEN,
}
AMAZON = re.compile(r"https://sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/")


CONFIRMATION = "ses_confirmation"  # its own kind: it wants an answer


def is_confirmation(envelope: dict[str, Any]) -> bool:
    return envelope.get("Type") == "SubscriptionConfirmation"


def is_own(envelope: Any) -> bool:
    if not isinstance(envelope, dict):
        return False
    return bool(
        {"TopicArn", "notificationType", "eventType"} & set(envelope)
        or ("Type" in envelope and "SubscribeURL" in envelope)
    )


def key(envelope: dict[str, Any]) -> str:
    return wire.label(envelope, "MessageId")


def read(envelope: dict[str, Any]) -> News:
    kind = wire.plain(envelope.get("Type"))
    if kind.endswith("Confirmation"):
        return _confirmation(kind, envelope)
    if "Message" in envelope:
        envelope = wire.load_object(
            wire.get_text(envelope, "Message").encode("utf-8", "surrogatepass")
        )
    name = wire.plain(envelope.get("notificationType") or envelope.get("eventType"))
    if name == "Received":
        return _mail(envelope)
    meaning = MEANINGS.get(name)
    if meaning is None:
        return Nothing(reason=f"Nothing is done about {name!r} notifications.")
    return _event(name, meaning, envelope)


def _confirmation(kind: str, envelope: dict[str, Any]) -> News:
    address = wire.web_address(envelope.get("SubscribeURL"))
    if kind == "SubscriptionConfirmation" and AMAZON.match(address):
        return Nothing(reason=f"Open this address once to confirm the subscription: {address}")
    return Nothing(reason=f"Nothing is done about {kind}.")


def _mail(notification: dict[str, Any]) -> News:
    content = wire.label(notification, "content", 40_000_000)
    if not content:
        return Nothing(
            reason="The letter lies in S3. Choose the SNS action, so that it comes here."
        )
    receipt = wire.get_object(notification, "receipt")
    action = wire.get_object(receipt, "action")
    raw = raw_bytes(content)
    if wire.label(action, "encoding").upper() == "BASE64":
        try:
            raw = base64.b64decode(content)
        except (binascii.Error, ValueError):
            return Nothing(reason="The letter says it is base64 and is not.")
    verdicts = {
        name: wire.label(wire.get_object(receipt, f"{name}Verdict"), "status").lower()
        for name in ("spf", "dkim", "dmarc")
    }
    return read_mail(raw, verdict=_authentication(verdicts))


def _authentication(verdicts: dict[str, str]) -> str:
    if verdicts["dmarc"] == "pass":
        return "aligned"
    if "pass" in {verdicts["spf"], verdicts["dkim"]} and verdicts["dmarc"] != "fail":
        return "pass"
    return "fail" if verdicts["dmarc"] == "fail" or verdicts["spf"] == "fail" else "none"


def _event(name: str, meaning: str, envelope: dict[str, Any]) -> News:
    mail = wire.get_object(envelope, "mail")
    block = wire.get_object(envelope, name[0].lower() + name[1:])
    bounced = [each for each, _ in wire.objects(block.get("bouncedRecipients")) if each]
    complained = [each for each, _ in wire.objects(block.get("complainedRecipients")) if each]
    people = [wire.label(each, "emailAddress") for each in bounced + complained]
    people += [each for each in wire.get_list(mail, "destination") if isinstance(each, str)]
    is_hard = wire.label(block, "bounceType") == "Permanent"
    if name == "Bounce" and wire.label(block, "bounceType") == "Transient":
        meaning = DELAYED if wire.label(block, "bounceSubType") == "General" else FAILED
    said = [wire.label(each, "diagnosticCode") for each in bounced]
    return Event(
        name=name,
        meaning=meaning,
        at=iso(block.get("timestamp")) or iso(mail.get("timestamp")),
        message_id=_own_id(mail) or wire.label(mail, "messageId"),
        reference=_tag(mail),
        recipient=next((each.lower() for each in people if each), ""),
        code=wire.label(bounced[0], "status") if bounced else wire.label(block, "bounceSubType"),
        reason=next(filter(None, said), "") or wire.label(block, "reason"),
        is_permanent=is_hard,
    )


def _own_id(mail: dict[str, Any]) -> str:
    """The letter's own message id, where the topic includes the original headers."""
    for header, _ in wire.objects(mail.get("headers")):
        if header and wire.label(header, "name").lower() == "message-id":
            found = MESSAGE_ID.search(wire.label(header, "value", wire.MAX_ID))
            return found[0] if found else ""
    return ""


def _tag(mail: dict[str, Any]) -> str:
    tags = mail.get("tags")
    values = tags.get("reference") if isinstance(tags, dict) else None
    first = values[0] if isinstance(values, list) and values else ""
    return first[:64] if isinstance(first, str) else ""


SES = Reader("ses", is_own, key, read)

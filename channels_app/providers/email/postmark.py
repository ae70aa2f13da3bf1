"""Postmark: https://postmarkapp.com/developer/webhooks/inbound-webhook (and its other webhooks).

Nothing is signed; the address carries a user and a password, as Postmark advises.
"""

from typing import Any

from channels_app import wire
from channels_app.mail.headers import raw_bytes
from channels_app.mail.reading import Part, mail_of_fields, read_mail
from channels_app.providers.email.services import (
    COMPLAINT,
    DELAYED,
    DELIVERED,
    FAILED,
    SEEN,
    Event,
    News,
    Nothing,
    Reader,
    iso,
    unpacked,
)

HARD = {"HardBounce", "BadEmailAddress", "ManuallyDeactivated", "Unsubscribe", "Blocked"}
SOFT = {"Transient", "DnsError", "SoftBounce", "Undeliverable", "VirusNotification"}
QUIET = {"AutoResponder", "AddressChange", "ChallengeVerification", "OpenRelayTest"}
TIMES = ("BouncedAt", "DeliveredAt", "ReceivedAt", "ChangedAt")


def is_own(envelope: Any) -> bool:
    return isinstance(envelope, dict) and ("RecordType" in envelope or "FromFull" in envelope)


def key(envelope: dict[str, Any]) -> str:
    if "RecordType" not in envelope:
        return wire.label(envelope, "MessageID")
    return ""


def read(envelope: dict[str, Any]) -> News:
    record = wire.plain(envelope.get("RecordType"))
    if record in {"", "Inbound"}:
        return _mail(envelope)
    kind = wire.plain(envelope.get("Type"))
    meaning = _meaning(record, kind, envelope)
    if not meaning:
        return Nothing(reason=f"Nothing is done about {kind or record} records.")
    metadata = envelope.get("Metadata")
    return Event(
        name=kind or record,
        meaning=meaning,
        at=next(filter(None, (iso(envelope.get(name)) for name in TIMES)), None),
        message_id=wire.label(envelope, "MessageID"),
        reference=wire.label(metadata, "reference") if isinstance(metadata, dict) else "",
        recipient=(wire.label(envelope, "Email") or wire.label(envelope, "Recipient")).lower(),
        code=kind,
        reason=wire.label(envelope, "Details") or wire.label(envelope, "Description"),
        is_permanent=kind in HARD,
    )


def _meaning(record: str, kind: str, envelope: dict[str, Any]) -> str:
    if record == "Bounce":
        if kind == "SpamComplaint":
            return COMPLAINT
        return DELAYED if kind in SOFT - {"Undeliverable"} else "" if kind in QUIET else FAILED
    if record == "SubscriptionChange":
        return COMPLAINT if envelope.get("SuppressSending") is True else ""
    return {
        "Delivery": DELIVERED,
        "Open": SEEN,
        "Click": SEEN,
        "SpamComplaint": COMPLAINT,
    }.get(record, "")


def _mail(envelope: dict[str, Any]) -> News:
    raw = wire.label(envelope, "RawEmail", 40_000_000)
    if raw:
        return read_mail(raw_bytes(raw))
    pairs = [
        (wire.label(header, "Name"), wire.label(header, "Value", 20_000))
        for header, _ in wire.objects(envelope.get("Headers"))
        if header
    ]
    sender = wire.get_object(envelope, "FromFull")
    name, address = wire.label(sender, "Name"), wire.label(sender, "Email")
    quoted = name.replace("\\", "").replace('"', "")
    pairs.insert(0, ("From", f'"{quoted}" <{address}>'))
    for header, field in (("Subject", "Subject"), ("Date", "Date"), ("To", "To"), ("Cc", "Cc")):
        pairs.append((header, wire.label(envelope, field, 5_000)))
    if reply_to := wire.label(envelope, "ReplyTo", 1_000):
        pairs.append(("Reply-To", reply_to))
    return mail_of_fields(
        pairs=pairs,
        text=wire.label(envelope, "TextBody", wire.MAX_TEXT),
        html=wire.label(envelope, "HtmlBody", wire.MAX_TEXT),
        parts=[_part(part) for part, _ in wire.objects(envelope.get("Attachments")) if part],
        seed=wire.dumps(envelope),
    )


def _part(part: dict[str, Any]) -> Part:
    content = unpacked(part.get("Content"))
    return Part(
        wire.label(part, "ContentType"),
        wire.label(part, "Name"),
        wire.number(part, "ContentLength") or len(content),
        bool(wire.label(part, "ContentID")),
        content,
    )


POSTMARK = Reader("postmark", is_own, key, read)

"""SendGrid: https://www.twilio.com/docs/sendgrid/for-developers/parsing-email (inbound parse)
and https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event (events).
"""

from typing import Any

from channels_app import wire
from channels_app.mail.headers import Headers, raw_bytes
from channels_app.mail.reading import Part, mail_of_fields, read_mail
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
    bracketed,
    unpacked,
)

MEANINGS = {
    "processed": SENT,
    "delivered": DELIVERED,
    "deferred": DELAYED,
    "bounce": FAILED,
    "dropped": FAILED,
    "spamreport": COMPLAINT,
    "unsubscribe": COMPLAINT,
    "group_unsubscribe": COMPLAINT,
    "open": SEEN,
    "click": SEEN,
}


def is_own(envelope: Any) -> bool:
    if isinstance(envelope, list):
        return any(isinstance(each, dict) and _is_event(each) for each in envelope)
    if not isinstance(envelope, dict):
        return False
    return _is_event(envelope) or {"envelope", "to"} <= set(envelope) or "charsets" in envelope


def _is_event(item: dict[str, Any]) -> bool:
    return "sg_event_id" in item or "sg_message_id" in item


def items(envelope: Any) -> list[Any]:
    return envelope if isinstance(envelope, list) else [envelope]


def key(envelope: dict[str, Any]) -> str:
    return wire.label(envelope, "sg_event_id")


def read(envelope: dict[str, Any]) -> News:
    return _event(envelope) if _is_event(envelope) else _mail(envelope)


def _event(event: dict[str, Any]) -> News:
    name = wire.plain(event.get("event"))
    meaning = MEANINGS.get(name)
    if meaning is None:
        return Nothing(reason=f"Nothing is done about {name!r} events.")
    return Event(
        name=name,
        meaning=meaning,
        at=wire.moment(event.get("timestamp")),
        message_id=bracketed(wire.label(event, "smtp-id", wire.MAX_ID)),
        reference=wire.label(event, "reference"),
        recipient=wire.label(event, "email").lower(),
        code=wire.label(event, "status"),
        reason=wire.label(event, "reason") or wire.label(event, "response"),
        is_permanent=name in {"bounce", "dropped"} and wire.label(event, "type") != "blocked",
    )


def _mail(fields: dict[str, Any]) -> News:
    raw = wire.label(fields, "email", 40_000_000)
    if raw:
        return read_mail(raw_bytes(raw))
    head = wire.label(fields, "headers", 200_000)
    message = read_mail(raw_bytes(head) + b"\r\n\r\n")
    pairs = [*message.headers.pairs]
    for header, field in (("From", "from"), ("To", "to"), ("Subject", "subject")):
        if not Headers(pairs).get(header):
            pairs.append((header, wire.label(fields, field, 5_000)))
    files = [file for file, _ in wire.objects(fields.get("files")) if file]
    return mail_of_fields(
        pairs=pairs,
        text=wire.label(fields, "text", wire.MAX_TEXT),
        html=wire.label(fields, "html", wire.MAX_TEXT),
        parts=[
            Part(
                wire.label(file, "mime"),
                wire.label(file, "name"),
                wire.number(file, "size"),
                is_inline=False,
                content=unpacked(file.get("content")),
            )
            for file in files
        ],
        seed=wire.dumps(fields),
        verdict=_authentication(fields),
    )


def _authentication(fields: dict[str, Any]) -> str:
    spf = wire.label(fields, "SPF").lower()
    dkim = wire.label(fields, "dkim").lower()
    # "{@acme.example : pass}": whose signature held.
    if _house(fields) and f"@{_house(fields)} : pass" in dkim:
        return "aligned"
    if spf == "pass" or ": pass" in dkim:
        return "pass"
    return "fail" if spf == "fail" and ": pass" not in dkim else "none"


def _house(fields: dict[str, Any]) -> str:
    """The domain of From."""
    people = Headers([("from", wire.label(fields, "from", 5_000))]).people("from")
    return next((address.rpartition("@")[2].lower() for _, address in people), "")


SENDGRID = Reader("sendgrid", is_own, key, read, items)

"""Brevo: https://developers.brevo.com/docs/inbound-parse-webhooks and
https://developers.brevo.com/docs/transactional-webhooks
"""

from typing import Any
from urllib.parse import quote

from channels_app import wire
from channels_app.mail.reading import Part, mail_of_fields
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
)
from tenants.plugins.downloads import Download, download

API = "https://api.brevo.com/v3"

MEANINGS = {
    "request": SENT,
    "delivered": DELIVERED,
    "deferred": DELAYED,
    "soft_bounce": DELAYED,
    "hard_bounce": FAILED,
    "invalid_email": FAILED,
    "blocked": FAILED,
    "error": FAILED,
    "spam": COMPLAINT,
    "complaint": COMPLAINT,
    "unsubscribed": COMPLAINT,
    "opened": SEEN,
    "unique_opened": SEEN,
    "proxy_open": SEEN,
    "unique_proxy_open": SEEN,
    "click": SEEN,
}


def is_own(envelope: Any) -> bool:
    if not isinstance(envelope, dict):
        return False
    return (
        {"event", "email"} <= set(envelope)
        or (isinstance(envelope.get("items"), list))
        or ({"Headers"} <= set(envelope) and not {"FromFull", "RecordType"} & set(envelope))
    )


def items(envelope: Any) -> list[Any]:
    found = envelope.get("items")
    return found if isinstance(found, list) else [envelope]


def key(envelope: dict[str, Any]) -> str:
    ids = envelope.get("Uuid")
    return str(ids[0])[:100] if isinstance(ids, list) and ids else ""


def read(envelope: dict[str, Any]) -> News:
    if "event" not in envelope:
        return _mail(envelope)
    name = wire.plain(envelope.get("event"))
    meaning = MEANINGS.get(name)
    if meaning is None:
        return Nothing(reason=f"Nothing is done about {name!r} events.")
    milliseconds = envelope.get("ts_epoch")
    return Event(
        name=name,
        meaning=meaning,
        at=wire.moment(milliseconds, milliseconds=True) or wire.moment(envelope.get("ts_event")),
        message_id=bracketed(wire.label(envelope, "message-id", wire.MAX_ID)),
        reference=wire.label(envelope, "X-Mailin-custom").removeprefix("reference:"),
        recipient=wire.label(envelope, "email").lower(),
        code=name,
        reason=wire.label(envelope, "reason"),
        is_permanent=name in {"hard_bounce", "invalid_email", "blocked"},
    )


def _mail(letter: dict[str, Any]) -> News:
    pairs: list[tuple[str, str]] = []
    for name, value in wire.get_object(letter, "Headers").items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, each) for each in values if isinstance(each, str)]
    known = {name.lower() for name, _ in pairs}
    for header, value in (
        ("From", _mailbox(letter.get("From"))),
        ("Reply-To", _mailbox(letter.get("ReplyTo"))),
        ("Subject", wire.label(letter, "Subject", 2_000)),
        ("Message-ID", bracketed(wire.label(letter, "MessageId", wire.MAX_ID))),
        ("In-Reply-To", bracketed(wire.label(letter, "InReplyTo", wire.MAX_ID))),
        ("Date", wire.label(letter, "SentAtDate")),
    ):
        if value and header.lower() not in known:
            pairs.append((header, value))
    return mail_of_fields(
        pairs=pairs,
        text=wire.label(letter, "RawTextBody", wire.MAX_TEXT),
        html=wire.label(letter, "RawHtmlBody", wire.MAX_TEXT),
        parts=[
            Part(
                wire.label(part, "ContentType"),
                wire.label(part, "Name"),
                wire.number(part, "ContentLength"),
                bool(wire.label(part, "ContentID")),
                ref=wire.label(part, "DownloadToken", 2_000),
            )
            for part, _ in wire.objects(letter.get("Attachments"))
            if part
        ],
        seed=wire.dumps(letter),
    )


def open_part(api_key: str, token: str, *, limit: int) -> Download:
    """https://developers.brevo.com/reference/get-inbound-email-attachment"""
    url = f"{API}/inbound/attachments/{quote(token, safe='')}"
    return download(url, limit=limit, headers={"api-key": api_key})


def _mailbox(person: Any) -> str:
    if not isinstance(person, dict):
        return ""
    name = wire.label(person, "Name").replace("\\", "").replace('"', "")
    return f'"{name}" <{wire.label(person, "Address")}>' if person.get("Address") else ""


BREVO = Reader("brevo", is_own, key, read, items)

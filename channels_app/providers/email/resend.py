"""Resend: https://resend.com/docs/dashboard/webhooks/event-types and the API for sending.

Webhooks are signed as Svix does. One about an incoming letter only names it; the letter is
fetched: https://resend.com/docs/api-reference/emails/retrieve-received-email
"""

import base64
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any

from django.conf import settings

from channels_app import wire
from channels_app.mail.reading import Part, mail_of_fields
from channels_app.mail.writing import Letter
from channels_app.providers.email.services import (
    COMPLAINT,
    DELAYED,
    DELIVERED,
    FAILED,
    SEEN,
    SENT,
    Event,
    Fetch,
    News,
    Nothing,
    Reader,
    iso,
)
from tenants.plugins import http
from tenants.plugins.downloads import Download, download
from tenants.plugins.errors import RecipientUnreachable, Rejected

MEANINGS = {
    "email.sent": SENT,
    "email.delivered": DELIVERED,
    "email.delivery_delayed": DELAYED,
    "email.bounced": FAILED,
    "email.failed": FAILED,
    "email.suppressed": FAILED,
    "email.complained": COMPLAINT,
    "email.opened": SEEN,
    "email.clicked": SEEN,
}


def is_own(envelope: Any) -> bool:
    if not isinstance(envelope, dict):
        return False
    kind = envelope.get("type")
    known = isinstance(kind, str) and kind.startswith(("email.", "contact.", "domain."))
    return known or _is_letter(envelope)


def _is_letter(envelope: dict[str, Any]) -> bool:
    """The API's answer rather than a webhook."""
    return {"id", "from", "to", "headers"} <= set(envelope)


def key(envelope: dict[str, Any]) -> str:
    data = envelope.get("data")
    if envelope.get("type") == "email.received" and isinstance(data, dict):
        return wire.label(data, "email_id")
    return ""


def read(envelope: dict[str, Any]) -> News:
    if _is_letter(envelope):
        return _mail(envelope)
    name = wire.plain(envelope.get("type"))
    data = wire.get_object(envelope, "data")
    if name == "email.received":
        return Fetch(id=wire.get_id(data, "email_id"))
    meaning = MEANINGS.get(name)
    if meaning is None:
        return Nothing(reason=f"Nothing is done about {name!r} events.")
    bounce = data.get("bounce")
    bounce = bounce if isinstance(bounce, dict) else {}
    recipients = [each for each in wire.get_list(data, "to") if isinstance(each, str)]
    return Event(
        name=name,
        meaning=meaning,
        at=iso(envelope.get("created_at")),
        message_id=wire.label(data, "email_id"),
        reference=_tag(data.get("tags")),
        recipient=recipients[0].lower() if recipients else "",
        code=wire.label(bounce, "subType") or wire.label(bounce, "type"),
        reason=wire.label(bounce, "message"),
        is_permanent=wire.label(bounce, "type") in {"Permanent", ""} and meaning == FAILED,
    )


def _tag(tags: Any) -> str:
    """Ours among the tags; the API takes a list of them and hands a mapping back."""
    if isinstance(tags, dict):
        return wire.label(tags, "reference")
    for tag, _ in wire.objects(tags):
        if tag and tag.get("name") == "reference":
            return wire.label(tag, "value")
    return ""


def _mail(letter: dict[str, Any]) -> News:
    pairs: list[tuple[str, str]] = []
    headers = letter.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else []:
        values = value if isinstance(value, list) else [value]
        pairs += [(name, each) for each in values if isinstance(each, str)]
    known = {name.lower() for name, _ in pairs}
    for header, field in (("From", "from"), ("Subject", "subject"), ("Message-ID", "message_id")):
        if header.lower() not in known:
            pairs.append((header, wire.label(letter, field, 2_000)))
    came = iso(letter.get("created_at"))  # ISO 8601, which is no Date of a letter (RFC 5322)
    if came is not None and "date" not in known:
        pairs.append(("Date", format_datetime(came)))
    if "to" not in known:
        people = [each for each in wire.get_list(letter, "to") if isinstance(each, str)]
        pairs.append(("To", ", ".join(people[:50])))
    return mail_of_fields(
        pairs=pairs,
        text=wire.label(letter, "text", wire.MAX_TEXT),
        html=wire.label(letter, "html", wire.MAX_TEXT),
        parts=[
            Part(
                wire.label(part, "content_type"),
                wire.label(part, "filename"),
                wire.number(part, "size"),
                wire.label(part, "content_disposition") == "inline",
                ref=wire.label(part, "id", 100),
            )
            for part, _ in wire.objects(letter.get("attachments"))
            if part
        ],
        seed=wire.dumps(letter),
    )


def fetch(api_key: str, email_id: str) -> bytes:
    """An incoming letter, as the API describes it."""
    if not email_id.replace("-", "").isalnum():
        raise Rejected("No id of a letter.")
    found = http.request(
        "GET",
        f"{settings.RESEND_API_URL}/emails/receiving/{email_id}",
        headers=_headers(api_key),
        idempotent=True,
    )
    return wire.dumps(found)


def open_part(api_key: str, letter: bytes, part_id: str, *, limit: int) -> Download:
    """https://resend.com/docs/api-reference/emails/retrieve-received-email-attachment"""
    email_id = wire.label(wire.load_object(letter), "id", 100)
    if not all(each.replace("-", "").isalnum() for each in (email_id, part_id)):
        raise Rejected("No id of a letter's file.")
    found = http.request(
        "GET",
        f"{settings.RESEND_API_URL}/emails/receiving/{email_id}/attachments/{part_id}",
        headers=_headers(api_key),
        idempotent=True,
    )
    return download(wire.web_address((found or {}).get("download_url")), limit=limit)


def send(api_key: str, letter: Letter) -> str:
    """Hand a letter to Resend; return its id there.

    Asking twice does no harm: the key of the request is our reference, and Resend remembers it
    for a day (https://resend.com/docs/dashboard/emails/idempotency-keys).
    """
    try:
        answer = http.request(
            "POST",
            f"{settings.RESEND_API_URL}/emails",
            json=payload(letter),
            headers={**_headers(api_key), "Idempotency-Key": letter.reference},
            idempotent=True,
        )
    except Rejected as error:
        if error.status == 422 and "`to`" in str(error):
            raise RecipientUnreachable(str(error), code=error.code, status=422) from error
        raise
    return wire.get_answer_id(answer, "id")


def payload(letter: Letter) -> dict[str, Any]:
    headers: Mapping[str, str] = {"Message-ID": letter.message_id, **letter.extra_headers}
    attachments = [
        {"filename": name, "content": base64.b64encode(content).decode(), "content_type": mime}
        for name, content, mime in letter.files
    ]
    return {
        **({"attachments": attachments} if attachments else {}),
        "from": letter.sender,
        "to": [letter.recipient],
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "headers": dict(headers),
        "tags": [{"name": "reference", "value": letter.reference}],
    }


def _headers(api_key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api_key}"}


RESEND = Reader("resend", is_own, key, read)

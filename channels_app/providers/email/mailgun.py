"""Mailgun: https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store

Routes post a form; events post JSON. Both carry a signature over time stamp and token, not over
the body (securing-webhooks), so that a token counts once: it is the event's key.
"""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import redis
from django.core.cache import cache

from channels_app import wire
from channels_app.mail.headers import raw_bytes
from channels_app.mail.reading import Part, mail_of_fields, read_mail
from channels_app.providers.email.bodies import is_json, read_form
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
from channels_app.signatures import same
from tenants.plugins.errors import PayloadRejected, SignatureMismatch

REMEMBERED_SECONDS = 3 * 24 * 3600  # Mailgun tries for eight hours
MEANINGS = {
    "accepted": SENT,
    "delivered": DELIVERED,
    "failed": FAILED,
    "bounced": FAILED,
    "dropped": FAILED,
    "rejected": FAILED,
    "complained": COMPLAINT,
    "opened": SEEN,
    "clicked": SEEN,
}


def verify(secret: bytes, body: bytes) -> None:
    """Mailgun's signature, wherever the body has it."""
    try:
        claimed = wire.load_object(body).get("signature") if is_json(body) else None
        values = claimed if isinstance(claimed, dict) else read_form(body).fields
    except PayloadRejected as error:
        raise SignatureMismatch("No signature in the body.") from error
    parts = {name: str(values.get(name) or "") for name in ("timestamp", "token", "signature")}
    if not all(parts.values()):
        raise SignatureMismatch("No signature in the body.")
    if not same(parts["signature"], signature(secret, parts["timestamp"], parts["token"])):
        raise SignatureMismatch("Mailgun's signature does not match.")
    _take_once(parts["token"], body)


def _take_once(token: str, body: bytes) -> None:
    """A token is good for one body: Mailgun may bring that again, nobody may bring another.

    Mailgun signs the token and not the body. Where the memory is away, or has forgotten, the
    event's key still keeps a second item under the same token from counting.
    """
    shape = "json" if is_json(body) else "form"  # routes and events draw tokens of their own
    name = f"mailgun:{shape}:{sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()}"
    print_of_body = sha256(body).hexdigest()
    try:
        if cache.add(name, print_of_body, timeout=REMEMBERED_SECONDS):
            return
        known = cache.get(name)
    except redis.RedisError:
        return
    if known is not None and known != print_of_body:
        raise SignatureMismatch("This token of Mailgun's came before, with another body.")


def signature(secret: bytes, timestamp: str, token: str) -> str:
    return hmac.new(
        secret, (timestamp + token).encode("utf-8", "surrogatepass"), sha256
    ).hexdigest()


def token_of(envelope: Mapping[str, Any]) -> str:
    signed = envelope.get("signature")
    token = signed.get("token") if isinstance(signed, dict) else envelope.get("token")
    return token if isinstance(token, str) else ""


def is_own(envelope: Any) -> bool:
    if not isinstance(envelope, dict):
        return False
    return "event-data" in envelope or bool(
        {"body-plain", "body-mime", "message-headers", "stripped-text"} & set(envelope)
        or {"event", "recipient"} <= set(envelope)
    )


def read(envelope: dict[str, Any]) -> News:
    if "event-data" in envelope:
        return _event(wire.get_object(envelope, "event-data"))
    if "event" in envelope:  # as Mailgun spoke before 2018
        return _legacy_event(envelope)
    return _mail(envelope)


def _mail(fields: dict[str, Any]) -> News:
    raw = wire.get_text(fields, "body-mime")
    if raw:
        return read_mail(raw_bytes(raw))
    pairs = _headers(fields.get("message-headers"))
    known = {name.lower() for name, _ in pairs}
    for name, field in (("From", "from"), ("From", "sender"), ("Subject", "subject")):
        value = wire.label(fields, field, 1_000)
        if name.lower() not in known and value:
            pairs.append((name, value))
            known.add(name.lower())
    checks = {name.lower(): value for name, value in pairs}
    return mail_of_fields(
        pairs=pairs,
        text=wire.label(fields, "body-plain", wire.MAX_TEXT),
        html=wire.label(fields, "body-html", wire.MAX_TEXT),
        parts=[
            Part(
                wire.label(file, "mime"),
                wire.label(file, "name"),
                wire.number(file, "size"),
                is_inline=False,
                content=unpacked(file.get("content")),
            )
            for file, _ in wire.objects(fields.get("files"))
            if file
        ],
        seed=wire.dumps(fields),
        verdict=_authentication(checks),
    )


def _headers(value: Any) -> list[tuple[str, str]]:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return []
    if not isinstance(found, list):
        return []
    return [
        (pair[0], pair[1])
        for pair in found[:500]
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(e, str) for e in pair)
    ]


def _authentication(checks: Mapping[str, str]) -> str:
    """What Mailgun itself found: https://documentation.mailgun.com (spam filter headers)."""
    spf = checks.get("x-mailgun-spf", "").lower()
    dkim = checks.get("x-mailgun-dkim-check-result", "").lower()
    if "pass" in {spf, dkim}:
        return "pass"
    return "fail" if spf == "fail" and dkim in {"fail", ""} else "none"


def _event(event: dict[str, Any]) -> News:
    name = wire.plain(event.get("event"))
    meaning = MEANINGS.get(name)
    if meaning is None:
        return Nothing(reason=f"Nothing is done about {name!r} events.")
    severity = wire.label(event, "severity")
    if meaning == FAILED and severity == "temporary":
        meaning = DELAYED
    status = event.get("delivery-status")
    status = status if isinstance(status, dict) else {}
    message = wire.get_object(event, "message")
    headers = message.get("headers")
    headers = headers if isinstance(headers, dict) else {}
    variables = event.get("user-variables")
    reject = event.get("reject")
    said = wire.label(status, "message") or wire.label(status, "description")
    said = said or (wire.label(reject, "reason") if isinstance(reject, dict) else "")
    return Event(
        name=name,
        meaning=meaning,
        at=wire.moment(event.get("timestamp")),
        message_id=bracketed(wire.label(headers, "message-id", wire.MAX_ID)),
        reference=wire.label(variables, "reference") if isinstance(variables, dict) else "",
        recipient=wire.label(event, "recipient").lower(),
        code=str(status.get("code") or "")[:20],
        reason=said or wire.label(event, "reason"),
        is_permanent=severity == "permanent" and wire.label(event, "reason") != "generic",
    )


def _legacy_event(fields: dict[str, Any]) -> News:
    name = wire.plain(fields.get("event"))
    meaning = MEANINGS.get(name)
    if meaning is None:
        return Nothing(reason=f"Nothing is done about {name!r} events.")
    return Event(
        name=name,
        meaning=meaning,
        at=wire.moment(fields.get("timestamp")),
        message_id=bracketed(wire.label(fields, "Message-Id", wire.MAX_ID)),
        recipient=wire.label(fields, "recipient").lower(),
        code=str(fields.get("code") or "")[:20],
        reason=wire.label(fields, "error"),
        is_permanent=name == "bounced",
    )


def key(envelope: dict[str, Any]) -> str:
    return token_of(envelope)


MAILGUN = Reader("mailgun", is_own, key, read)

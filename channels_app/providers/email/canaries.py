"""A letter (or news of one) as each mail service would tell us of it, about nobody's mail."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from channels_app import wire
from channels_app.providers import base
from channels_app.providers.email import mailgun

DOCTOR = "channel-doctor@leadwire.invalid"  # RFC 2606: a name that no mail is ever sent to
SENDER = f"{base.DOCTOR} <{DOCTOR}>"


def canary(config: Mapping[str, Any], address: str, mark: str) -> bytes | None:
    """The body; None where letters are fetched, or only Amazon can sign what Amazon says."""
    service = str(config.get("inbound") or "")
    if service in {"imap", "ses"}:
        return None
    if service == "mailgun":
        return _mailgun(base.strict_config(config, "webhook_secret"), address, mark)
    write = {
        "sendgrid": _sendgrid,
        "resend": _resend,
        "brevo": _brevo,
    }.get(service, _postmark)
    return write(address, mark)


def _now() -> datetime:
    return datetime.now(UTC)


def _postmark(address: str, mark: str) -> bytes:
    letter = {
        "MessageID": mark,
        "FromFull": {"Email": DOCTOR, "Name": base.DOCTOR},
        "To": address,
        "Subject": mark,
        "Date": format_datetime(_now()),
        "TextBody": mark,
        "Headers": [],
        "Attachments": [],
    }
    return wire.dumps(letter)


def _mailgun(secret: bytes, address: str, mark: str) -> bytes:
    timestamp = str(base.now_in_seconds())
    fields = {
        "recipient": address,
        "sender": DOCTOR,
        "from": SENDER,
        "subject": mark,
        "body-plain": mark,
        "message-headers": json.dumps([["Message-Id", f"<{mark}@leadwire.invalid>"]]),
        "timestamp": timestamp,
        "token": mark,
        "signature": mailgun.signature(secret, timestamp, mark),
    }
    return urlencode(fields).encode()


def _sendgrid(address: str, mark: str) -> bytes:
    fields = {
        "from": SENDER,
        "to": address,
        "subject": mark,
        "text": mark,
        "headers": f"Message-ID: <{mark}@leadwire.invalid>\n",
        "envelope": json.dumps({"to": [address], "from": DOCTOR}),
        "charsets": json.dumps({"text": "utf-8"}),
    }
    return urlencode(fields).encode()


def _resend(address: str, mark: str) -> bytes:
    """News of a letter that nobody wrote: one that came in would have to be fetched there."""
    at = _now().isoformat()
    data = {"email_id": mark, "created_at": at, "from": address, "to": [DOCTOR], "subject": mark}
    return wire.dumps({"type": "email.delivered", "created_at": at, "data": data})


def _brevo(address: str, mark: str) -> bytes:
    letter = {
        "Uuid": [mark],
        "MessageId": f"<{mark}@leadwire.invalid>",
        "From": {"Name": base.DOCTOR, "Address": DOCTOR},
        "To": [{"Name": None, "Address": address}],
        "Subject": mark,
        "SentAtDate": format_datetime(_now()),
        "RawTextBody": mark,
        "Headers": {},
        "Attachments": [],
    }
    return wire.dumps({"items": [letter]})

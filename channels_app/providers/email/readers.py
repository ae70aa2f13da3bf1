"""Whose webhook a body is, what is in it, and what each service lets us send along."""

import base64
from typing import Any

from channels_app import wire
from channels_app.providers.email import brevo, mailgun, postmark, resend, sendgrid, ses
from channels_app.providers.email.bodies import is_json, read_form
from channels_app.providers.email.services import Reader
from channels_app.providers.values import RawItem

# The first that recognises a body reads it; the less particular stand behind.
READERS: tuple[Reader, ...] = (
    postmark.POSTMARK,
    resend.RESEND,
    ses.SES,
    mailgun.MAILGUN,
    sendgrid.SENDGRID,
    brevo.BREVO,
)
BY_NAME = {reader.name: reader for reader in READERS}


def reader_of(envelope: Any) -> Reader | None:
    return next((each for each in READERS if each.is_own(envelope)), None)


def envelope_of(body: bytes) -> Any:
    """A webhook's body as JSON values; the files of a form as objects."""
    if is_json(body):
        return wire.loads(body)
    form = read_form(body)
    files = [
        {
            "field": file.input_name,
            "name": file.name,
            "mime": file.mime,
            "size": len(file.content),
            "content": base64.b64encode(file.content).decode(),
        }
        for file in form.files
    ]
    return {**form.fields, **({"files": files} if files else {})}


def item_of(reader: Reader, item: dict[str, Any]) -> RawItem:
    body = wire.dumps(item)
    key = reader.key(item)
    kind = ses.CONFIRMATION if ses.is_confirmation(item) else reader.name
    return RawItem("", wire.key_of(reader.name, key or body.hex()), kind, body)


def tracking(service: str, reference: str) -> dict[str, str]:
    """The header in which a service lets us send a word along that its events bring back."""
    return {
        "postmark": {"X-PM-Metadata-reference": reference, "X-PM-KeepID": "true"},
        "mailgun": {"X-Mailgun-Variables": f'{{"reference": "{reference}"}}'},
        "sendgrid": {"X-SMTPAPI": f'{{"unique_args": {{"reference": "{reference}"}}}}'},
        "ses": {"X-SES-MESSAGE-TAGS": f"reference={reference}"},
        "brevo": {"X-Mailin-custom": f"reference:{reference}"},
    }.get(service, {})

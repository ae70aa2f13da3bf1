"""A company's own system, or any without a plug-in: signed webhooks in both directions.

In and out follow Standard Webhooks: https://www.standardwebhooks.com/ (headers ``webhook-id``,
``webhook-timestamp``, ``webhook-signature``; Svix's ``svix-`` names are taken as well).

In, one event or a list of them under ``events``::

    {"type": "message", "id": "m-1", "from": {"id": "u-1", "name": "Ada"}, "text": "Hello",
     "timestamp": "2026-11-20T10:00:00Z"}

Types: message, edit, delete, reaction, status, echo. Out, to ``send_url``::

    {"type": "message.send", "to": "u-1", "text": "Hello Ada", "reference": "<uuid>"}

The answer may name the message: ``{"id": "their-id"}``; otherwise the reference is its id.
"""

import base64
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from json import dumps
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from channels_app import wire
from channels_app.providers import base, values
from channels_app.providers.values import Inbound, Outgoing, Person, RawItem, Sent
from tenants.plugins import http
from tenants.plugins.errors import (
    AnswerLost,
    PayloadRejected,
    ProviderError,
    Rejected,
    SignatureMismatch,
)

HEADERS = ("id", "timestamp", "signature")
STATES = {"sent", "delivered", "read", "failed"}
KINDS = {"image", "audio", "video", "file", "location", "contact", "sticker", "link"}


class SecretField(forms.CharField):
    """A Standard Webhooks secret: base64, with or without the prefix ``whsec_``."""

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned:
            try:
                Webhook(cleaned)
            except (ValueError, RuntimeError) as error:
                raise forms.ValidationError("Give a base64 secret such as whsec_…") from error
        return cleaned


class Custom(base.ChannelProvider):
    class ConfigForm(forms.Form):
        secret = SecretField(
            label="Signing secret", widget=forms.PasswordInput, max_length=500, required=False
        )
        send_url = forms.URLField(
            label="Address we send to", max_length=1000, required=False, assume_scheme="https"
        )

    secret_names: ClassVar[Mapping[str, str]] = {"secret": "secret", "token": "send_url"}
    how_to_connect = _(
        "Post events to the webhook address, signed with the secret as Standard Webhooks"
        " describes. What we answer is posted to your address, signed the same way."
    )

    @classmethod
    def new_secret(cls, name: str) -> str:
        if name != "secret":
            return ""
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        named = {
            f"webhook-{name}": headers.get(f"webhook-{name}") or headers.get(f"svix-{name}") or ""
            for name in HEADERS
        }
        try:
            self._webhook().verify(body, named, json_parse=False)
        # ValueError: a signature that is no base64, a body that is no UTF-8
        except (WebhookVerificationError, ValueError) as error:
            raise SignatureMismatch(f"The signature does not verify: {error}") from error

    def signed(self, body: bytes) -> dict[str, str]:
        return self._headers(f"msg_{secrets.token_hex(12)}", body)

    def _headers(self, identifier: str, body: bytes) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "webhook-id": identifier,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook().sign(identifier, now, body.decode()),
        }

    def _webhook(self) -> Webhook:
        return Webhook(base.strict_config(self.config, "secret").decode())

    def canary(self, mark: str) -> bytes:
        doctor = {"id": mark, "name": base.DOCTOR}
        at = datetime.now(UTC).isoformat()
        event = {"type": "message", "id": mark, "from": doctor, "text": mark, "timestamp": at}
        return wire.dumps(event)

    # -- splitting and reading

    def split(self, body: bytes) -> Iterator[RawItem]:
        envelope = wire.load_object(body)
        return base.one_item_each(envelope.get("events", [envelope]), body, _item)

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        event = wire.load_object(body)
        reader = READERS.get(kind)
        if reader is None:
            return [values.Unsupported(reason=f"Nothing is done about {kind!r} events.")]
        return [reader(event)]

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        url = wire.web_address(self.config.get("send_url"))
        if not url:
            raise Rejected("No address to send to is set for this connection.", code="send_url")
        body = dumps(
            {
                "type": "message.send",
                "to": message.recipient_id,
                "text": message.text,
                "attachments": [
                    {name: said for name, said in attachment.items() if name != "media"}
                    for attachment in message.attachments
                ],
                "reference": message.reference,
            }
        ).encode()
        # The receiver knows a repetition by webhook-id; ours is the message's own reference.
        headers = {**self._headers(message.reference, body), "Content-Type": "application/json"}
        try:
            answer = http.request("POST", url, content=body, headers=headers, named_by_company=True)
        except AnswerLost as error:
            if 200 <= error.status < 300:
                return Sent(message.reference)
            raise
        except ProviderError as error:
            if error.status in {502, 504}:
                raise AnswerLost(str(error), status=error.status) from error
            raise
        named = answer.get("id") if isinstance(answer, dict) else None
        if isinstance(named, str | int) and not isinstance(named, bool) and named != "":
            return Sent(str(named)[: wire.MAX_ID])
        return Sent(message.reference)


def _item(event: dict[str, Any]) -> RawItem:
    kind = wire.plain(event.get("type")) or "unknown"
    body = wire.dumps(event)
    # Only a message and an echo are one event for all time; a message may be edited twice.
    own = event.get("id") if kind in {"message", "echo"} else event.get("event_id")
    known = isinstance(own, str | int) and own != ""
    parts = (kind, own) if known else (kind, body.decode())
    return RawItem("", wire.key_of(*parts), kind, body)


def _when(event: dict[str, Any]) -> datetime | None:
    """ISO 8601 with an offset, or Unix seconds."""
    value = event.get("timestamp")
    if not isinstance(value, str):
        return wire.moment(value)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return wire.moment(value)
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        return None


def _person(event: dict[str, Any], side: str) -> Person:
    person = wire.get_object(event, side)
    return Person(
        id=wire.get_id(person, "id"),
        name=wire.label(person, "name"),
        phone=wire.label(person, "phone", 40),
        email=wire.label(person, "email", 254),
        language=wire.plain(person.get("language"), 16),
    )


def _attachments(event: dict[str, Any]) -> tuple[values.Attachment, ...]:
    found = [each for each, _ in wire.objects(event.get("attachments")) if each]
    return tuple(
        values.Attachment(
            kind=str(each["kind"]) if each.get("kind") in KINDS else "file",
            url=wire.web_address(each.get("url")),
            name=wire.label(each, "name"),
            mime=wire.plain(each.get("mime"), 100),
            size=wire.number(each, "size"),
        )
        for each in found[: wire.MAX_ATTACHMENTS]
    )


def _message(event: dict[str, Any]) -> Inbound:
    text, attachments = wire.get_text(event, "text"), _attachments(event)
    is_empty = not text and not attachments
    said = values.InboundMessage(
        external_id=wire.get_id(event, "id"),
        sender=_person(event, "from"),
        sent_at=_when(event),
        text=text,
        attachments=values.unshown() if is_empty else attachments,
        thread_id=wire.get_id(event, "thread", required=False),
        reply_to=wire.get_id(event, "reply_to", required=False),
        sequence=wire.number(event, "sequence"),
    )
    if is_empty:
        return values.Unsupported(reason="A message without text or attachment.", said=said)
    return said


def _echo(event: dict[str, Any]) -> Inbound:
    return values.InboundEcho(
        external_id=wire.get_id(event, "id"),
        recipient=_person(event, "to"),
        sent_at=_when(event),
        text=wire.get_text(event, "text"),
        attachments=_attachments(event),
        reference=wire.label(event, "reference"),
    )


def _edit(event: dict[str, Any]) -> Inbound:
    """``from`` may be left out; with it, an edit whose message never came is one itself."""
    told = _message(event) if event.get("from") else None
    return values.InboundEdit(
        external_id=wire.get_id(event, "id"),
        text=wire.get_text(event, "text"),
        at=_when(event),
        said=told if isinstance(told, values.InboundMessage) else None,
    )


def _delete(event: dict[str, Any]) -> Inbound:
    return values.InboundDelete(external_id=wire.get_id(event, "id"), at=_when(event))


def _reaction(event: dict[str, Any]) -> Inbound:
    return values.InboundReaction(
        external_id=wire.get_id(event, "id"),
        by=_person(event, "from").id,
        emoji=wire.label(event, "emoji", 16),
        at=_when(event),
    )


def _status(event: dict[str, Any]) -> Inbound:
    state = event.get("status")
    if not isinstance(state, str) or state not in STATES:
        raise PayloadRejected(f"status is none of: {', '.join(sorted(STATES))}.")
    return values.InboundStatus(
        external_id=wire.get_id(event, "id"),
        state=state,
        at=_when(event),
        reference=wire.label(event, "reference"),
        error_code=wire.plain(event.get("error_code"), 64),
        error_text=wire.label(event, "error_text"),
    )


READERS = {
    "message": _message,
    "echo": _echo,
    "edit": _edit,
    "delete": _delete,
    "reaction": _reaction,
    "status": _status,
}

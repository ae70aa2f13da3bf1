"""Facebook Messenger. https://developers.facebook.com/docs/messenger-platform/webhooks"""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django import forms

from channels_app import graph, signatures, wire
from channels_app.providers import base
from channels_app.providers.base import Inbound, Outgoing, Person, RawItem, Sent
from tenants.plugins.errors import PayloadRejected, Rejected

# What a messaging event is about: the first of these that it holds.
SECTIONS = ("message", "message_edit", "postback", "reaction", "delivery", "read")
KINDS = {"image", "audio", "video", "file", "location"}


class Messenger(base.ChannelProvider):
    class ConfigForm(forms.Form):
        page_token = forms.CharField(
            label="Page access token", widget=forms.PasswordInput, max_length=1000, required=False
        )
        app_secret = forms.CharField(
            label="App secret", widget=forms.PasswordInput, max_length=200, required=False
        )
        verify_token = forms.CharField(
            label="Verify token", widget=forms.PasswordInput, max_length=200, required=False
        )
        app_id = forms.CharField(label="App id", max_length=40, required=False)

    secret_names: ClassVar[Mapping[str, str]] = {
        "secret": "app_secret",
        "token": "page_token",
        "verify_token": "verify_token",
    }
    has_shared_address = True
    how_to_connect = (
        "In your Meta app, add the Messenger product, enter the webhook address and the verify"
        " token, and subscribe the page to messages, message_echoes, message_edits,"
        " message_reactions, message_deliveries, message_reads and messaging_postbacks."
    )

    @classmethod
    def new_secret(cls, name: str) -> str:
        return secrets.token_urlsafe(24)

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        secret = base.strict_config(self.config, "app_secret")
        signatures.check_hub_signature(headers.get("X-Hub-Signature-256", ""), secret, body)

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "app_secret")
        return {"X-Hub-Signature-256": f"sha256={signatures.hex_hmac(secret, body)}"}

    def handshake(self, query: Mapping[str, str]) -> str:
        return signatures.hub_challenge(dict(query), str(self.config.get("verify_token") or ""))

    # -- splitting

    def split(self, body: bytes) -> Iterator[RawItem]:
        envelope = wire.load_object(body)
        entries = envelope.get("entry")
        if not isinstance(entries, list | dict):
            raise PayloadRejected("There is no list of entries.")
        found = False
        for entry, as_it_came in wire.objects(entries):
            found = True
            yield from self._items_of(entry, as_it_came)
        if not found:
            yield base.empty(body)

    def _items_of(self, entry: dict[str, Any] | None, as_it_came: Any) -> Iterator[RawItem]:
        try:
            page = wire.get_account(entry or {}, "id")
        except PayloadRejected:
            entry, page = None, ""
        if entry is None:
            yield base.unreadable(as_it_came)
            return
        found = False
        for lane in ("messaging", "standby", "changes"):
            for event, raw in wire.objects(entry.get(lane)):
                found = True
                yield _item(page, lane, event) if event is not None else base.unreadable(raw, page)
        if not found:
            yield base.empty(wire.dumps(entry), page)

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        event = wire.load_object(body)
        if kind.startswith("standby"):
            return [base.Unsupported(reason="Another app leads this conversation (standby).")]
        reader = {
            "message": self._message,
            "message_edit": _edit,
            "postback": _postback,
            "reaction": _reaction,
            "delivery": _delivery,
            "read": _read,
        }.get(kind)
        if reader is None:
            return [base.Unsupported(reason=f"Nothing is done about {kind!r} events.")]
        return reader(event)

    def _message(self, event: dict[str, Any]) -> list[Inbound]:
        message = wire.get_object(event, "message")
        mid = wire.get_id(message, "mid")
        at = wire.moment(event.get("timestamp"), milliseconds=True)
        if message.get("is_deleted"):
            return [base.InboundDelete(external_id=mid, at=at)]
        if message.get("is_unsupported"):
            return [base.Unsupported(reason="The network says it cannot show us this message.")]
        text = wire.get_text(message, "text")
        attachments = _attachments(message)
        if not text and not attachments:
            return [base.Unsupported(reason="A message without text or attachment.")]
        if message.get("is_echo"):
            app_id = wire.get_id(message, "app_id", required=False)
            return [
                base.InboundEcho(
                    external_id=mid,
                    recipient=_person(event, "recipient"),
                    sent_at=at,
                    text=text,
                    attachments=attachments,
                    reference=wire.label(message, "metadata"),
                    by_our_app=bool(app_id) and app_id == str(self.config.get("app_id") or ""),
                    sequence=wire.number(message, "seq"),
                )
            ]
        reply_to = wire.get_object(message, "reply_to")
        return [
            base.InboundMessage(
                external_id=mid,
                sender=_person(event, "sender"),
                sent_at=at,
                text=text,
                attachments=attachments,
                reply_to=wire.get_id(reply_to, "mid", required=False),
                sequence=wire.number(message, "seq"),
            )
        ]

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        """https://developers.facebook.com/docs/messenger-platform/reference/send-api

        ``metadata`` comes back in the echo, which finds a message whose answer was lost.
        """
        body: dict[str, Any] = {
            "recipient": {"id": message.recipient_id},
            "messaging_type": "MESSAGE_TAG" if message.tag else "RESPONSE",
            "message": {"text": message.text, "metadata": message.reference},
        }
        if message.tag:
            body["tag"] = message.tag
        if message.attachments and not message.text:
            body["message"] = {
                "attachment": _outgoing_attachment(message.attachments[0]),
                "metadata": message.reference,
            }
        token = str(self.config.get("page_token") or "")
        answer = graph.post(f"{self.config['account_id']}/messages", token, body)
        return Sent(wire.get_answer_id(answer, "message_id"))


def _item(page: str, lane: str, event: dict[str, Any]) -> RawItem:
    """One event with the key by which its re-delivery is known."""
    body = wire.dumps(event)
    if lane == "changes":
        kind = f"changes {wire.plain(event.get('field'))}"
        return RawItem(page, wire.key_of(page, kind, body.decode()), kind, body)
    section = next((name for name in SECTIONS if event.get(name) is not None), "")
    kind = section or wire.plain(next((k for k in event if k not in _ENVELOPE), "")) or "unknown"
    detail = event.get(section) if section else None
    parts: tuple[Any, ...] = (body.decode(),)
    if isinstance(detail, dict) and isinstance(detail.get("mid"), str):
        mid = detail["mid"]
        if section == "message":
            parts = (mid, bool(detail.get("is_deleted")))
        elif section == "message_edit":
            parts = (mid, str(detail.get("num_edit")))
        elif section == "postback":
            parts = (mid,)
    name = f"standby {kind}" if lane == "standby" else kind
    return RawItem(page, wire.key_of(page, name, *parts), name[:64], body)


_ENVELOPE = frozenset({"sender", "recipient", "timestamp"})


def _person(event: dict[str, Any], side: str) -> Person:
    return Person(id=wire.get_id(wire.get_object(event, side), "id"))


def _attachments(message: dict[str, Any]) -> tuple[base.Attachment, ...]:
    found = []
    for attachment, _ in wire.objects(message.get("attachments")):
        if attachment is None:
            continue
        kind = wire.label(attachment, "type", 20)
        payload = attachment.get("payload")
        payload = payload if isinstance(payload, dict) else {}
        kind = "sticker" if payload.get("sticker_id") else kind if kind in KINDS else "link"
        found.append(
            base.Attachment(
                kind=kind,
                url=wire.web_address(payload.get("url") or attachment.get("url")),
                name=wire.label(payload, "title") or wire.label(attachment, "title"),
            )
        )
    return tuple(found[: wire.MAX_ATTACHMENTS])


def _edit(event: dict[str, Any]) -> list[Inbound]:
    edit = wire.get_object(event, "message_edit")
    return [
        base.InboundEdit(
            external_id=wire.get_id(edit, "mid"),
            text=wire.get_text(edit, "text"),
            at=wire.moment(event.get("timestamp"), milliseconds=True),
        )
    ]


def _postback(event: dict[str, Any]) -> list[Inbound]:
    """A tapped button is something said: its title, else its payload."""
    postback = wire.get_object(event, "postback")
    sender = _person(event, "sender")
    text = wire.get_text(postback, "title") or wire.get_text(postback, "payload")
    if not text:
        return [base.Unsupported(reason="A button without a title or payload.")]
    made_up = f"postback:{sender.id}:{event.get('timestamp')}"  # older events carry no mid
    return [
        base.InboundMessage(
            external_id=wire.get_id(postback, "mid", required=False) or made_up[: wire.MAX_ID],
            sender=sender,
            sent_at=wire.moment(event.get("timestamp"), milliseconds=True),
            text=text,
        )
    ]


def _reaction(event: dict[str, Any]) -> list[Inbound]:
    reaction = wire.get_object(event, "reaction")
    emoji = wire.label(reaction, "emoji", 16) or wire.label(reaction, "reaction", 16)
    return [
        base.InboundReaction(
            external_id=wire.get_id(reaction, "mid"),
            by=_person(event, "sender").id,
            emoji="" if reaction.get("action") == "unreact" else emoji,
            at=wire.moment(event.get("timestamp"), milliseconds=True),
        )
    ]


def _delivery(event: dict[str, Any]) -> list[Inbound]:
    delivery = wire.get_object(event, "delivery")
    at = wire.moment(delivery.get("watermark"), milliseconds=True)
    mids = [mid for mid in wire.get_list(delivery, "mids") if isinstance(mid, str)]
    if mids:
        return [
            base.InboundStatus(external_id=mid[: wire.MAX_ID], state="delivered", at=at)
            for mid in mids[: wire.MAX_ATTACHMENTS]
        ]
    return _watermark(event, "delivered", at)


def _read(event: dict[str, Any]) -> list[Inbound]:
    read = wire.get_object(event, "read")
    return _watermark(event, "read", wire.moment(read.get("watermark"), milliseconds=True))


def _watermark(event: dict[str, Any], state: str, up_to: Any) -> list[Inbound]:
    if up_to is None:
        raise PayloadRejected("The watermark is missing.")
    sender = _person(event, "sender")
    return [base.InboundWatermark(thread_id=sender.id, state=state, up_to=up_to)]


def _outgoing_attachment(attachment: Mapping[str, Any]) -> dict[str, Any]:
    url = wire.web_address(attachment.get("url"))
    if not url:
        raise Rejected("An attachment needs a public web address.", code="attachment")
    kind = attachment.get("kind")
    return {"type": kind if kind in KINDS - {"location"} else "file", "payload": {"url": url}}

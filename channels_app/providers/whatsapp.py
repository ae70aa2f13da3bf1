"""WhatsApp Cloud API. https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks"""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django import forms

from channels_app import graph, signatures, wire
from channels_app.providers import base
from channels_app.providers.base import Inbound, Outgoing, Person, RawItem, Sent
from tenants.plugins.errors import PayloadRejected, Rejected

# List in ``value`` -> what each of its elements is.
LANES = {"messages": "message", "message_echoes": "echo", "statuses": "status"}
MEDIA = {
    "image": "image",
    "audio": "audio",
    "voice": "audio",
    "video": "video",
    "document": "file",
    "sticker": "sticker",
}
# https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/messages/status
STATES = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read"}
FAILED = "failed"


class WhatsApp(base.ChannelProvider):
    class ConfigForm(forms.Form):
        access_token = forms.CharField(
            label="System user access token",
            widget=forms.PasswordInput,
            max_length=1000,
            required=False,
        )
        app_secret = forms.CharField(
            label="App secret", widget=forms.PasswordInput, max_length=200, required=False
        )
        verify_token = forms.CharField(
            label="Verify token", widget=forms.PasswordInput, max_length=200, required=False
        )

    secret_names: ClassVar[Mapping[str, str]] = {
        "secret": "app_secret",
        "token": "access_token",
        "verify_token": "verify_token",
    }
    has_shared_address = True
    how_to_connect = (
        "In your Meta app, add the WhatsApp product, enter the webhook address and the verify"
        " token, and subscribe to the fields messages and smb_message_echoes. The account id is"
        " the phone number id."
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
            if entry is None:
                found = True
                yield base.unreadable(as_it_came)
                continue
            for change, raw in wire.objects(entry.get("changes")):
                found = True
                yield from _items_of(change, raw)
        if not found:
            yield base.empty(body)

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        item = wire.load_object(body)
        if kind == "status":
            return _status(wire.get_object(item, "status"))
        if kind in {"message", "echo"}:
            return _read(item, kind, nameless=wire.key_of(body.hex()))
        return [base.Unsupported(reason=f"Nothing is done about the field {kind!r}.")]

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        """https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages

        ``biz_opaque_callback_data`` comes back in every status of this message.
        """
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "biz_opaque_callback_data": message.reference,
            **_recipient(message.recipient_id),
            **_content(message),
        }
        token = str(self.config.get("access_token") or "")
        answer = graph.post(f"{self.config['account_id']}/messages", token, body)
        accepted = answer.get("messages")
        first = accepted[0] if isinstance(accepted, list) and accepted else None
        return Sent(wire.get_answer_id(first, "id"))


def _items_of(change: dict[str, Any] | None, raw: Any) -> Iterator[RawItem]:
    value = change.get("value") if change else None
    if change is None or not isinstance(value, dict):
        yield base.unreadable(raw)
        return
    metadata = value.get("metadata")
    try:
        number = wire.get_account(metadata if isinstance(metadata, dict) else {}, "phone_number_id")
    except PayloadRejected:
        number = ""  # chiefly events of the whole business account
    found = False
    for lane, kind in LANES.items():
        for element, as_it_came in wire.objects(value.get(lane)):
            found = True
            if element is None:
                yield base.unreadable(as_it_came, number)
            else:
                yield _item(number, kind, element, value)
    if not found:
        name = wire.plain(change.get("field")) or "unknown"
        body = wire.dumps(change)
        yield RawItem(number, wire.key_of(number, name, body.decode()), name, body)


def _item(number: str, kind: str, element: dict[str, Any], value: dict[str, Any]) -> RawItem:
    identifier = element.get("id")
    parts: tuple[Any, ...]
    if not isinstance(identifier, str):
        parts = (wire.dumps(element).decode(),)
    elif kind == "status":
        parts = (identifier, element.get("status"), element.get("recipient_participant_id"))
    else:
        parts = (identifier,)
    body = wire.dumps({kind: element, "contacts": _contacts_of(element, value)})
    return RawItem(number, wire.key_of(number, kind, *parts), kind, body)


def _contacts_of(element: dict[str, Any], value: dict[str, Any]) -> list[Any]:
    """Those of the batch's contacts that this element is about."""
    contacts = [contact for contact, _ in wire.objects(value.get("contacts")) if contact]
    names = ("from", "from_user_id", "to", "to_user_id")
    ids = {str(element[name]) for name in names if element.get(name)}
    known = [c for c in contacts if {str(c.get("wa_id")), str(c.get("user_id"))} & ids]
    return known[:1] or (contacts if len(contacts) == 1 else [])


def _read(item: dict[str, Any], kind: str, *, nameless: str) -> list[Inbound]:
    element = wire.get_object(item, kind)
    # Without an id it is still something that somebody wrote.
    external_id = wire.get_id(element, "id", required=False) or nameless
    at = wire.moment(element.get("timestamp"))
    sort = wire.label(element, "type", 40) or ("text" if "text" in element else "")
    if not sort:
        raise PayloadRejected("type is missing.")
    if sort == "edit":
        edit = wire.get_object(element, "edit")
        text, _ = _content_of(wire.get_object(edit, "message"))
        original = wire.get_id(edit, "original_message_id")
        return [base.InboundEdit(external_id=original, text=text, at=at)]
    if sort == "revoke":
        revoke = wire.get_object(element, "revoke")
        original = wire.get_id(revoke, "original_message_id")
        return [base.InboundDelete(external_id=original, at=at)]
    if sort == "reaction":
        return [_reaction(element, kind, at)]
    text, attachments = _content_of({**element, "type": sort})
    if not text and not attachments:
        return [base.Unsupported(reason=_why_empty(element, sort))]
    if kind == "echo":
        recipient = _person(element, item, "to", "to_user_id")
        return [
            base.InboundEcho(
                external_id=external_id,
                recipient=recipient,
                sent_at=at,
                text=text,
                attachments=attachments,
            )
        ]
    context = wire.get_object(element, "context")
    return [
        base.InboundMessage(
            external_id=external_id,
            sender=_person(element, item, "from", "from_user_id"),
            sent_at=at,
            text=text,
            attachments=attachments,
            thread_id=wire.get_id(element, "group_id", required=False),
            reply_to=wire.get_id(context, "id", required=False),
        )
    ]


def _person(element: dict[str, Any], item: dict[str, Any], phone: str, user: str) -> Person:
    """Somebody by phone number, by business-scoped user id, or by both.

    https://developers.facebook.com/docs/whatsapp/business-scoped-user-ids
    """
    contacts = wire.get_list(item, "contacts")
    contact = contacts[0] if contacts and isinstance(contacts[0], dict) else {}
    number = wire.get_id(element, phone, required=False)
    scoped = wire.get_id(element, user, required=False)
    same = str(contact.get("wa_id") or "") == number or not number
    if same and not scoped:
        scoped = wire.get_id(contact, "user_id", required=False)
    ids = [each for each in (number, scoped) if each]
    if not ids:
        raise PayloadRejected(f"{phone} is missing.")
    profile = contact.get("profile")
    return Person(
        id=ids[0],
        aliases=tuple(ids[1:]),
        name=wire.label(profile, "name") if isinstance(profile, dict) else "",
        phone=f"+{number}" if number.isascii() and number.isdigit() else "",
    )


def _content_of(element: dict[str, Any]) -> tuple[str, tuple[base.Attachment, ...]]:
    """Text and attachments of a message of any type."""
    sort = wire.label(element, "type", 40)
    part = element.get(sort)
    if sort in MEDIA:
        media = wire.get_object(element, sort)
        return wire.get_text(media, "caption"), (_media(sort, media),)
    if sort == "contacts":
        cards = [card for card, _ in wire.objects(part) if card][: wire.MAX_ATTACHMENTS]
        return "", tuple(base.Attachment(kind="contact", name=_card_name(card)) for card in cards)
    if sort == "location":
        return _location(wire.get_object(element, "location"))
    if sort == "order":
        return _order(wire.get_object(element, "order")), ()
    reader = {"text": _text, "button": _button, "interactive": _interactive}.get(sort)
    return (reader(wire.get_object(element, sort)), ()) if reader else ("", ())


def _text(part: dict[str, Any]) -> str:
    if "body" not in part:
        raise PayloadRejected("text.body is missing.")
    return wire.get_text(part, "body")


def _button(part: dict[str, Any]) -> str:
    return wire.get_text(part, "text") or wire.get_text(part, "payload")


def _interactive(part: dict[str, Any]) -> str:
    for name in ("button_reply", "list_reply"):
        reply = wire.get_object(part, name)
        if reply:
            return wire.get_text(reply, "title") or wire.get_text(reply, "id")
    flow = wire.get_object(part, "nfm_reply")
    return wire.get_text(flow, "body") or wire.get_text(flow, "response_json")


def _order(part: dict[str, Any]) -> str:
    items = [item for item, _ in wire.objects(part.get("product_items")) if item]
    lines = [
        f"{item.get('quantity', 1)} × {wire.label(item, 'product_retailer_id')}"
        for item in items[: wire.MAX_ATTACHMENTS]
    ]
    return "\n".join([*([wire.get_text(part, "text")] if part.get("text") else []), *lines])


def _media(sort: str, media: dict[str, Any]) -> base.Attachment:
    return base.Attachment(
        kind=MEDIA[sort],
        url=wire.web_address(media.get("url") or media.get("link")),
        name=wire.label(media, "filename"),
        mime=wire.plain(media.get("mime_type"), 100),
        ref=wire.get_id(media, "id", required=False),
    )


def _card_name(card: dict[str, Any]) -> str:
    name = card.get("name")
    return wire.label(name, "formatted_name") if isinstance(name, dict) else ""


def _location(place: dict[str, Any]) -> tuple[str, tuple[base.Attachment, ...]]:
    latitude, longitude = place.get("latitude"), place.get("longitude")
    words = [wire.label(place, "name"), wire.label(place, "address")]
    where = f"{latitude}, {longitude}"[:80]
    return "\n".join(filter(None, words)), (base.Attachment(kind="location", name=where),)


def _reaction(element: dict[str, Any], kind: str, at: Any) -> Inbound:
    reaction = wire.get_object(element, "reaction")
    return base.InboundReaction(
        external_id=wire.get_id(reaction, "message_id"),
        by="us" if kind == "echo" else wire.get_id(element, "from", required=False) or "contact",
        emoji=wire.label(reaction, "emoji", 16),
        at=at,
    )


def _why_empty(element: dict[str, Any], sort: str) -> str:
    error = next((e for e, _ in wire.objects(element.get("errors")) if e), {})
    detail = wire.plain(error.get("title") or error.get("message"), 200)
    return f"A message of type {wire.plain(sort)!r}" + (f": {detail}" if detail else ".")


def _status(status: dict[str, Any]) -> list[Inbound]:
    external_id = wire.get_id(status, "id")
    at = wire.moment(status.get("timestamp"))
    word = wire.label(status, "status", 20)
    if word == "deleted":
        return [base.InboundDelete(external_id=external_id, at=at)]
    if word not in STATES and word != FAILED:
        return [base.Unsupported(reason=f"A status {wire.plain(word)!r}.")]
    error = next((e for e, _ in wire.objects(status.get("errors")) if e), {})
    return [
        base.InboundStatus(
            external_id=external_id,
            state=STATES.get(word, FAILED),
            at=at,
            reference=wire.label(status, "biz_opaque_callback_data"),
            error_code=str(error.get("code") or "")[:64],
            error_text=wire.label(error, "message") or wire.label(error, "title"),
        )
    ]


def _recipient(recipient_id: str) -> dict[str, str]:
    """A phone number goes into ``to``, a business-scoped user id into ``recipient``."""
    return {"to" if recipient_id.isdigit() else "recipient": recipient_id}


def _content(message: Outgoing) -> dict[str, Any]:
    if not message.attachments:
        return {"type": "text", "text": {"body": message.text, "preview_url": False}}
    attachment = message.attachments[0]
    url = wire.web_address(attachment.get("url"))
    if not url:
        raise Rejected("An attachment needs a public web address.", code="attachment")
    kind = str(attachment.get("kind"))
    sort = kind if kind in {"image", "audio", "video"} else "document"
    caption = {"caption": message.text} if message.text and sort != "audio" else {}
    return {"type": sort, sort: {"link": url, **caption}}

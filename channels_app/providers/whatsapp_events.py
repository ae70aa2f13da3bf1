"""What a WhatsApp message or status means.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/messages
"""

from typing import Any

from channels_app import graph, wire
from channels_app.providers import values
from channels_app.providers.values import Inbound, Person
from tenants.plugins.errors import PayloadRejected

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
# They opened the chat, and have not said anything yet.
WORDLESS = frozenset({"request_welcome"})


def read_message(item: dict[str, Any], kind: str, *, nameless: str) -> list[Inbound]:
    element = wire.get_object(item, kind)
    # Without an id it is still something that somebody wrote.
    external_id = wire.get_id(element, "id", required=False) or nameless
    at = wire.moment(element.get("timestamp"))
    sort = wire.label(element, "type", 40) or ("text" if "text" in element else "")
    if not sort:
        raise PayloadRejected("type is missing.")
    if sort == "edit":
        return [_edit(element, item, at, is_ours=kind == "echo")]
    if sort == "revoke":
        revoke = wire.get_object(element, "revoke")
        original = wire.get_id(revoke, "original_message_id")
        return [values.InboundDelete(external_id=original, at=at)]
    if sort == "reaction":
        return [_reaction(element, kind, at)]
    if sort == "system":
        return [_system(element)]
    text, attachments, why = _shown(element, sort)
    if why and sort in WORDLESS:
        return [values.Unsupported(reason=why)]
    if kind == "echo":
        recipient = _person(element, item, "to", "to_user_id")
        return [
            values.InboundEcho(
                external_id=external_id,
                recipient=recipient,
                sent_at=at,
                text=text,
                attachments=attachments,
            )
        ]
    context = wire.get_object(element, "context")
    said = values.InboundMessage(
        external_id=external_id,
        sender=_person(element, item, "from", "from_user_id"),
        sent_at=at,
        text=text,
        attachments=attachments,
        thread_id=wire.get_id(element, "group_id", required=False),
        reply_to=wire.get_id(context, "id", required=False),
        details=_details(element, context),
    )
    return [values.Unsupported(reason=why, said=said) if why else said]


def _shown(element: dict[str, Any], sort: str) -> tuple[str, tuple[values.Attachment, ...], str]:
    """Text, attachments, and why those only stand for what cannot be shown."""
    text, attachments = _content_of({**element, "type": sort})
    if text or attachments:
        return text, attachments, ""
    return "", values.unshown(_kind_unshown(element, sort)), _why_empty(element, sort)


def _edit(element: dict[str, Any], item: dict[str, Any], at: Any, *, is_ours: bool) -> Inbound:
    edit = wire.get_object(element, "edit")
    text, attachments = _content_of(wire.get_object(edit, "message"))
    original = wire.get_id(edit, "original_message_id")
    if is_ours:
        return values.InboundEdit(external_id=original, text=text, at=at)
    said = values.InboundMessage(
        external_id=original,
        sender=_person(element, item, "from", "from_user_id"),
        sent_at=at,
        text=text,
        attachments=attachments,
        thread_id=wire.get_id(element, "group_id", required=False),
    )
    return values.InboundEdit(external_id=original, text=text, at=at, said=said)


def _system(element: dict[str, Any]) -> Inbound:
    """Another number, another phone: said by the network, not by the contact."""
    system = wire.get_object(element, "system")
    return values.Noted(outcome="system", reason=wire.label(system, "body") or "The network's own.")


def _details(element: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The advertisement they came from, the product they mean, whether it was forwarded."""
    referral, product = element.get("referral"), context.get("referred_product")
    found: dict[str, Any] = {}
    if isinstance(referral, dict):
        names = ("source_url", "source_id", "source_type", "headline", "body", "ctwa_clid")
        found["referral"] = {
            name: wire.label(referral, name) for name in names if referral.get(name)
        }
    if isinstance(product, dict):
        found["product"] = wire.label(product, "product_retailer_id")
    if context.get("forwarded") or context.get("frequently_forwarded"):
        found["forwarded"] = True
    return {name: value for name, value in found.items() if value}


def read_past(item: dict[str, Any]) -> list[Inbound]:
    """A message from before this number was connected; nobody is called for it."""
    message = wire.get_object(item, "history")
    thread = wire.get_id(item, "thread", required=False)
    if not message or not thread:
        return [values.Noted(outcome="history", reason=_why_no_history(item))]
    text, attachments = _content_of({**message, "type": wire.label(message, "type", 40)})
    if not text and not attachments:
        return [values.Noted(outcome="history", reason="A message without text or attachment.")]
    person = Person(id=thread, phone=f"+{thread}" if thread.isdigit() else "", proven=("phone",))
    at = wire.moment(message.get("timestamp"))
    external_id = wire.get_id(message, "id")
    if item.get("is_ours"):
        return [
            values.InboundEcho(
                external_id=external_id,
                recipient=person,
                sent_at=at,
                text=text,
                attachments=attachments,
                quiet=PAST,
            )
        ]
    return [
        values.InboundMessage(
            external_id=external_id,
            sender=person,
            sent_at=at,
            text=text,
            attachments=attachments,
            quiet=PAST,
        )
    ]


PAST = "Said before this channel was connected."


def _why_no_history(item: dict[str, Any]) -> str:
    error = next((each for each, _ in wire.objects(item.get("errors")) if each), {})
    return wire.label(error, "message") or "A part of the history without messages."


def read_preference(item: dict[str, Any]) -> list[Inbound]:
    """https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/user_preferences"""
    said = wire.get_object(item, "preference")
    word = wire.label(said, "value", 20)
    recipient = wire.get_id(said, "wa_id", required=False) or wire.get_id(said, "user_id")
    if wire.label(said, "category", 40) != "marketing_messages" or word not in {"stop", "resume"}:
        return [values.Unsupported(reason="A preference that we do not know.")]
    return [
        values.InboundOptOut(
            recipient=recipient,
            reason=wire.label(said, "detail") or f"Marketing messages: {word}.",
            purpose="marketing",
            is_over=word == "resume",
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
        proven=("phone",),
    )


def _content_of(element: dict[str, Any]) -> tuple[str, tuple[values.Attachment, ...]]:
    """Text and attachments of a message of any type."""
    sort = wire.label(element, "type", 40)
    part = element.get(sort)
    if sort in MEDIA:
        media = wire.get_object(element, sort)
        return wire.get_text(media, "caption"), (_media(sort, media),)
    if sort == "contacts":
        cards = [card for card, _ in wire.objects(part) if card][: wire.MAX_ATTACHMENTS]
        return "", tuple(values.Attachment(kind="contact", name=_card_name(card)) for card in cards)
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


def _media(sort: str, media: dict[str, Any]) -> values.Attachment:
    return values.Attachment(
        kind=MEDIA[sort],
        url=wire.web_address(media.get("url") or media.get("link")),
        name=wire.label(media, "filename"),
        mime=wire.plain(media.get("mime_type"), 100),
        ref=wire.get_id(media, "id", required=False),
    )


def _card_name(card: dict[str, Any]) -> str:
    name = card.get("name")
    return wire.label(name, "formatted_name") if isinstance(name, dict) else ""


def _location(place: dict[str, Any]) -> tuple[str, tuple[values.Attachment, ...]]:
    latitude, longitude = place.get("latitude"), place.get("longitude")
    words = [wire.label(place, "name"), wire.label(place, "address")]
    where = f"{latitude}, {longitude}"[:80]
    return "\n".join(filter(None, words)), (values.Attachment(kind="location", name=where),)


def _reaction(element: dict[str, Any], kind: str, at: Any) -> Inbound:
    reaction = wire.get_object(element, "reaction")
    return values.InboundReaction(
        external_id=wire.get_id(reaction, "message_id"),
        by="us" if kind == "echo" else _who(element),
        emoji=wire.label(reaction, "emoji", 16),
        at=at,
    )


def _who(element: dict[str, Any]) -> str:
    names = ("from", "from_user_id")
    ids = (wire.get_id(element, name, required=False) for name in names)
    return next(filter(None, ids), "contact")


def _kind_unshown(element: dict[str, Any], sort: str) -> str:
    """What the network calls it, where that is a name: "poll", "view_once"."""
    told = element.get("unsupported") or element.get("interactive")
    inner = wire.label(told, "type", 40) if isinstance(told, dict) else ""
    return inner or ("" if sort in {"unsupported", "unknown"} else sort)


def _why_empty(element: dict[str, Any], sort: str) -> str:
    error = next((e for e, _ in wire.objects(element.get("errors")) if e), {})
    detail = wire.plain(error.get("title") or error.get("message"), 200)
    return f"A message of type {wire.plain(sort)!r}" + (f": {detail}" if detail else ".")


def read_status(status: dict[str, Any]) -> list[Inbound]:
    external_id = wire.get_id(status, "id")
    at = wire.moment(status.get("timestamp"))
    word = wire.label(status, "status", 20)
    if word == "deleted":
        return [values.InboundDelete(external_id=external_id, at=at)]
    if word not in STATES and word != FAILED:
        return [values.Unsupported(reason=f"A status {wire.plain(word)!r}.")]
    error = next((e for e, _ in wire.objects(status.get("errors")) if e), {})
    return [
        values.InboundStatus(
            external_id=external_id,
            state=STATES.get(word, FAILED),
            at=at,
            reference=wire.label(status, "biz_opaque_callback_data"),
            meaning=graph.meaning_of_code(wire.number(error, "code")) if word == FAILED else None,
            error_code=str(error.get("code") or "")[:64],
            error_text=wire.label(error, "message") or wire.label(error, "title"),
        )
    ]

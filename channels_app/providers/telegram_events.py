"""What Telegram's updates say."""

from typing import Any

from channels_app import wire
from channels_app.providers import values
from channels_app.providers.values import Inbound, Person

MEDIA = {
    "document": "file",
    "animation": "video",
    "audio": "audio",
    "video": "video",
    "video_note": "video",
    "voice": "audio",
    "sticker": "sticker",
}
GONE = {"kicked", "left"}
# What people send and we cannot show; the rest without words is the network's own.
# https://core.telegram.org/bots/api#message
UNSHOWN = (
    "poll",
    "checklist",
    "dice",
    "game",
    "story",
    "paid_media",
    "live_photo",
    "invoice",
    "passport_data",
    "web_app_data",
    "gift",
    "unique_gift",
    "giveaway",
)


def external_id_of(chat_id: str, message: dict[str, Any]) -> str:
    """A message_id is unique only within its chat."""
    return f"{chat_id}:{wire.get_id(message, 'message_id')}"


def person_of(writer: dict[str, Any], *, thread: str = "", shared: Any = None) -> Person:
    """``shared`` is the contact card of the message, if it brings one."""
    identifier = wire.get_id(writer, "id")
    first = wire.label(writer, "first_name", 128) or wire.label(writer, "title", 128)
    names = (first, wire.label(writer, "last_name", 128))
    name = " ".join(filter(None, names)) or wire.label(writer, "username", 128)
    return Person(
        id=thread or identifier,
        name=name,
        language=wire.plain(writer.get("language_code"), 16),
        phone=_own_number(shared, writer),
        proven=("phone",),
    )


def _own_number(shared: Any, writer: dict[str, Any]) -> str:
    """Telegram names the account of a number that somebody shares: theirs, or a friend's.

    https://core.telegram.org/bots/api#contact
    """
    if not isinstance(shared, dict) or shared.get("user_id") != writer.get("id"):
        return ""
    digits = wire.label(shared, "phone_number", 40).lstrip("+")
    return f"+{digits}" if digits.isascii() and digits.isdigit() else ""


def kind_unshown(message: dict[str, Any]) -> str:
    """What a message without words or files is, where somebody wrote it; else empty."""
    return next((name.replace("_", " ") for name in UNSHOWN if message.get(name)), "")


def read_edit(message: dict[str, Any], told: Inbound) -> Inbound:
    """``told`` is the same message, read as a new one."""
    chat_id = wire.get_id(wire.get_object(message, "chat"), "id")
    return values.InboundEdit(
        external_id=external_id_of(chat_id, message),
        text=wire.get_text(message, "text") or wire.get_text(message, "caption"),
        at=wire.moment(message.get("edit_date")),
        said=told if isinstance(told, values.InboundMessage) else None,
    )


def read_callback(query: dict[str, Any]) -> list[Inbound]:
    """A tapped button is something said."""
    writer = wire.get_object(query, "from")
    text = wire.get_text(query, "data")
    if not text:
        return [values.Unsupported(reason="A button without data.")]
    chat = wire.get_object(wire.get_object(query, "message"), "chat")
    group = chat.get("type") not in ("private", None)
    return [
        values.InboundMessage(
            external_id=f"callback:{wire.get_id(query, 'id')}",
            sender=person_of(writer),
            sent_at=None,
            text=text,
            thread_id=wire.get_id(chat, "id") if group else "",
        )
    ]


def read_reaction(reaction: dict[str, Any]) -> list[Inbound]:
    chat_id = wire.get_id(wire.get_object(reaction, "chat"), "id")
    new = [each for each, _ in wire.objects(reaction.get("new_reaction")) if each]
    user = reaction.get("user")
    return [
        values.InboundReaction(
            external_id=external_id_of(chat_id, reaction),
            by=wire.get_id(user, "id") if isinstance(user, dict) else "anonymous",
            emoji=wire.label(new[-1], "emoji", 16) if new else "",
            at=wire.moment(reaction.get("date")),
        )
    ]


def read_deleted(deleted: dict[str, Any]) -> list[Inbound]:
    chat_id = wire.get_id(wire.get_object(deleted, "chat"), "id")
    ids = [each for each in wire.get_list(deleted, "message_ids") if isinstance(each, int)]
    return [
        values.InboundDelete(external_id=f"{chat_id}:{each}", at=None)
        for each in ids[: wire.MAX_ATTACHMENTS]
    ]


def read_membership(news: dict[str, Any]) -> list[Inbound]:
    """In private, the person stopped the bot or let it in again; in a group, somebody did."""
    chat = wire.get_object(news, "chat")
    chat_id = wire.get_id(chat, "id")
    status = wire.label(wire.get_object(news, "new_chat_member"), "status", 40)
    if chat.get("type") != "private":
        return [values.Noted(outcome="membership", reason=f"In a chat, we are now {status!r}.")]
    if status in GONE:
        return [values.InboundOptOut(recipient=chat_id, reason="They stopped the bot.")]
    reason = "They let the bot in again."
    return [values.InboundOptOut(recipient=chat_id, reason=reason, is_over=True)]


def read_business(news: dict[str, Any]) -> list[Inbound]:
    enabled = news.get("is_enabled") is True
    who = wire.label(wire.get_object(news, "user"), "first_name", 80)
    text = f"{who or 'Somebody'} {'connected' if enabled else 'disconnected'} a business account."
    return [values.AccountNews(text=text)]


def read_channel_post(post: dict[str, Any]) -> list[Inbound]:
    title = wire.label(wire.get_object(post, "chat"), "title", 80)
    return [values.Noted(outcome="post", reason=f"Posted in the channel {title!r}.")]


def attachments_of(message: dict[str, Any]) -> tuple[values.Attachment, ...]:
    found = []
    photos = [photo for photo, _ in wire.objects(message.get("photo")) if photo]
    if photos:  # the same picture in several sizes; the last is the largest
        found.append(_file("image", photos[-1]))
    for name, kind in MEDIA.items():
        part = message.get(name)
        if isinstance(part, dict) and not (name == "document" and "animation" in message):
            found.append(_file(kind, part))
    contact = message.get("contact")
    if isinstance(contact, dict):
        names = (wire.label(contact, "first_name"), wire.label(contact, "phone_number", 40))
        found.append(values.Attachment(kind="contact", name=" ".join(filter(None, names))))
    place = message.get("location")
    if isinstance(place, dict):
        where = f"{place.get('latitude')}, {place.get('longitude')}"[:80]
        found.append(values.Attachment(kind="location", name=where))
    return tuple(found)


def _file(kind: str, part: dict[str, Any]) -> values.Attachment:
    return values.Attachment(
        kind=kind,
        name=wire.label(part, "file_name"),
        mime=wire.plain(part.get("mime_type"), 100),
        size=wire.number(part, "file_size"),
        ref=wire.get_id(part, "file_id", required=False),
    )

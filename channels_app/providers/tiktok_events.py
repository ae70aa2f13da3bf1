"""What TikTok's webhooks say: messages, comments, receipts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from channels_app import wire
from channels_app.providers import values
from channels_app.providers.values import Inbound, Person, Surface
from tenants.plugins.errors import PayloadRejected

COMMENT = "comment:"  # before video and comment of a public thread
MEDIA = {"image": "image", "video": "video", "audio": "audio", "voice": "audio", "file": "file"}


def content_of(envelope: Mapping[str, Any]) -> dict[str, Any]:
    content = envelope.get("content")
    if isinstance(content, dict):
        return content
    return wire.load_object(wire.get_text(envelope, "content").encode("utf-8", "surrogatepass"))


def identity_of(kind: str, content: Any) -> tuple[str, ...]:
    """What two deliveries of the same event have in common; empty if it has no id."""
    try:
        found = content_of({"content": content})
    except PayloadRejected:
        return ()
    if kind in {"im_receive_msg", "im_send_msg"}:
        identifier = found.get("message_id")
        return (str(identifier),) if isinstance(identifier, str | int) and identifier else ()
    if kind == "comment.update" and isinstance(found.get("comment_id"), str | int):
        names = ("comment_id", "comment_action", "timestamp")
        return tuple(str(found.get(name)) for name in names)
    return ()


def _moment(content: Mapping[str, Any]) -> datetime | None:
    """Seconds in some events, milliseconds in others."""
    value = content.get("timestamp")
    in_milliseconds = isinstance(value, int) and value > 100_000_000_000
    return wire.moment(value, milliseconds=in_milliseconds)


def _person(content: Mapping[str, Any], side: str) -> Person:
    """Somebody by the conversation, which is where an answer goes, and by their own id."""
    user = wire.get_object(content, f"{side}_user")
    thread = wire.get_id(content, "conversation_id")
    own = wire.get_id(user, "id", required=False)
    aliases = (own,) if own else ()
    return Person(id=thread, aliases=aliases, name=wire.label(content, side, 128))


def _said(content: dict[str, Any]) -> tuple[str, tuple[values.Attachment, ...]]:
    sort = wire.label(content, "type", 40).lower()
    part = content.get(sort)
    part = part if isinstance(part, dict) else {}
    if sort == "text":
        return wire.get_text(part, "body") or wire.get_text(content, "content"), ()
    if sort in MEDIA:
        ref = wire.get_id(part, "media_id", required=False)
        return "", (values.Attachment(kind=MEDIA[sort], ref=ref),)
    if sort == "share_post":
        return "", (values.Attachment(kind="link", url=wire.web_address(part.get("embed_url"))),)
    if sort == "sticker":
        return "", (values.Attachment(kind="sticker"),)
    return "", ()


def read_message(content: dict[str, Any], account: str) -> list[Inbound]:
    if wire.label(content, "type", 40).lower() == "reaction":
        return _reactions(content)
    text, attachments = _said(content)
    is_unshown = not text and not attachments
    sort = wire.plain(content.get("type"), 40)
    said = values.InboundMessage(
        external_id=wire.get_id(content, "message_id"),
        sender=_person(content, "from"),
        sent_at=_moment(content),
        text=text,
        attachments=values.unshown(sort) if is_unshown else attachments,
    )
    if is_unshown:
        return [values.Unsupported(reason=f"A message of type {sort!r}.", said=said)]
    return [said]


def _reactions(content: dict[str, Any]) -> list[Inbound]:
    found: list[Inbound] = []
    for each, _ in wire.objects(content.get("reaction")):
        if each is None:
            continue
        taken_back = wire.label(each, "operation", 20).upper() in {"REMOVE", "DELETE"}
        found.append(
            values.InboundReaction(
                external_id=wire.get_id(each, "original_msg_id"),
                by=wire.get_id(each, "unique_identifier", required=False) or "contact",
                emoji="" if taken_back else wire.label(each, "emoji", 16),
                at=_moment(content),
            )
        )
    return found[: wire.MAX_ATTACHMENTS] or [values.Unsupported(reason="A reaction without one.")]


def read_echo(content: dict[str, Any], account: str) -> list[Inbound]:
    text, attachments = _said(content)
    if not text and not attachments:
        attachments = values.unshown(wire.plain(content.get("type"), 40))
    return [
        values.InboundEcho(
            external_id=wire.get_id(content, "message_id"),
            recipient=_person(content, "to"),
            sent_at=_moment(content),
            text=text,
            attachments=attachments,
        )
    ]


def read_mark(content: dict[str, Any], account: str) -> list[Inbound]:
    thread, at = wire.get_id(content, "conversation_id"), _moment(content)
    if at is None:
        raise PayloadRejected("It does not say when they read.")
    if account and wire.get_id(content, "unique_identifier", required=False) == account:
        return [values.Noted(outcome="status", reason="We read it ourselves.")]
    return [values.InboundWatermark(thread_id=thread, state="read", up_to=at)]


def read_referral(content: dict[str, Any], account: str) -> list[Inbound]:
    referral = wire.get_object(content, "referral")
    ad = referral.get("ad")
    name = wire.label(ad, "ad_name", 120) if isinstance(ad, dict) else ""
    return [values.Noted(outcome="referral", reason=f"They came from an ad: {name or 'unnamed'}.")]


def read_comment(content: dict[str, Any], account: str) -> list[Inbound]:
    comment, action = wire.get_id(content, "comment_id"), wire.label(content, "comment_action", 40)
    if action == "delete":
        return [values.InboundDelete(external_id=comment, at=_moment(content))]
    if action != "insert":
        return [values.Noted(outcome="comment", reason=f"Comment {comment}: {wire.plain(action)}.")]
    author, text = wire.get_id(content, "unique_identifier"), wire.get_text(content, "text")
    if not text:
        return [values.Unsupported(reason="A comment without words.")]
    parent = wire.get_id(content, "parent_comment_id", required=False)
    is_reply = wire.label(content, "comment_type", 20) == "reply" and parent not in {"", "0"}
    if author == account:
        return [
            values.InboundEcho(
                external_id=comment,
                recipient=None,
                sent_at=_moment(content),
                text=text,
                reply_to=parent if is_reply else "",
            )
        ]
    video = wire.get_id(content, "video_id")
    return [
        values.InboundMessage(
            external_id=comment,
            sender=Person(id=author),
            sent_at=_moment(content),
            text=text,
            thread_id=f"{COMMENT}{video}:{parent if is_reply else comment}",
            reply_to=parent if is_reply else "",
            surface=Surface.COMMENTS,
        )
    ]


def read_removal(content: dict[str, Any], account: str) -> list[Inbound]:
    text = "The account took back the access it gave us. Reconnect it."
    return [values.AccountNews(text=text, health="reconnect")]

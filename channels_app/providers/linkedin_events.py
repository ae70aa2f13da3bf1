"""What LinkedIn's notifications say: comments, mentions, reactions."""

import re
from datetime import datetime
from typing import Any

from channels_app import wire
from channels_app.providers import values
from channels_app.providers.values import Inbound, Person, RawItem, Surface

ORGANIZATION = "urn:li:organization:"
SEPARATOR = "|"  # between post and comment of a thread


def _account_of(urn: Any) -> str:
    text = urn if isinstance(urn, str) else ""
    number = text.removeprefix(ORGANIZATION)
    return number[: wire.MAX_ACCOUNT] if number != text and number.isprintable() else ""


def notification_item(notification: dict[str, Any]) -> RawItem:
    account = _account_of(notification.get("organizationalEntity"))
    kind = wire.plain(notification.get("action"), 60) or "unknown"
    identifier = notification.get("notificationId")
    body = wire.dumps(notification)
    parts: tuple[Any, ...] = (body.decode(),)
    if isinstance(identifier, int | str) and not isinstance(identifier, bool):
        parts = (identifier, str(notification.get("generatedActivity")))
    return RawItem(account, wire.key_of(account, kind, *parts), kind, body)


def stranger_item(envelope: dict[str, Any], body: bytes) -> RawItem:
    """Another event of LinkedIn's, such as a lead of a form."""
    owner = envelope.get("owner")
    account = _account_of(owner.get("organization")) if isinstance(owner, dict) else ""
    kind = wire.plain(envelope.get("type"), 60) or "unknown"
    return RawItem(account, wire.key_of(account, kind, body.hex()), kind, body)


def _activity(notification: dict[str, Any], name: str) -> dict[str, Any]:
    return wire.get_object(wire.get_object(notification, "decoratedGeneratedActivity"), name)


def comment_urn(notification: dict[str, Any]) -> str:
    """The comment's full name; notifications also use a short form of it."""
    found = wire.get_id(_activity(notification, "comment"), "entity", required=False)
    short = found or wire.get_id(notification, "generatedActivity")
    return re.sub(r"\((?!urn:li:)", "(urn:li:", short, count=1)


def _at(notification: dict[str, Any]) -> datetime | None:
    return wire.moment(notification.get("lastModifiedAt"), milliseconds=True)


def read_comment(notification: dict[str, Any]) -> Inbound:
    comment = _activity(notification, "comment")
    if not comment:
        raise values.ToBeFetched
    text = wire.get_text(comment, "text")
    if not text:
        return values.Unsupported(reason="A comment without words.")
    urn = comment_urn(notification)
    post = wire.get_id(comment, "object", required=False)
    post = post or wire.get_id(notification, "sourcePost")
    parent = wire.get_id(comment, "parentComment", required=False)
    author = wire.get_id(comment, "owner")
    if _account_of(author) and author == notification.get("organizationalEntity"):
        return read_own_comment(notification)
    return values.InboundMessage(
        external_id=urn,
        sender=Person(id=author),
        sent_at=_at(notification),
        text=text,
        thread_id=f"{post}{SEPARATOR}{parent or urn}",
        reply_to=parent,
        surface=Surface.COMMENTS,
    )


def read_own_comment(notification: dict[str, Any]) -> Inbound:
    comment = _activity(notification, "comment")
    return values.InboundEcho(
        external_id=comment_urn(notification),
        recipient=None,
        sent_at=_at(notification),
        text=wire.get_text(comment, "text"),
        reply_to=wire.get_id(comment, "parentComment", required=False),
    )


def read_edit(notification: dict[str, Any]) -> Inbound:
    comment = _activity(notification, "comment")
    told = read_comment(notification) if comment else None
    return values.InboundEdit(
        external_id=comment_urn(notification),
        text=wire.get_text(comment, "text"),
        at=_at(notification),
        said=told if isinstance(told, values.InboundMessage) else None,
    )


def read_deletion(notification: dict[str, Any]) -> Inbound:
    return values.InboundDelete(external_id=comment_urn(notification), at=_at(notification))


def read_mention(notification: dict[str, Any]) -> Inbound:
    """Somebody named the page in a post of their own; an answer is a comment under it."""
    share = _activity(notification, "share")
    text = wire.get_text(share, "text")
    if not text:
        return values.Unsupported(reason="A mention without words.")
    post = wire.get_id(share, "entity", required=False)
    post = post or wire.get_id(notification, "generatedActivity")
    return values.InboundMessage(
        external_id=post,
        sender=Person(id=wire.get_id(share, "owner")),
        sent_at=_at(notification),
        text=text,
        thread_id=f"{post}{SEPARATOR}",
        surface=Surface.COMMENTS,
    )


def read_noted(notification: dict[str, Any]) -> Inbound:
    action = wire.plain(notification.get("action"))
    return values.Noted(outcome="reaction", reason=f"{action.capitalize()} of a post of ours.")

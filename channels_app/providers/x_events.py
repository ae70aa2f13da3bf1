"""What X's webhooks say, in the words of Account Activity and of X Activity."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from channels_app import wire
from channels_app.providers import values
from channels_app.providers.values import Inbound, Person, RawItem, Surface
from tenants.plugins.errors import PayloadRejected

POST = "post:"  # before the author of a public thread
# List in an Account Activity envelope -> kind of its elements.
LANES = {
    "direct_message_events": "dm",
    "tweet_create_events": "tweet",
    "direct_message_mark_read_events": "dm_read",
}
# Event of X Activity -> the same kinds.
ACTIVITIES = {
    "dm.received": "dm",
    "dm.sent": "dm",
    "dm.read": "dm_read",
    "post.create": "post",
    "post.mention.create": "post",
    "post.reply.create": "post",
    "post.quote.create": "post",
    "post.delete": "post_delete",
    "oauth.revoke": "revoke",
}


def activity_item(data: dict[str, Any], body: bytes) -> RawItem:
    """One event of X Activity, or an object that is none."""
    name = wire.plain(data.get("event_type"), 60)
    payload = data.get("payload")
    user = data.get("filter", {}).get("user_id") if isinstance(data.get("filter"), dict) else None
    if user is None and isinstance(payload, dict):
        user = payload.get("user_id")
    account = wire.get_account({"user_id": user}, "user_id") if user else ""
    if not name or not isinstance(payload, dict):
        return RawItem(account, wire.key_of(account, "unknown", body.hex()), "unknown", body)
    kind = ACTIVITIES.get(name, name)
    if kind == "dm":  # the words of Account Activity, one level deeper
        for event, _ in wire.objects(payload.get("direct_message_events")):
            if event is not None:
                return event_item(account, "dm", event, users_of(event, payload))
        return event_item(account, "dm", payload, _included(data))
    if kind in {"post", "dm_read", "post_delete"}:
        return event_item(account, kind, payload, _included(data))
    identifier = data.get("event_uuid")
    parts = (identifier,) if isinstance(identifier, str) else (body.hex(),)
    return RawItem(account, wire.key_of(account, name, *parts), kind, wire.dumps(data))


def event_item(account: str, kind: str, event: dict[str, Any], users: dict[str, Any]) -> RawItem:
    identifier = event.get("id_str") or event.get("id")
    known = isinstance(identifier, str | int) and not isinstance(identifier, bool) and identifier
    part = str(identifier) if known else wire.dumps(event).decode()
    body = wire.dumps({"account": account, "event": event, "users": users})
    # A mention and a reply are told apart by X, but they are one post.
    sort = "post" if kind == "tweet" else kind
    return RawItem(account, wire.key_of(account, sort, part), kind, body)


def whole_item(user: str, envelope: dict[str, Any], body: bytes) -> RawItem:
    kind = (
        wire.plain(next((name for name in envelope if name != "for_user_id"), "")) or values.EMPTY
    )
    if kind == "user_event":
        source = envelope.get("user_event")
        revoke = source.get("revoke") if isinstance(source, dict) else None
        by = revoke.get("source") if isinstance(revoke, dict) else None
        if isinstance(by, dict) and isinstance(by.get("user_id"), str):
            return RawItem(by["user_id"][:190], wire.key_of(body.hex()), "revoke", body)
    return RawItem(user, wire.key_of(user, kind, body.hex()), kind, body)


def users_of(event: dict[str, Any], holder: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the envelope's users that this event names."""
    users = holder.get("users")
    created = event.get("message_create")
    if not isinstance(users, dict) or not isinstance(created, dict):
        return {}
    target = created.get("target")
    recipient = target.get("recipient_id") if isinstance(target, dict) else None
    return {
        str(each): users[each]
        for each in (created.get("sender_id"), recipient)
        if isinstance(each, str) and each in users
    }


def _included(data: Mapping[str, Any]) -> dict[str, Any]:
    """The users that X Activity puts beside its event, by their id."""
    holders = [data.get("includes"), data.get("payload")]
    found: dict[str, Any] = {}
    for holder in holders:
        includes = holder.get("includes", holder) if isinstance(holder, dict) else {}
        users = includes.get("users") if isinstance(includes, dict) else None
        for user, _ in wire.objects(users):
            inner = user.get("data", user) if user else None
            if isinstance(inner, dict) and isinstance(inner.get("id"), str):
                found[inner["id"]] = inner
    return found


def _person(identifier: str, users: Mapping[str, Any]) -> Person:
    user = users.get(identifier)
    inner = user.get("data", user) if isinstance(user, dict) else {}
    inner = inner if isinstance(inner, dict) else {}
    name = wire.label(inner, "name", 128) or wire.label(inner, "screen_name", 128)
    return Person(id=identifier, name=name or wire.label(inner, "username", 128))


def read_message(item: dict[str, Any]) -> Inbound:
    """A direct message, in the words of Account Activity or in those of the v2 API."""
    event, users = wire.get_object(item, "event"), wire.get_object(item, "users")
    created = wire.get_object(event, "message_create")
    if created:
        data = wire.get_object(created, "message_data")
        sender = wire.get_id(created, "sender_id")
        recipient = wire.get_id(wire.get_object(created, "target"), "recipient_id")
        at = wire.moment(event.get("created_timestamp"), milliseconds=True)
    else:
        data, sender, at = event, wire.get_id(event, "sender_id"), _iso(event.get("created_at"))
        recipient = _other_of(event, sender)
    text, attachments = wire.get_text(data, "text"), _media(data)
    external_id = wire.get_id(event, "id")
    why = "" if text or attachments else "A direct message without words or pictures."
    if why:
        attachments = values.unshown()
    if sender == item.get("account"):
        return values.InboundEcho(
            external_id=external_id,
            recipient=_person(recipient, users),
            sent_at=at,
            text=text,
            attachments=attachments,
        )
    said = values.InboundMessage(
        external_id=external_id,
        sender=_person(sender, users),
        sent_at=at,
        text=text,
        attachments=attachments,
    )
    return values.Unsupported(reason=why, said=said) if why else said


def read_encrypted(item: dict[str, Any], kind: str) -> Inbound:
    """X shows the words of an encrypted chat to nobody but the two people.

    https://docs.x.com/x-api/activity/introduction
    """
    why = "An encrypted chat: X shows its words to nobody but the two people."
    event = wire.get_object(item, "payload")
    sender = wire.get_id(event, "sender_id", required=False)
    external_id = wire.get_id(event, "id", required=False)
    if kind != "chat.received" or not sender or not external_id:
        return values.Unsupported(reason=why)
    said = values.InboundMessage(
        external_id=external_id,
        sender=Person(id=sender),
        sent_at=wire.moment(event.get("created_at_msec"), milliseconds=True),
        attachments=values.unshown("encrypted chat"),
    )
    return values.Unsupported(reason=why, said=said)


def _other_of(event: dict[str, Any], sender: str) -> str:
    ids = [each for each in wire.get_list(event, "participant_ids") if isinstance(each, str)]
    ids += wire.label(event, "dm_conversation_id").split("-")
    return next((each for each in ids if each and each != sender), sender)


def _media(data: dict[str, Any]) -> tuple[values.Attachment, ...]:
    attachment = data.get("attachment")
    media = attachment.get("media") if isinstance(attachment, dict) else None
    if not isinstance(media, dict):
        return ()
    kind = {"video": "video", "animated_gif": "video"}.get(wire.label(media, "type"), "image")
    address = wire.web_address(media.get("media_url_https") or media.get("media_url"))
    ref = wire.get_id(media, "id_str", required=False)
    return (values.Attachment(kind=kind, url=address, ref=ref),)


def read_tweet(item: dict[str, Any]) -> Inbound:
    """A post in the words of the v1.1 API."""
    tweet = wire.get_object(item, "event")
    longer = wire.get_object(tweet, "extended_tweet")
    user = wire.get_object(tweet, "user")
    author = wire.get_id(user, "id_str", required=False) or wire.get_id(user, "id")
    if tweet.get("retweeted_status"):
        return values.Unsupported(reason="Somebody passed a post on without words of their own.")
    return _public(
        item,
        external_id=wire.get_id(tweet, "id_str", required=False) or wire.get_id(tweet, "id"),
        author=Person(id=author, name=wire.label(user, "name", 128)),
        text=wire.get_text(longer, "full_text") or wire.get_text(tweet, "text"),
        at=_old_date(tweet.get("created_at")),
        reply_to=wire.get_id(tweet, "in_reply_to_status_id_str", required=False),
    )


def read_post(item: dict[str, Any]) -> Inbound:
    """A post in the words of the v2 API."""
    post = wire.get_object(item, "event")
    long_text = wire.get_object(post, "note_tweet")
    replied = [
        wire.get_id(each, "id")
        for each, _ in wire.objects(post.get("referenced_tweets"))
        if each and each.get("type") == "replied_to"
    ]
    return _public(
        item,
        external_id=wire.get_id(post, "id"),
        author=_person(wire.get_id(post, "author_id"), wire.get_object(item, "users")),
        text=wire.get_text(long_text, "text") or wire.get_text(post, "text"),
        at=_iso(post.get("created_at")),
        reply_to=replied[0] if replied else "",
    )


def _public(
    item: dict[str, Any],
    *,
    external_id: str,
    author: Person,
    text: str,
    at: datetime | None,
    reply_to: str,
) -> Inbound:
    if not text:
        return values.Unsupported(reason="A post without words.")
    if author.id == item.get("account"):
        if not reply_to:
            return values.Unsupported(reason="A post of our own that answers nobody.")
        return values.InboundEcho(
            external_id=external_id, recipient=None, sent_at=at, text=text, reply_to=reply_to
        )
    return values.InboundMessage(
        external_id=external_id,
        sender=author,
        sent_at=at,
        text=text,
        thread_id=f"{POST}{author.id}",
        reply_to=reply_to,
        surface=Surface.COMMENTS,
    )


def read_deletion(item: dict[str, Any]) -> Inbound:
    return values.InboundDelete(
        external_id=wire.get_id(wire.get_object(item, "event"), "id"), at=None
    )


def read_mark(item: dict[str, Any]) -> Inbound:
    event = wire.get_object(item, "event")
    at = wire.moment(event.get("created_timestamp"), milliseconds=True)
    at = at or _iso(event.get("created_at"))
    reader = wire.get_id(event, "sender_id")
    if at is None:
        raise PayloadRejected("It does not say when they read.")
    if reader == item.get("account"):
        return values.Unsupported(reason="We read it ourselves.")
    return values.InboundWatermark(thread_id=reader, state="read", up_to=at)


def read_revocation(item: dict[str, Any]) -> Inbound:
    text = "The account took back the access it gave us. Reconnect it."
    return values.AccountNews(text=text, health="reconnect")


def _iso(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return wire.moment(value, milliseconds=True)
    return wire.moment((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _old_date(value: Any) -> datetime | None:
    """``Wed Feb 05 08:39:31 +0000 2020``"""
    try:
        return datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y")
    except (TypeError, ValueError):
        return None

"""The single events of a Facebook page's or an Instagram account's webhook, and what they mean.

https://developers.facebook.com/docs/messenger-platform/reference/webhook-events
"""

from collections.abc import Iterator
from typing import Any

from channels_app import wire
from channels_app.providers import base, values
from channels_app.providers.values import Inbound, Person, RawItem
from tenants.plugins.errors import PayloadRejected

# What a messaging event is about: the first of these that it holds.
SECTIONS = (
    "message",
    "message_edit",
    "postback",
    "reaction",
    "delivery",
    "read",
    "pass_thread_control",
    "take_thread_control",
    "request_thread_control",
    "app_roles",
    "referral",
    "policy-enforcement",
    "policy_enforcement",
)
KINDS = {"image", "audio", "video", "file", "location"}
ENVELOPE = frozenset({"sender", "recipient", "timestamp"})
STANDBY = "standby "
ONCE = {"add", "remove", "removed"}  # of a comment or post there is one each


def is_envelope(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("entry"), list | dict)


def items_of(entry: dict[str, Any] | None, as_it_came: Any) -> Iterator[RawItem]:
    try:
        account = wire.get_account(entry or {}, "id")
    except PayloadRejected:
        entry, account = None, ""
    if entry is None:
        yield base.unreadable(as_it_came)
        return
    found = False
    for lane, event, raw in _lanes(entry):
        found = True
        if event is None:
            yield base.unreadable(raw, account)
        elif lane == "changes":
            yield _change(account, entry, event)
        else:
            yield _event(account, lane, event)
    if not found:
        yield base.empty(wire.dumps(entry), account)


def _lanes(entry: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | None, Any]]:
    """Lane, event (None if it is none) and what came; Instagram's business login leaves
    ``changes`` out and has one change for the entry."""
    if "field" in entry and "value" in entry:
        change = {"field": entry["field"], "value": entry["value"]}
        yield "changes", change, change
    for lane in ("messaging", "standby", "changes"):
        for event, raw in wire.objects(entry.get(lane)):
            yield lane, event, raw


def _event(account: str, lane: str, event: dict[str, Any]) -> RawItem:
    """One messaging event with the key by which its re-delivery is known."""
    body = wire.dumps(event)
    section = next((name for name in SECTIONS if event.get(name) is not None), "")
    kind = section or wire.plain(next((k for k in event if k not in ENVELOPE), "")) or "unknown"
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
    name = f"{STANDBY}{kind}" if lane == "standby" else kind
    return RawItem(account, wire.key_of(account, name, *parts), name[:64], body)


def _change(account: str, entry: dict[str, Any], change: dict[str, Any]) -> RawItem:
    """A change in public. A comment on an advertisement may be told twice: its id is its key."""
    value = change.get("value")
    value = value if isinstance(value, dict) else {}
    field = wire.plain(change.get("field")) or "unknown"
    kind = f"changes {field} {wire.plain(value.get('item'), 20)}".strip()
    body = wire.dumps(change)
    verb = value.get("verb", "add")
    comment = value.get("comment_id") or (value.get("id") if field in COMMENT_FIELDS else None)
    is_comment = value.get("item", "comment") == "comment"
    if is_comment and isinstance(comment, str) and isinstance(verb, str) and verb in ONCE:
        return RawItem(account, wire.key_of(account, kind, comment, verb), kind, body)
    when = "" if "created_time" in value else wire.dumps(entry.get("time")).decode()
    return RawItem(account, wire.key_of(account, kind, when, body.decode()), kind, body)


COMMENT_FIELDS = {"comments", "live_comments"}
CONTROL = {
    "pass_thread_control",
    "take_thread_control",
    "request_thread_control",
    "app_roles",
}


def nothing_done(kind: str) -> Inbound:
    return values.Unsupported(
        reason=f"Nothing is done about {kind.removeprefix(STANDBY)!r} events."
    )


def person_of(event: dict[str, Any], side: str) -> Person:
    return Person(id=wire.get_id(wire.get_object(event, side), "id"))


def attachments_of(message: dict[str, Any]) -> tuple[values.Attachment, ...]:
    found = []
    for attachment, _ in wire.objects(message.get("attachments")):
        if attachment is None:
            continue
        kind = wire.label(attachment, "type", 20)
        payload = attachment.get("payload")
        payload = payload if isinstance(payload, dict) else {}
        url = payload.get("url") or payload.get("story_media_url") or attachment.get("url")
        name = wire.label(payload, "title") or wire.label(attachment, "title")
        if kind not in KINDS:
            name = name or kind.replace("_", " ")  # a story mention, a shared reel
        kind = "sticker" if payload.get("sticker_id") else kind if kind in KINDS else "link"
        found.append(values.Attachment(kind=kind, url=wire.web_address(url), name=name))
    return tuple(found[: wire.MAX_ATTACHMENTS])


def details_of(message: dict[str, Any], reply_to: dict[str, Any]) -> dict[str, Any]:
    """The story that was answered, the advertisement they came from, the button they chose."""
    story, referral = reply_to.get("story"), message.get("referral")
    quick_reply = message.get("quick_reply")
    found: dict[str, Any] = {}
    if isinstance(story, dict):
        found["story"] = wire.web_address(story.get("url"))
    if isinstance(referral, dict):
        found["referral"] = referral_of(referral)
    if isinstance(quick_reply, dict):
        found["payload"] = wire.label(quick_reply, "payload", 1000)
    return {name: value for name, value in found.items() if value}


def referral_of(referral: dict[str, Any]) -> dict[str, str]:
    """Where they came from: https://developers.facebook.com/docs/messenger-platform/referrals"""
    names = ("source", "type", "ref", "ad_id", "source_id", "source_type", "headline", "ctwa_clid")
    said = {name: wire.label(referral, name) for name in names}
    advertisement = referral.get("ads_context_data")
    if isinstance(advertisement, dict):
        said["headline"] = wire.label(advertisement, "ad_title")
    return {name: value for name, value in said.items() if value}


def why_unshown(
    message: dict[str, Any], text: str, attachments: tuple[values.Attachment, ...]
) -> str:
    """Why there is nothing of it to be shown; empty where there is something."""
    if message.get("is_unsupported"):
        return "The network says it cannot show us this message."
    return "" if text or attachments else "A message without text or attachment."


def _edit(event: dict[str, Any]) -> list[Inbound]:
    edit = wire.get_object(event, "message_edit")
    mid, text = wire.get_id(edit, "mid"), wire.get_text(edit, "text")
    at = wire.moment(event.get("timestamp"), milliseconds=True)
    said = values.InboundMessage(
        external_id=mid, sender=person_of(event, "sender"), sent_at=at, text=text
    )
    return [values.InboundEdit(external_id=mid, text=text, at=at, said=said)]


def _postback(event: dict[str, Any]) -> list[Inbound]:
    """A tapped button is something said: its title, else its payload."""
    postback = wire.get_object(event, "postback")
    sender = person_of(event, "sender")
    text = wire.get_text(postback, "title") or wire.get_text(postback, "payload")
    if not text:
        return [values.Unsupported(reason="A button without a title or payload.")]
    made_up = f"postback:{sender.id}:{event.get('timestamp')}"  # older events carry no mid
    return [
        values.InboundMessage(
            external_id=wire.get_id(postback, "mid", required=False) or made_up[: wire.MAX_ID],
            sender=sender,
            sent_at=wire.moment(event.get("timestamp"), milliseconds=True),
            text=text,
            details=details_of(postback, {}),
        )
    ]


def _reaction(event: dict[str, Any]) -> list[Inbound]:
    reaction = wire.get_object(event, "reaction")
    emoji = wire.label(reaction, "emoji", 16) or wire.label(reaction, "reaction", 16)
    return [
        values.InboundReaction(
            external_id=wire.get_id(reaction, "mid"),
            by=person_of(event, "sender").id,
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
            values.InboundStatus(external_id=mid[: wire.MAX_ID], state="delivered", at=at)
            for mid in mids[: wire.MAX_ATTACHMENTS]
        ]
    return _watermark(event, "delivered", at)


def _read(event: dict[str, Any]) -> list[Inbound]:
    """Messenger says up to when they have read, Instagram up to which message."""
    read = wire.get_object(event, "read")
    mid = wire.get_id(read, "mid", required=False)
    if mid:
        at = wire.moment(event.get("timestamp"), milliseconds=True)
        return [values.InboundStatus(external_id=mid, state="read", at=at, with_earlier=True)]
    return _watermark(event, "read", wire.moment(read.get("watermark"), milliseconds=True))


def _watermark(event: dict[str, Any], state: str, up_to: Any) -> list[Inbound]:
    if up_to is None:
        raise PayloadRejected("The watermark is missing.")
    sender = person_of(event, "sender")
    return [values.InboundWatermark(thread_id=sender.id, state=state, up_to=up_to)]


def _referral(event: dict[str, Any]) -> list[Inbound]:
    """Somebody whom we know came by a link or an advertisement, and has not written yet."""
    said = referral_of(wire.get_object(event, "referral"))
    reason = ", ".join(f"{name}: {value}" for name, value in said.items())
    return [values.Noted(outcome="referral", reason=reason or "They came by a link.")]


def _policy(event: dict[str, Any]) -> list[Inbound]:
    """https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messaging_policy_enforcement"""
    found = event.get("policy-enforcement") or event.get("policy_enforcement")
    policy = found if isinstance(found, dict) else {}
    action = wire.label(policy, "action", 40)
    text = wire.label(policy, "reason", 300) or f"The network's policy: {action}"
    health = {"block": "stopped", "unblock": "ok", "warning": "trouble"}.get(action, "")
    return [values.AccountNews(text=text, health=health)]


READERS = {
    "message_edit": _edit,
    "postback": _postback,
    "reaction": _reaction,
    "delivery": _delivery,
    "read": _read,
    "referral": _referral,
    "policy-enforcement": _policy,
    "policy_enforcement": _policy,
}

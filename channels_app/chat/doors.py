"""What a visitor's page asks, at ``/chat/<key>/…``: who am I, take this, what was said.

No cookie is set: the page shows its token, so that no other website can use it. A browser must
come from a website on the connection's list. What a visitor writes is kept as it came before
anybody answers 200, and then goes every message's way.
"""

import re
import time
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone
from email_validator import EmailNotValidError, validate_email

from channels_app import wire
from channels_app.chat import tokens
from channels_app.chat.entrance import Chat, Said, chat_door
from channels_app.chat.tokens import NotBelieved, Visitor
from channels_app.media.services import MediaRefused, as_attachment, signed_url, store_upload
from channels_app.models import ChannelConnection
from channels_app.providers.values import RawItem
from channels_app.providers.webchat import file_behind, handle_of
from channels_app.services import ring_events, store
from channels_app.services.visitors import join_visitor, own_references, past_of
from channels_app.strangers import Refusal, caller_of, check_rates
from tenants import context, lines
from tenants.hours import Hours, read_hours
from tenants.limits import Rate
from tenants.workspace.services import opening_hours, profile

PER_VISITOR = Rate(30, 60, burst=15)
LOOKS = Rate(240, 60, burst=60)
UPLOADS = Rate(10, 60)
# Whoever asks for no token is a new visitor each time: files fill the company's room.
UPLOADS_FROM = Rate(60, 3_600, burst=20)  # per address
OWN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")
MAX_TEXT = 8_000
MAX_FILES = 5
MAX_RECEIPTS = 50


@chat_door("POST")
def session(request: HttpRequest, chat: Chat) -> Said:
    """Who the page's visitor is, their token, a ticket for the stream, and what was said last.

    Shown no token, it makes a stranger's. An identity that is not believed is refused rather
    than overlooked: the page would show a stranger's empty chat to somebody who has one.
    """
    asked = chat.json()
    before = _shown_before(asked.get("token"), chat)
    visitor = _identified(asked, chat) or before or tokens.stranger()
    _limit(visitor, chat, LOOKS)
    joined = False
    if visitor.is_verified and before is not None and before.is_anonymous:
        joined = join_visitor(
            connection=ChannelConnection.objects.get(pk=chat.route.connection_id),
            anonymous=before.id,
            user=visitor.id,
            name=visitor.name,
            email=visitor.email,
        )
    past = past_of(
        connection_id=chat.route.connection_id,
        visitor=visitor.id,
        after=wire.label(asked, "after", 64),
    )
    shown = str(asked.get("token") or "")
    kept = visitor == before and tokens.is_fresh(shown)
    return {
        "token": shown if kept else tokens.issue(visitor, chat.route, chat.identity_secret),
        "verified": visitor.is_verified,
        "name": visitor.name,
        "until": visitor.until,
        "joined": joined,
        "online": _somebody_is_there(chat),
        "ticket": lines.issue(
            lines.Ticket(chat.route.schema, chat.provider.line_to(visitor.id), chat.origin)
        ),
        "messages": past.messages,
        "more": past.has_more,
        "person": past.with_person,
    }


@chat_door("POST")
def messages(request: HttpRequest, chat: Chat) -> Said:
    """One message of the visitor's; sent twice under one id, it counts once."""
    visitor = _visitor(chat)
    _limit(visitor, chat, PER_VISITOR)
    asked = chat.json()
    own = asked.get("id")
    if not isinstance(own, str) or not OWN_ID.match(own):
        raise Refusal(422, "invalid", "id: 8 to 64 letters, digits, _ or -.", attr="id")
    text = asked.get("text", "")
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise Refusal(422, "too_long", f"A text of at most {MAX_TEXT} characters.", attr="text")
    handles = _handles(asked.get("files"), visitor, chat)
    if not text.strip() and not handles:
        raise Refusal(422, "required", "Write something first.", attr="text")
    page = asked.get("page")
    event = {
        "type": "message",
        "id": own,
        "visitor": _about(visitor, asked),
        "is_verified": visitor.is_verified,
        # Not what somebody typed whose server says nothing of an address.
        "is_email_verified": visitor.is_verified and bool(visitor.email),
        "text": text,
        "files": handles,
        "page": page if isinstance(page, dict) else {},
        "at": int(time.time()),
    }
    return {"id": own, "duplicate": not _keep(chat, [event])}


@chat_door("POST")
def files(request: HttpRequest, chat: Chat) -> Said:
    """A file, locked away until a message of this visitor's takes it along."""
    visitor = _visitor(chat)
    _limit(visitor, chat, UPLOADS)
    name = f"chat:{chat.route.connection_id}:files:{caller_of(chat.request)}"
    check_rates((name, UPLOADS_FROM))
    upload = chat.upload()
    try:
        media = store_upload(content=upload, name=upload.name or "", mime=upload.content_type or "")
    except MediaRefused as error:
        raise Refusal(422, error.code, str(error.text), attr="file") from error
    said = as_attachment(media)
    return {
        "handle": handle_of(chat.provider.account_id, visitor.id, said),
        "kind": media.kind,
        "name": media.name,
        "mime": media.mime,
        "size": media.size,
        "url": signed_url(media, public=True),
    }


@chat_door("POST")
def receipts(request: HttpRequest, chat: Chat) -> Said:
    """Which of our messages reached the page, and which were seen; others' are overlooked."""
    visitor = _visitor(chat)
    _limit(visitor, chat, LOOKS)
    asked = chat.json()
    events: list[dict[str, Any]] = []
    for state in ("delivered", "read"):
        claimed = asked.get(state)
        said = claimed if isinstance(claimed, list) else []
        named = [each for each in said if isinstance(each, str)]
        ours = own_references(
            connection_id=chat.route.connection_id,
            visitor=visitor.id,
            claimed=named[:MAX_RECEIPTS],
        )
        now = int(time.time())
        events += [
            {"type": "receipt", "reference": each, "state": state, "at": now} for each in ours
        ]
    return {"kept": _keep(chat, events) if events else 0}


@chat_door("POST")
def person(request: HttpRequest, chat: Chat) -> Said:
    """A stranger leaves their name or e-mail address. Nobody has checked it."""
    visitor = _visitor(chat)
    _limit(visitor, chat, PER_VISITOR)
    about = _about(visitor, chat.json())
    if not about["name"] and not about["email"]:
        raise Refusal(422, "required", "Give a name or an e-mail address.")
    _keep(chat, [{"type": "person", "visitor": about}])
    return {"email": about["email"], "name": about["name"]}


@chat_door("GET")
def history(request: HttpRequest, chat: Chat) -> Said:
    """What was said before or after a message of the conversation; without either, the last."""
    visitor = _visitor(chat)
    _limit(visitor, chat, LOOKS)
    past = past_of(
        connection_id=chat.route.connection_id,
        visitor=visitor.id,
        before=request.GET.get("before", "")[:64],
        after=request.GET.get("after", "")[:64],
    )
    return {"messages": past.messages, "more": past.has_more, "person": past.with_person}


def _handles(claimed: Any, visitor: Visitor, chat: Chat) -> list[str]:
    """Files that this visitor uploaded; anybody else's is refused."""
    said = claimed if isinstance(claimed, list) else []
    for each in said[:MAX_FILES]:
        if file_behind(each, chat.provider.account_id, visitor.id) is None:
            raise Refusal(422, "invalid", "This is no file of yours.", attr="files")
    return [str(each) for each in said[:MAX_FILES]]


def _visitor(chat: Chat) -> Visitor:
    try:
        return tokens.visitor_of(chat.bearer, chat.route, chat.identity_secret)
    except NotBelieved as error:
        raise Refusal(401, error.code, str(error)) from error


def _shown_before(token: Any, chat: Chat) -> Visitor | None:
    """Whom the page was before; a token that is no good is as good as none."""
    if not isinstance(token, str) or not token:
        return None
    try:
        return tokens.visitor_of(token, chat.route, chat.identity_secret)
    except NotBelieved:
        return None


def _identified(asked: Mapping[str, Any], chat: Chat) -> Visitor | None:
    identity = asked.get("identity")
    if identity is None or identity == "":
        return None
    try:
        if not isinstance(identity, str):
            raise NotBelieved("identity", "The identity is a JWT, as text.")
        return tokens.vouched_for(identity, chat.identity_secret)
    except NotBelieved as error:
        raise Refusal(403, error.code, str(error)) from error


def _limit(visitor: Visitor, chat: Chat, rate: Rate) -> None:
    name = lines.line_of(visitor.id)
    check_rates((f"chat:{chat.route.connection_id}:{rate.count}:{name}", rate))


def _about(visitor: Visitor, asked: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of the person: the signed word where there is one, else their own."""
    email = visitor.email or wire.label(asked, "email", 254).strip()
    if email and not visitor.email:
        try:
            email = validate_email(email, check_deliverability=False).normalized
        except EmailNotValidError as error:
            refusal = Refusal(422, "invalid", "That is no e-mail address.", attr="email")
            raise refusal from error
    name = visitor.name or " ".join(wire.label(asked, "name", 200).split())
    return {
        "id": visitor.id,
        "name": name if name.isprintable() else "",
        "email": email,
        "language": wire.plain(asked.get("language"), 16),
    }


def _keep(chat: Chat, events: list[dict[str, Any]]) -> int:
    """Keep what came, exactly as an item of a network; how many were new."""
    items: list[RawItem] = [
        item for event in events for item in chat.provider.split(wire.dumps(event))
    ]
    stored = store(connection_id=chat.route.connection_id, items=items)
    if stored:
        ring_events(stored)
    return len(stored)


def _somebody_is_there(chat: Chat) -> bool:
    """The AI always is, where it is switched on; people in the chat's own hours, where it has
    any, else in the company's."""
    if profile().ai_enabled:
        return True
    own = read_hours(str(chat.provider.config.get("open_hours") or ""))
    zone = ZoneInfo(context.current_company().time_zone)
    hours = Hours(zone, own) if own else opening_hours()
    return hours.is_open(timezone.now())

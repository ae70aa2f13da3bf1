"""Telegram Bot API. https://core.telegram.org/bots/api"""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django import forms
from django.conf import settings

from channels_app import signatures, wire
from channels_app.providers import base
from channels_app.providers.base import Inbound, Outgoing, Person, RawItem, Sent
from tenants.plugins import http
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    ProviderError,
    RateLimited,
    RecipientUnreachable,
    Rejected,
    SignatureMismatch,
)

MESSAGES = ("message", "business_message")
EDITS = ("edited_message", "edited_business_message")
MEDIA = {
    "document": "file",
    "animation": "video",
    "audio": "audio",
    "video": "video",
    "video_note": "video",
    "voice": "audio",
    "sticker": "sticker",
}
POSTS = ("channel_post", "edited_channel_post")
# What we ask Telegram to send: https://core.telegram.org/bots/api#setwebhook
UPDATES = (
    *MESSAGES,
    *EDITS,
    *POSTS,
    "callback_query",
    "message_reaction",
    "deleted_business_messages",
    "business_connection",
    "my_chat_member",
)
GONE = {"kicked", "left"}
MAX_CAPTION = 1_024  # UTF-16 units
UNREACHABLE = ("bot was blocked", "chat not found", "user is deactivated", "bot was kicked")


class Telegram(base.ChannelProvider):
    class ConfigForm(forms.Form):
        bot_token = forms.CharField(
            label="Bot token", widget=forms.PasswordInput, max_length=200, required=False
        )
        secret_token = forms.RegexField(
            r"\A[A-Za-z0-9_-]{1,256}\Z",
            label="Webhook secret token",
            widget=forms.PasswordInput,
            required=False,
        )

    secret_names: ClassVar[Mapping[str, str]] = {"secret": "secret_token", "token": "bot_token"}
    how_to_connect = (
        "Talk to @BotFather to make a bot and copy its token; we tell Telegram where its webhooks"
        " go. The account id is the number before the colon of the token."
    )
    acknowledged: ClassVar[frozenset[str]] = frozenset({"callback_query"})

    @classmethod
    def new_secret(cls, name: str) -> str:
        return secrets.token_urlsafe(32) if name == "secret" else ""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        secret = base.strict_config(self.config, "secret_token").decode()
        if not signatures.same(headers.get("X-Telegram-Bot-Api-Secret-Token", ""), secret):
            raise SignatureMismatch("X-Telegram-Bot-Api-Secret-Token is not ours.")

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "secret_token").decode()
        return {"X-Telegram-Bot-Api-Secret-Token": secret}

    def split(self, body: bytes) -> Iterator[RawItem]:
        """One webhook is one update. It does not name the bot; its address does."""
        update = wire.load_object(body)
        kind = wire.plain(next((name for name in update if name != "update_id"), "")) or base.EMPTY
        identifier = update.get("update_id")
        if isinstance(identifier, int) and not isinstance(identifier, bool):
            key = wire.key_of("update", identifier)
        else:
            key = wire.key_of("body", body.hex())
        yield RawItem("", key, kind, body)

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        update = wire.load_object(body)
        if kind in (*MESSAGES, *EDITS):
            message = wire.get_object(update, kind)
            if not message:
                return [base.Unsupported(reason=f"An empty {kind}.")]
            return [_edit(message) if kind in EDITS else self._message(message)]
        reader = {
            "callback_query": _callback,
            "message_reaction": _reaction,
            "deleted_business_messages": _deleted,
            "my_chat_member": _membership,
            "business_connection": _business,
            **dict.fromkeys(POSTS, _channel_post),
        }.get(kind)
        if reader is None:
            return [base.Unsupported(reason=f"Nothing is done about {kind!r} updates.")]
        return reader(wire.get_object(update, kind))

    def _message(self, message: dict[str, Any]) -> Inbound:
        chat = wire.get_object(message, "chat")
        chat_id = wire.get_id(chat, "id")
        at = wire.moment(message.get("date"))
        text = wire.get_text(message, "text") or wire.get_text(message, "caption")
        attachments = _attachments(message)
        if not text and not attachments:
            return base.Unsupported(reason="A service message or one of a kind we do not read.")
        # An anonymous group admin writes as the group, through a bot that stands in for them.
        as_chat = wire.get_object(message, "sender_chat")
        writer = as_chat or wire.get_object(message, "from") or chat
        business = wire.get_id(message, "business_connection_id", required=False)
        external_id = _external_id(chat_id, message)
        if business and wire.get_id(writer, "id") != chat_id:
            return base.InboundEcho(  # the owner of the account wrote this on their phone
                external_id=external_id,
                recipient=_person(chat, thread=f"{business}|{chat_id}"),
                sent_at=at,
                text=text,
                attachments=attachments,
                sequence=wire.number(message, "message_id"),
            )
        if writer.get("is_bot") is True:
            return base.Unsupported(reason="Another bot wrote this.")
        private = chat.get("type") in {"private", None}
        replied = wire.get_object(message, "reply_to_message")
        return base.InboundMessage(
            external_id=external_id,
            sender=_person(writer, thread=f"{business}|{chat_id}" if business else ""),
            sent_at=at,
            text=text,
            attachments=attachments,
            thread_id="" if private else chat_id,
            reply_to=_external_id(chat_id, replied) if replied else "",
            sequence=wire.number(message, "message_id"),
        )

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        """https://core.telegram.org/bots/api#sendmessage"""
        business, _, chat_id = message.recipient_id.rpartition("|")
        body: dict[str, Any] = {"chat_id": int(chat_id) if _is_number(chat_id) else chat_id}
        if business:
            body["business_connection_id"] = business
        method, content = _content(message)
        result = self._call(method, {**body, **content})
        sent_id = wire.get_answer_id(result, "message_id")
        return Sent(f"{chat_id}:{sent_id}")

    def acknowledge(self, kind: str, body: bytes) -> None:
        """Ends the little clock on the button that was tapped."""
        query = wire.get_object(wire.load_object(body), kind)
        body_of_answer = {"callback_query_id": wire.get_id(query, "id")}
        self._ask("answerCallbackQuery", body_of_answer, idempotent=True)

    def subscribe(self, webhook_url: str) -> bool:
        """https://core.telegram.org/bots/api#setwebhook"""
        body = {
            "url": webhook_url,
            "secret_token": str(self.config.get("secret_token") or ""),
            "allowed_updates": list(UPDATES),
            "max_connections": 40,
        }
        self._ask("setWebhook", body, idempotent=True)
        return True

    def unsubscribe(self) -> bool:
        if not self.config.get("bot_token"):
            return False
        self._ask("deleteWebhook", {}, idempotent=True)
        return True

    def probe(self) -> base.Probed:
        """https://core.telegram.org/bots/api#getwebhookinfo"""
        bot, info = self._call("getMe", {}), self._call("getWebhookInfo", {})
        problems = []
        if str(bot.get("id")) != str(self.config.get("account_id")):
            problems.append(f"The token belongs to the bot {bot.get('id')}.")
        if info.get("url") != self.config.get("webhook_url"):
            problems.append("Telegram sends its webhooks somewhere else.")
        if info.get("last_error_message"):
            problems.append(f"Telegram's last try failed: {info['last_error_message']}"[:300])
        return base.Probed(tuple(problems))

    def _call(self, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        result = self._ask(method, body)
        if not isinstance(result, dict):
            raise AnswerLost("Telegram answered something else than an object.")
        return result

    def _ask(self, method: str, body: Mapping[str, Any], *, idempotent: bool = False) -> Any:
        url = f"{settings.TELEGRAM_API_URL}/bot{self.config.get('bot_token', '')}/{method}"
        try:
            answer = http.request("POST", url, json=body, idempotent=idempotent)
        except ProviderError as error:
            raise _meaning_of(error, str(self.config.get("bot_token", ""))) from None
        return answer.get("result") if isinstance(answer, dict) else None


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit() and text.isascii()


def _external_id(chat_id: str, message: dict[str, Any]) -> str:
    """A message_id is unique only within its chat."""
    return f"{chat_id}:{wire.get_id(message, 'message_id')}"


def _person(writer: dict[str, Any], *, thread: str = "") -> Person:
    identifier = wire.get_id(writer, "id")
    first = wire.label(writer, "first_name", 128) or wire.label(writer, "title", 128)
    names = (first, wire.label(writer, "last_name", 128))
    name = " ".join(filter(None, names)) or wire.label(writer, "username", 128)
    return Person(
        id=thread or identifier,
        name=name,
        language=wire.plain(writer.get("language_code"), 16),
    )


def _edit(message: dict[str, Any]) -> Inbound:
    chat_id = wire.get_id(wire.get_object(message, "chat"), "id")
    return base.InboundEdit(
        external_id=_external_id(chat_id, message),
        text=wire.get_text(message, "text") or wire.get_text(message, "caption"),
        at=wire.moment(message.get("edit_date")),
    )


def _callback(query: dict[str, Any]) -> list[Inbound]:
    """A tapped button is something said."""
    writer = wire.get_object(query, "from")
    text = wire.get_text(query, "data")
    if not text:
        return [base.Unsupported(reason="A button without data.")]
    chat = wire.get_object(wire.get_object(query, "message"), "chat")
    group = chat.get("type") not in {"private", None}
    return [
        base.InboundMessage(
            external_id=f"callback:{wire.get_id(query, 'id')}",
            sender=_person(writer),
            sent_at=None,
            text=text,
            thread_id=wire.get_id(chat, "id") if group else "",
        )
    ]


def _reaction(reaction: dict[str, Any]) -> list[Inbound]:
    chat_id = wire.get_id(wire.get_object(reaction, "chat"), "id")
    new = [each for each, _ in wire.objects(reaction.get("new_reaction")) if each]
    user = reaction.get("user")
    return [
        base.InboundReaction(
            external_id=_external_id(chat_id, reaction),
            by=wire.get_id(user, "id") if isinstance(user, dict) else "anonymous",
            emoji=wire.label(new[-1], "emoji", 16) if new else "",
            at=wire.moment(reaction.get("date")),
        )
    ]


def _deleted(deleted: dict[str, Any]) -> list[Inbound]:
    chat_id = wire.get_id(wire.get_object(deleted, "chat"), "id")
    ids = [each for each in wire.get_list(deleted, "message_ids") if isinstance(each, int)]
    return [
        base.InboundDelete(external_id=f"{chat_id}:{each}", at=None)
        for each in ids[: wire.MAX_ATTACHMENTS]
    ]


def _membership(news: dict[str, Any]) -> list[Inbound]:
    """In private, the person stopped the bot or let it in again; in a group, somebody did."""
    chat = wire.get_object(news, "chat")
    chat_id = wire.get_id(chat, "id")
    status = wire.label(wire.get_object(news, "new_chat_member"), "status", 40)
    if chat.get("type") != "private":
        return [base.Noted(outcome="membership", reason=f"In a chat, we are now {status!r}.")]
    if status in GONE:
        return [base.InboundOptOut(recipient=chat_id, reason="They stopped the bot.")]
    reason = "They let the bot in again."
    return [base.InboundOptOut(recipient=chat_id, reason=reason, is_over=True)]


def _business(news: dict[str, Any]) -> list[Inbound]:
    enabled = news.get("is_enabled") is True
    who = wire.label(wire.get_object(news, "user"), "first_name", 80)
    text = f"{who or 'Somebody'} {'connected' if enabled else 'disconnected'} a business account."
    return [base.AccountNews(text=text)]


def _channel_post(post: dict[str, Any]) -> list[Inbound]:
    title = wire.label(wire.get_object(post, "chat"), "title", 80)
    return [base.Noted(outcome="post", reason=f"Posted in the channel {title!r}.")]


def _attachments(message: dict[str, Any]) -> tuple[base.Attachment, ...]:
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
        found.append(base.Attachment(kind="contact", name=" ".join(filter(None, names))))
    place = message.get("location")
    if isinstance(place, dict):
        where = f"{place.get('latitude')}, {place.get('longitude')}"[:80]
        found.append(base.Attachment(kind="location", name=where))
    return tuple(found)


def _file(kind: str, part: dict[str, Any]) -> base.Attachment:
    return base.Attachment(
        kind=kind,
        name=wire.label(part, "file_name"),
        mime=wire.plain(part.get("mime_type"), 100),
        size=wire.number(part, "file_size"),
        ref=wire.get_id(part, "file_id", required=False),
    )


def _content(message: Outgoing) -> tuple[str, dict[str, Any]]:
    if not message.attachments:
        return "sendMessage", {"text": message.text}
    attachment = message.attachments[0]
    url = wire.web_address(attachment.get("url"))
    if not url:
        raise Rejected("An attachment needs a public web address.", code="attachment")
    if len(message.text.encode("utf-16-le", "surrogatepass")) // 2 > MAX_CAPTION:
        raise Rejected(f"Beside a file, {MAX_CAPTION} characters are taken.", code="too_long")
    caption = {"caption": message.text} if message.text else {}
    if attachment.get("kind") == "image":
        return "sendPhoto", {"photo": url, **caption}
    return "sendDocument", {"document": url, **caption}


def _meaning_of(error: ProviderError, token: str) -> ProviderError:
    """Telegram's answer in the words of our error tree, without the token that is in the URL.

    https://core.telegram.org/bots/api#making-requests
    """
    payload = error.payload if isinstance(error.payload, dict) else {}
    described = wire.label(payload, "description", 400)
    text = described or (str(error).replace(token, "…") if token else str(error))
    kind = type(error)
    wait = error.retry_after
    if error.status == 429:
        parameters = payload.get("parameters")
        asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
        kind, wait = RateLimited, float(asked) if isinstance(asked, int | float) else wait
    elif error.status in {401, 404}:  # an unknown token is answered with 404
        kind = CredentialsRejected
    elif error.status in {400, 403}:
        gone = error.status == 403 or any(words in described.lower() for words in UNREACHABLE)
        kind = RecipientUnreachable if gone else Rejected
    elif error.status >= 500 and not payload:
        kind = AnswerLost  # a gateway says nothing about what happened behind it
    return kind(
        text, code=str(error.status or ""), retry_after=wait, status=error.status, payload=payload
    )

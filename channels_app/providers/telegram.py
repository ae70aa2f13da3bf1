"""Telegram Bot API. https://core.telegram.org/bots/api"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels_app import signatures, wire
from channels_app.findings import Severity, finding
from channels_app.providers import base, values
from channels_app.providers.access import Probed
from channels_app.providers.telegram_events import (
    attachments_of,
    external_id_of,
    kind_unshown,
    person_of,
    read_business,
    read_callback,
    read_channel_post,
    read_deleted,
    read_edit,
    read_membership,
    read_reaction,
)
from channels_app.providers.values import Attachment, Inbound, Outgoing, RawItem, Sent
from tenants.plugins import http
from tenants.plugins.downloads import Download, TooMuch
from tenants.plugins.errors import (
    AnswerLost,
    CredentialsRejected,
    Expired,
    PairLimited,
    ProviderError,
    RecipientUnreachable,
    Rejected,
    SignatureMismatch,
)

MESSAGES = ("message", "business_message")
EDITS = ("edited_message", "edited_business_message")
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
MAX_WAITING = 100  # updates at Telegram, before somebody should look
MAX_CAPTION = 1_024  # UTF-16 units
MAX_PHOTO = 10 * 1024 * 1024
PHOTOS = frozenset({"image/jpeg", "image/png", "image/webp"})
METHODS = {
    "image/gif": ("sendAnimation", "animation"),
    "audio/ogg": ("sendVoice", "voice"),
    "audio/mpeg": ("sendAudio", "audio"),
    "audio/mp4": ("sendAudio", "audio"),
    "video/mp4": ("sendVideo", "video"),
}
UPLOAD_SECONDS = 60.0
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
    how_to_connect = _(
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
        kind = (
            wire.plain(next((name for name in update if name != "update_id"), "")) or values.EMPTY
        )
        identifier = update.get("update_id")
        if isinstance(identifier, int) and not isinstance(identifier, bool):
            key = wire.key_of("update", identifier)
        else:
            key = wire.key_of("body", body.hex())
        yield RawItem("", key, kind, body)

    def canary(self, mark: str) -> bytes:
        """https://core.telegram.org/bots/api#update; Telegram's own ids are positive."""
        number = wire.number_of(mark)
        doctor = {"id": number, "is_bot": False, "first_name": base.DOCTOR}
        message = {
            "message_id": number,
            "date": base.now_in_seconds(),
            "chat": {"id": number, "type": "private", "first_name": base.DOCTOR},
            "from": doctor,
            "text": mark,
        }
        return wire.dumps({"update_id": -number, "message": message})

    # -- reading

    def parse(self, kind: str, body: bytes) -> list[Inbound]:
        update = wire.load_object(body)
        if kind in (*MESSAGES, *EDITS):
            message = wire.get_object(update, kind)
            if not message:
                return [values.Unsupported(reason=f"An empty {kind}.")]
            told = self._message(message)
            return [read_edit(message, told) if kind in EDITS else told]
        reader = {
            "callback_query": read_callback,
            "message_reaction": read_reaction,
            "deleted_business_messages": read_deleted,
            "my_chat_member": read_membership,
            "business_connection": read_business,
            **dict.fromkeys(POSTS, read_channel_post),
        }.get(kind)
        if reader is None:
            return [values.Unsupported(reason=f"Nothing is done about {kind!r} updates.")]
        return reader(wire.get_object(update, kind))

    def _message(self, message: dict[str, Any]) -> Inbound:
        chat = wire.get_object(message, "chat")
        chat_id = wire.get_id(chat, "id")
        at = wire.moment(message.get("date"))
        text = wire.get_text(message, "text") or wire.get_text(message, "caption")
        attachments = attachments_of(message)
        kind = "" if text or attachments else kind_unshown(message)
        if not text and not attachments and not kind:
            return values.Unsupported(reason="A service message.")
        # An anonymous group admin writes as the group, through a bot that stands in for them.
        as_chat = wire.get_object(message, "sender_chat")
        writer = as_chat or wire.get_object(message, "from") or chat
        business = wire.get_id(message, "business_connection_id", required=False)
        external_id = external_id_of(chat_id, message)
        if kind:
            attachments = values.unshown(kind)
        if business and wire.get_id(writer, "id") != chat_id:
            return values.InboundEcho(  # the owner of the account wrote this on their phone
                external_id=external_id,
                recipient=person_of(chat, thread=f"{business}|{chat_id}"),
                sent_at=at,
                text=text,
                attachments=attachments,
                sequence=wire.number(message, "message_id"),
            )
        if writer.get("is_bot") is True:
            return values.Unsupported(reason="Another bot wrote this.")
        private = chat.get("type") is None or chat["type"] == "private"
        replied = wire.get_object(message, "reply_to_message")
        said = values.InboundMessage(
            external_id=external_id,
            sender=person_of(
                writer,
                thread=f"{business}|{chat_id}" if business else "",
                shared=message.get("contact"),
            ),
            sent_at=at,
            text=text,
            attachments=attachments,
            thread_id="" if private else chat_id,
            reply_to=external_id_of(chat_id, replied) if replied else "",
            sequence=wire.number(message, "message_id"),
        )
        if kind:
            return values.Unsupported(reason=f"A message of the kind {kind!r}.", said=said)
        return said

    def open_attachment(
        self, attachment: Attachment, item: RawItem | None, *, limit: int
    ) -> Download:
        """https://core.telegram.org/bots/api#getfile; no file of more than 20 MB can be had."""
        try:
            found = self._ask("getFile", {"file_id": attachment.ref}, idempotent=True)
        except Rejected as error:
            raise _why_no_file(error) from error
        path = wire.label(found, "file_path", 500) if isinstance(found, dict) else ""
        if not path:
            raise Expired("Telegram names no place of this file.")
        token = self.config.get("bot_token", "")
        url = f"{settings.TELEGRAM_API_URL}/file/bot{token}/{quote(path)}"
        return base.linked_file(replace(attachment, url=url), limit=limit)

    # -- sending

    def send(self, message: Outgoing) -> Sent:
        """https://core.telegram.org/bots/api#sendmessage"""
        business, _, chat_id = message.recipient_id.rpartition("|")
        body: dict[str, Any] = {"chat_id": int(chat_id) if _is_number(chat_id) else chat_id}
        if business:
            body["business_connection_id"] = business
        method, content, files = _content(message)
        result = self._call(method, {**body, **content}, files)
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

    def probe(self) -> Probed:
        """https://core.telegram.org/bots/api#getwebhookinfo"""
        bot, info = self._call("getMe", {}), self._call("getWebhookInfo", {})
        found = []
        if str(bot.get("id")) != str(self.config.get("account_id")):
            found.append(finding("wrong_account", found=bot.get("id")))
        if info.get("url") != self.config.get("webhook_url"):
            elsewhere = _host_of(info.get("url"))
            found.append(
                finding("webhook_url", url=elsewhere) if elsewhere else finding("not_subscribed")
            )
        elif info.get("last_error_message") and info.get("pending_update_count"):
            said = info["last_error_message"]
            found.append(finding("webhook_failing", Severity.WARNING, said=said))
        allowed = info.get("allowed_updates")
        if isinstance(allowed, list) and (lacking := set(UPDATES) - set(map(str, allowed))):
            fields = ", ".join(sorted(lacking))
            found.append(finding("fields", Severity.WARNING, fields=fields))
        if wire.number(info, "pending_update_count") > MAX_WAITING:
            count = info["pending_update_count"]
            found.append(finding("webhook_waiting", Severity.WARNING, count=count))
        return Probed(tuple(found))

    def _call(
        self, method: str, body: Mapping[str, Any], files: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        result = self._ask(method, body, files)
        if not isinstance(result, dict):
            raise AnswerLost("Telegram answered something else than an object.")
        return result

    def _ask(
        self,
        method: str,
        body: Mapping[str, Any],
        files: Mapping[str, Any] | None = None,
        *,
        idempotent: bool = False,
    ) -> Any:
        """As JSON, or as a form where a file goes along."""
        url = f"{settings.TELEGRAM_API_URL}/bot{self.config.get('bot_token', '')}/{method}"
        form = {name: str(value) for name, value in body.items()} if files else None
        try:
            answer = http.request(
                "POST",
                url,
                json=None if files else body,
                data=form,
                files=files,
                idempotent=idempotent,
                timeout=UPLOAD_SECONDS if files else None,
            )
        except ProviderError as error:
            raise _meaning_of(error, str(self.config.get("bot_token", ""))) from None
        return answer.get("result") if isinstance(answer, dict) else None


def _why_no_file(error: Rejected) -> Rejected:
    said = str(error).lower()
    if "too big" in said:
        return TooMuch(str(error), code=error.code, status=error.status)
    if "file_id" in said or "unavailable" in said or "not found" in said:
        return Expired(str(error), code=error.code, status=error.status)
    return error


def _host_of(url: Any) -> str:
    """Where else the webhooks go; the rest of the address may hold somebody's secret."""
    return f"https://{urlsplit(url).hostname}/…" if isinstance(url, str) and url else ""


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit() and text.isascii()


def _content(message: Outgoing) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The method, its fields, and the file that goes along (https://core.telegram.org/bots/api#sending-files)."""
    if not message.attachments:
        return "sendMessage", {"text": message.text}, {}
    attachment = base.one_file(message)
    if len(message.text.encode("utf-16-le", "surrogatepass")) // 2 > MAX_CAPTION:
        raise Rejected(f"Beside a file, {MAX_CAPTION} characters are taken.", code="too_long")
    caption = {"caption": message.text} if message.text else {}
    method, field = _method_for(attachment)
    file = base.own_file(message, attachment)
    if file is None:
        return method, {field: base.public_url(attachment), **caption}, {}
    return method, caption, {field: file}


def _method_for(attachment: Mapping[str, Any]) -> tuple[str, str]:
    """By what Telegram shows in place; everything else, or what is too large, is a document."""
    if attachment.get("kind") == "image" and not attachment.get("mime"):
        return "sendPhoto", "photo"
    mime, size = str(attachment.get("mime") or ""), int(attachment.get("size") or 0)
    if mime in PHOTOS and size <= MAX_PHOTO:
        return "sendPhoto", "photo"
    return METHODS.get(mime, ("sendDocument", "document"))


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
        kind, wait = PairLimited, float(asked) if isinstance(asked, int | float) else wait
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

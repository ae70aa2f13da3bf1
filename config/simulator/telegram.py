"""Telegram's Bot API. https://core.telegram.org/bots/api"""

import json
import time
from collections.abc import Callable
from typing import Any

from config.simulator.courier import Parcel
from config.simulator.files import Kept, form_with_files
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault

FILES = ("photo", "document", "audio", "video", "voice", "animation")
MAX_DOWNLOAD = 20 * 1024 * 1024
ERRORS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    409: "Conflict: can't use getUpdates method while webhook is active",
    429: "Too Many Requests: retry after {retry_after}",
    500: "Internal Server Error",
}


class Telegram(Messenger):
    """``/bot<token>/<method>``; the part of the token before the colon is the bot's id."""

    name = "telegram"
    platforms = ("telegram",)

    def answer(self, request: Request) -> Answer:
        is_file = request.path.startswith("/file/bot")
        path = request.path.removeprefix("/file")
        bot, _, method = path.strip("/").removeprefix("bot").partition("/")
        account_id, colon, _ = bot.partition(":")
        if not path.startswith("/bot") or not colon or not account_id.isdigit():
            return self._error(401)
        account = self.world.account("telegram", account_id)
        if account.token and account.token != bot:
            return self._error(401)
        if is_file:
            return self.shelf.serve(request, method.rpartition("_")[2].partition(".")[0])
        fields, files = form_with_files(request)
        kept = {
            name: self.shelf.keep(part.content, part.mime, part.name).identity
            for name, part in files.items()
        }
        arguments = {**request.query, **request.json(), **fields, **kept}
        methods: dict[str, Callable[[Account, dict[str, Any]], Answer]] = {
            "sendMessage": self._send_message,
            **{f"send{field.capitalize()}": self._send_message for field in FILES},
            "getFile": self._get_file,
            "answerCallbackQuery": lambda account, arguments: _ok(True),
            "getMe": self._get_me,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "sendChatAction": lambda account, arguments: _ok(True),
        }
        if method not in methods:
            return self._error(404, "Not Found")
        return methods[method](account, arguments)

    def failure(self, fault: Fault) -> Answer:
        return self._error(
            fault.code or fault.status or 500, fault.message, retry_after=fault.retry_after or 1
        )

    def _send_message(self, account: Account, arguments: dict[str, Any]) -> Answer:
        chat, text = str(arguments.get("chat_id", "")), str(arguments.get("text", ""))
        if not chat:
            return self._error(400, "Bad Request: chat_id is empty")
        file = str(next((arguments[field] for field in FILES if arguments.get(field)), ""))
        if file.startswith("http"):
            self.courier.visit("telegram", file)
        text = str(arguments.get("caption", "")) if file else text
        if not file and not text.strip():
            return self._error(400, "Bad Request: message text is empty")
        if len(text) > (1_024 if file else 4_096):
            return self._error(400, "Bad Request: message is too long")
        person = self.world.person("telegram", account.account_id, chat)
        if person.state != "ok":
            return self._error(403)
        # About 30 a second over all chats and one a second in one chat, short bursts allowed:
        # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
        if self.world.behaviour("telegram").limits and not (
            self.world.room(30, 30, "telegram", account.account_id)
            and self.world.room(
                *((1 / 3, 20) if chat.startswith("-") else (1, 5)),
                "telegram",
                account.account_id,
                chat,
            )
        ):
            return self._error(429, retry_after=1)
        number = self.world.next_id(f"telegram:{account.account_id}:{chat}")
        return Answer(
            {
                "ok": True,
                "result": {
                    "message_id": number,
                    "from": _bot(account),
                    "chat": {"id": _number(chat), "type": "private"},
                    "date": int(time.time()),
                    "text": text,
                },
            },
            kind="send",
            note={
                "platform": "telegram",
                "account": account.account_id,
                "recipient": chat,
                "text": text,
                "external_id": f"{chat}:{number}",
                "file": file,
            },
        )

    def _get_file(self, account: Account, arguments: dict[str, Any]) -> Answer:
        """https://core.telegram.org/bots/api#getfile"""
        kept = self.shelf.find(str(arguments.get("file_id", "")))
        if kept is None:
            return self._error(
                400, "Bad Request: wrong file_id or the file is temporarily unavailable"
            )
        if len(kept.content) > MAX_DOWNLOAD:
            return self._error(400, "Bad Request: file is too big")
        ending = kept.mime.rpartition("/")[2]
        return _ok(
            {
                "file_id": kept.identity,
                "file_unique_id": f"u{kept.identity}",
                "file_size": len(kept.content),
                "file_path": f"{kept.sort}s/file_{kept.identity}.{ending}",
            }
        )

    def _get_me(self, account: Account, arguments: dict[str, Any]) -> Answer:
        return _ok({**_bot(account), "can_join_groups": True, "can_connect_to_business": False})

    def _set_webhook(self, account: Account, arguments: dict[str, Any]) -> Answer:
        account.webhook_url = str(arguments.get("url", ""))
        account.secret = str(arguments.get("secret_token", ""))
        return _ok(True, description="Webhook was set")

    def _delete_webhook(self, account: Account, arguments: dict[str, Any]) -> Answer:
        account.webhook_url = ""
        return _ok(True, description="Webhook was deleted")

    def _get_webhook_info(self, account: Account, arguments: dict[str, Any]) -> Answer:
        return _ok(
            {
                "url": account.webhook_url,
                "has_custom_certificate": False,
                "pending_update_count": 0,
                "max_connections": 40,
            }
        )

    def _error(self, code: int, message: str = "", *, retry_after: float = 0) -> Answer:
        seconds = int(retry_after) or 1
        text = message or ERRORS.get(code, "Error")
        body: dict[str, Any] = {
            "ok": False,
            "error_code": code,
            "description": text.format(retry_after=seconds),
        }
        if code == 429:
            body["parameters"] = {"retry_after": seconds}
        return Answer(body, code, note={"code": code})

    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        sender, name = _number(message["sender_id"]), message["sender_name"] or "Person"
        counter = f"telegram:{account.account_id}:{sender}"
        return {
            "update_id": self.world.next_id("telegram:update"),
            "message": {
                "message_id": int(message["id"] or self.world.next_id(counter)),
                "from": {"id": sender, "is_bot": False, "first_name": name},
                "chat": {"id": sender, "first_name": name, "type": "private"},
                "date": int(time.time()),
                **_said(message["text"], message.get("file")),
            },
        }

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        """Telegram sends one update a request."""
        headers = {"x-telegram-bot-api-secret-token": account.secret}
        return [Parcel(json.dumps(item).encode(), headers) for item in items]


def _said(text: str, file: Kept | None) -> dict[str, Any]:
    """Words, or a file with words as its caption."""
    if file is None:
        return {"text": text}
    told: dict[str, Any] = {
        "file_id": file.identity,
        "file_unique_id": f"u{file.identity}",
        "file_size": len(file.content),
    }
    caption = {"caption": text} if text else {}
    if file.sort == "image":
        small = {**told, "file_id": "thumbnail", "width": 90, "height": 90}
        return {"photo": [small, {**told, "width": 800, "height": 800}], **caption}
    named = {**told, "mime_type": file.mime, "file_name": file.name}
    return {{"audio": "voice", "video": "video"}.get(file.sort, "document"): named, **caption}


def _ok(result: Any, **more: Any) -> Answer:
    return Answer({"ok": True, "result": result, **more})


def _bot(account: Account) -> dict[str, Any]:
    number = _number(account.account_id)
    return {
        "id": number,
        "is_bot": True,
        "first_name": "Demo bot",
        "username": f"demo_{number}_bot",
    }


def _number(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text

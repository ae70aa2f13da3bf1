"""TikTok's API for Business: messages, comments, tokens.

https://business-api.tiktok.com/portal/docs?id=1832184403754242
"""

import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from config.simulator.consent import Desk, Refusal
from config.simulator.courier import Courier, Parcel
from config.simulator.files import Kept, Part, form_with_files
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault, World

WINDOW = 48 * 3600
IN_WINDOW = 10
DAY = 86_400
MESSAGES = {
    40002: "Invalid parameter.",
    40064: "No more new conversations can be started today.",
    40100: "Requests made too frequently. Please slow down.",
    40102: "Access token is expired.",
    40105: "Access token is incorrect or has been revoked.",
    50000: "System error. Please try again later.",
}


class TikTok(Messenger):
    """Everything answers 200; ``code`` says what it means."""

    name = "tiktok"
    platforms = ("tiktok",)

    def __init__(self, world: World, courier: Courier) -> None:
        super().__init__(world, courier)
        self.desk = Desk(world, "tiktok", separator=",")

    def answer(self, request: Request) -> Answer:
        if request.parts == ["v2", "auth", "authorize"]:
            return self.desk.answer(request, client="client_key")
        if request.parts[:1] == ["store"]:
            return self.shelf.serve(request, request.parts[-1])
        path = request.parts[2:]  # behind open_api/v1.3
        fields, files = form_with_files(request)
        body = {**request.json(), **fields}
        if path[:1] == ["tt_user"]:
            return self._tokens(path[1:], body)
        account = self.world.account("tiktok", str(body.get("business_id") or "biz"))
        token = request.headers.get("access-token", "")
        if not self._opens(token, account):
            return _code(40105)
        if self.world.behaviour("tiktok").limits and not self.world.room(1, 60, "tiktok", token):
            return _code(40100)
        return self._business(path, account, body, files)

    def _business(
        self, path: list[str], account: Account, body: dict[str, Any], files: dict[str, Part]
    ) -> Answer:
        match path:
            case ["business", "message", "send"]:
                return self._send(account, body)
            case ["business", "message", "media", deed]:
                return self._media(deed, body, files)
            case ["business", "comment", "reply", "create"]:
                return self._comment(account, body)
            case ["business", "get"]:
                return _data({"username": "demo", "display_name": "Demo"})
        return _code(40002)

    def failure(self, fault: Fault) -> Answer:
        if fault.status and fault.status != 200:
            return Answer({"message": fault.message or "error"}, fault.status)
        return _code(fault.code or 50000, fault.message)

    def _opens(self, token: str, account: Account) -> bool:
        if token in self.desk.grants:
            return self.desk.grant_of(token) is not None
        return bool(token) and (not account.token or account.token == token)

    def _tokens(self, path: list[str], body: dict[str, Any]) -> Answer:
        match path:
            case ["oauth2", "token"]:
                return self._trade(body)
            case ["oauth2", "refresh_token"]:
                return self._refresh(body)
            case ["oauth2", "revoke"]:
                self.desk.revoke(str(body.get("access_token", "")))
                return _data({})
            case ["token_info", "get"]:
                return self._told_of(body)
        return _code(40002)

    def _trade(self, body: dict[str, Any]) -> Answer:
        form = {name: str(value) for name, value in body.items()}
        try:
            code = self.desk.redeem(form, named="auth_code")
        except Refusal as refusal:
            return _code(40110, refusal.description)
        return _data(
            {
                "access_token": self.desk.token(code.grant, seconds=DAY, code=code),
                "refresh_token": secrets.token_urlsafe(16),
                "expires_in": DAY,
                "refresh_token_expires_in": 365 * DAY,
                "open_id": code.grant.accounts[0] if code.grant.accounts else "",
                "scope": ",".join(code.grant.scopes),
                "token_type": "Bearer",
            }
        )

    def _told_of(self, body: dict[str, Any]) -> Answer:
        """https://business-api.tiktok.com/portal/docs?id=1765927978092545"""
        grant = self.desk.grant_of(str(body.get("access_token", "")))
        if grant is None:
            return _code(40105)
        return _data({"scope": ",".join(grant.scopes), "creator_id": grant.accounts[0]})

    def _send(self, account: Account, body: dict[str, Any]) -> Answer:
        thread, text = str(body.get("recipient", "")), str((body.get("text") or {}).get("body", ""))
        image = self.shelf.find(str((body.get("image") or {}).get("media_id", "")))
        is_text = body.get("message_type") == "TEXT" and 0 < len(text) <= 6_000
        is_image = body.get("message_type") == "IMAGE" and image is not None and not text
        if not thread or not (is_text or is_image):
            return _code(40002)
        person = self.world.person("tiktok", account.account_id, thread)
        if person.state != "ok":
            return _code(40002, "The recipient does not take messages.")
        counter = f"tiktok:{account.account_id}:{thread}:{person.last_wrote}"
        stale = person.last_wrote is not None and time.time() - person.last_wrote > WINDOW
        if stale or self.world.next_number(counter) > IN_WINDOW:
            return _code(40002, "Outside of the messaging window.")
        identity = secrets.token_urlsafe(16)
        self._report(account, thread, identity, text)
        return _data({"message": {"message_id": identity}}, _note(account, thread, text, identity))

    def _media(self, deed: str, body: dict[str, Any], files: dict[str, Part]) -> Answer:
        if deed == "upload" and "file" in files:
            part = files["file"]
            return _data({"media_id": self.shelf.keep(part.content, part.mime).identity})
        kept = self.shelf.find(str(body.get("media_id", "")))
        if kept is None or not body.get("conversation_id") or not body.get("message_id"):
            return _code(40002, "The media does not exist.")
        return _data({"download_url": self.shelf.link("tiktok/store", kept.identity)})

    def _comment(self, account: Account, body: dict[str, Any]) -> Answer:
        comment, text = str(body.get("comment_id") or ""), str(body.get("text") or "")
        if not comment or not body.get("video_id") or not 0 < len(text) <= 150:
            return _code(40002)
        identity = str(self.world.next_number("tiktok:comment", start=7_000_000_000))
        return _data({"comment_id": identity}, _note(account, comment, text, identity))

    def _refresh(self, body: dict[str, Any]) -> Answer:
        if body.get("grant_type") != "refresh_token" or not body.get("refresh_token"):
            return _code(40002)
        return _data(
            {
                "access_token": secrets.token_urlsafe(24),
                "expires_in": DAY,
                "refresh_token": secrets.token_urlsafe(24),
                "refresh_token_expires_in": 365 * DAY,
                "open_id": "biz",
                "scope": "message.list.read,message.list.send,comment.list.manage",
            }
        )

    def _report(self, account: Account, thread: str, identity: str, text: str) -> None:
        behaviour = self.world.behaviour("tiktok")
        if not behaviour.statuses:
            return
        echo = {
            "event": "im_send_msg",
            "content": {
                "type": "text",
                "message_id": identity,
                "text": {"body": text},
                "conversation_id": thread,
                "timestamp": int(time.time() * 1000),
                "from": "demo",
                "from_user": {"id": account.account_id, "role": "business_account"},
                "to": "person",
                "to_user": {"id": f"user-{thread}", "role": "personal_account"},
            },
        }
        after = 0.0 if behaviour.echo_first else behaviour.status_delay
        self.courier.send(account, self.bundle, [echo], after)

    # -- what people write

    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        sender = message["sender_id"]  # names the conversation, too
        return {
            "event": "im_receive_msg",
            "content": {
                **_said(message["text"], message.get("file")),
                "message_id": message["id"] or secrets.token_urlsafe(16),
                "conversation_id": sender,
                "timestamp": int(time.time() * 1000),
                "from": message["sender_name"] or "person",
                "from_user": {"id": f"user-{sender}", "role": "personal_account"},
                "to": "demo",
                "to_user": {"id": account.account_id, "role": "business_account"},
            },
        }

    def seen(self, account: Account, person: str, identity: str) -> list[dict[str, Any]]:
        """Everything up to a moment."""
        read = {"conversation_id": person, "timestamp": int(time.time() * 1000)}
        return [{"event": "im_mark_read_msg", "content": read}]

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        """One event a request; its content is JSON within JSON."""
        parcels = []
        for item in items:
            now = str(int(time.time()))
            body = {
                "client_key": "demo",
                "event": item["event"],
                "create_time": int(now),
                "user_openid": account.account_id,
                "content": json.dumps(item["content"]),
            }
            raw = json.dumps(body).encode()
            signed = f"{now}.".encode() + raw
            digest = hmac.new(account.secret.encode(), signed, hashlib.sha256).hexdigest()
            parcels.append(Parcel(raw, {"tiktok-signature": f"t={now},s={digest}"}))
        return parcels


def _said(text: str, file: Kept | None) -> dict[str, Any]:
    if file is None:
        return {"type": "text", "text": {"body": text}}
    return {"type": file.sort, file.sort: {"media_id": file.identity}}


def _code(code: int, message: str = "") -> Answer:
    text = message or MESSAGES.get(code, "Error.")
    return Answer({"code": code, "message": text, "request_id": _id()}, note={"code": code})


def _data(data: dict[str, Any], note: dict[str, Any] | None = None) -> Answer:
    body = {"code": 0, "message": "OK", "request_id": _id(), "data": data}
    return Answer(body, kind="send", note=note) if note else Answer(body)


def _note(account: Account, recipient: str, text: str, external_id: str) -> dict[str, Any]:
    return {
        "platform": "tiktok",
        "account": account.account_id,
        "recipient": recipient,
        "text": text,
        "external_id": external_id,
    }


def _id() -> str:
    return secrets.token_hex(8)

"""Meta's Graph API, as far as Facebook pages, Instagram and WhatsApp Cloud need it.

https://developers.facebook.com/docs/messenger-platform/reference/send-api
https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages
"""

import hashlib
import hmac
import json
import secrets
import time
from typing import Any

import httpx

from config.simulator.courier import Courier, Parcel
from config.simulator.graph_errors import ERRORS, graph_error, trace
from config.simulator.meta_comments import Comments
from config.simulator.meta_files import MEDIA, Files, content_of
from config.simulator.meta_library import Library
from config.simulator.meta_login import MetaLogin
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault, World

WINDOW = 24 * 3600


class Meta(Messenger):
    """One Graph API for all; a send with ``messaging_product`` is WhatsApp's."""

    name = "meta"
    platforms = ("messenger", "instagram", "whatsapp")

    def __init__(self, world: World, courier: Courier) -> None:
        super().__init__(world, courier)
        self.comments = Comments(world)
        self.library = Library(world)
        self.files = Files(self.shelf)
        self.login = MetaLogin(world)

    def answer(self, request: Request) -> Answer:
        path = [part for part in request.parts if not part.startswith("v")]
        if path[-1:] == ["messages"] and request.method == "POST" and len(path) == 2:
            body = request.json()
            send = self._send_whatsapp if "messaging_product" in body else self._send_messenger
            return send(path[0], _token(request), body)
        if found := self.login.answer(request, path, _token(request)):
            return found
        if found := self.files.answer(request, path, _token(request)):
            return found
        if not _token(request):
            return graph_error(190)
        if path[-1:] in (["comments"], ["replies"]) and request.method == "POST":
            return self._answer_comment(path[0], request.json())
        if found := self.comments.hide(request, path) or self.library.answer(request, path):
            return found
        if request.method == "GET" and len(path) == 1:
            return self._about(path[0], _token(request))
        return graph_error(100)

    def _about(self, asked: str, token: str) -> Answer:
        """A token opens its own account, by its id or as "me", and nobody else's."""
        for platform in self.platforms:
            owner = self.world.by_token(platform, token)
            if owner and asked in {"me", owner.account_id}:
                return Answer(self._told_about(owner, token))
        return graph_error(100, "Object with this ID does not exist or cannot be loaded.")

    def _told_about(self, owner: Account, token: str) -> dict[str, Any]:
        told: dict[str, Any] = {"id": owner.account_id, "name": f"Account {owner.account_id}"}
        behind = self.world.by_token("instagram", token)
        if behind is not None and owner.platform == "messenger":
            told["instagram_business_account"] = {"id": behind.account_id}
        if owner.platform == "whatsapp":
            quality: dict[str, str] = self.world.store.get("number_quality", {})
            told |= {"status": "CONNECTED", "quality_rating": "GREEN", **quality}
        return told

    def failure(self, fault: Fault) -> Answer:
        if fault.code:
            return graph_error(fault.code, status=fault.status, subcode=fault.subcode)
        unknown = {"message": fault.message or "An unknown error has occurred.", "code": 1}
        return Answer(
            {"error": {**unknown, "type": "OAuthException", "fbtrace_id": trace()}},
            fault.status or 500,
        )

    # -- Messenger

    def _send_messenger(self, page: str, token: str, body: dict[str, Any]) -> Answer:
        platform = self._platform_of(page)
        owner = self.world.by_token(platform, token)
        account = owner or self.world.account(platform, page)
        to = body.get("recipient") or {}
        recipient = str(to.get("id", ""))
        if refused := self._refused(account, token):
            return refused
        if "comment_id" in to:
            comment = self.comments.take_private_answer(str(to["comment_id"]))
            if isinstance(comment, Answer):
                return comment
            recipient = f"psid-{comment['author']}"
        if not recipient:
            return graph_error(100, "Param recipient must be non-empty.")
        if "sender_action" in body:
            return Answer({"recipient_id": recipient})
        message = body.get("message") or {}
        text = str(message.get("text") or "")
        if unfit := self._unfit_for_messenger(account, recipient, body, text):
            return unfit
        mid = f"m_{secrets.token_urlsafe(30)}"
        file = str(((message.get("attachment") or {}).get("payload") or {}).get("url") or "")
        if file:
            self.courier.visit(platform, file)
        self._report_messenger(account, recipient, mid, message)
        return Answer(
            {"recipient_id": recipient, "message_id": mid},
            kind="send",
            delay=0.03 if self.world.behaviour(platform).echo_first else 0,
            note={
                **_sent(platform, account, recipient, text, mid),
                "comment": str(to.get("comment_id", "")),
                "file": file,
            },
        )

    def _unfit_for_messenger(
        self, account: Account, recipient: str, body: dict[str, Any], text: str
    ) -> Answer | None:
        if not text and "attachment" not in (body.get("message") or {}):
            return graph_error(100, "You must provide a message.")
        platform = account.platform
        if platform == "messenger" and len(text) > 2_000:
            return graph_error(100, "Param message[text] must be at most 2000 characters long.")
        if platform == "instagram" and len(text.encode()) > 1_000:
            return graph_error(100, "Param message[text] must be at most 1000 bytes long.")
        limits = self.world.behaviour(platform).limits
        if limits and not self.world.room(300, 300, platform, account.account_id):
            return graph_error(613)
        person = self.world.person(platform, account.account_id, recipient)
        if person.state != "ok":
            return graph_error(551)
        if _is_stale(person.last_wrote) and body.get("tag") != "HUMAN_AGENT":
            return graph_error(10)
        return None

    def _platform_of(self, account_id: str) -> str:
        return "instagram" if ("instagram", account_id) in self.world.accounts else "messenger"

    def _answer_comment(self, comment_id: str, body: dict[str, Any]) -> Answer:
        """A public answer; like every comment under the page's posts it is told by webhook."""
        text = str(body.get("message") or "")
        comment = self.comments.kept.get(comment_id)
        if not text or comment is None:
            return graph_error(100, "Unsupported post request. Object does not exist.")
        account = comment["account"]
        answer = {"sender_id": account.account_id, "sender_name": "", "text": text, "id": ""}
        item = self.comments.written(account, {**answer, "post": comment["post"]}, comment_id)
        external_id = str(item["identity"])
        if self.world.behaviour(account.platform).statuses:
            self.courier.send(account, self.bundle, [item])
        return Answer(
            {"id": external_id},
            kind="send",
            note={
                **_sent(account.platform, account, comment["author"], text, external_id),
                "comment": comment_id,
            },
        )

    def _report_messenger(
        self, account: Account, recipient: str, mid: str, message: dict[str, Any]
    ) -> None:
        """The echo, then delivered and read: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events."""
        behaviour = self.world.behaviour(account.platform)
        if not behaviour.statuses:
            return
        on_instagram = account.platform == "instagram"
        now = int(time.time() * 1000)
        page, person = {"id": account.account_id}, {"id": recipient}
        echo = {"is_echo": True, "app_id": int(account.app_id), "mid": mid, **message}
        back = {"sender": person, "recipient": page, "timestamp": now}
        items: list[dict[str, Any]] = [
            {"sender": page, "recipient": person, "timestamp": now, "message": echo}
        ]
        if not on_instagram:  # which has no delivered
            items.append({**back, "delivery": {"mids": [mid], "watermark": now}})
        if behaviour.reads:
            items.append({**back, "read": {"mid": mid} if on_instagram else {"watermark": now}})
        if behaviour.echo_first:
            self.courier.send(account, self.bundle, items[:1])
            items = items[1:]
        self.courier.send(account, self.bundle, items, after=behaviour.status_delay)

    # -- WhatsApp Cloud

    def _send_whatsapp(self, phone_id: str, token: str, body: dict[str, Any]) -> Answer:
        account = self.world.account("whatsapp", phone_id)
        if refused := self._refused(account, token):
            return refused
        if body.get("status") == "read" or "typing_indicator" in body:
            return Answer({"success": True})
        recipient = str(body.get("to") or body.get("recipient") or "").lstrip("+")
        text = str((body.get("text") or {}).get("body") or "")
        if not recipient or (body.get("type", "text") == "text" and not text):
            return graph_error(100, "The parameter text['body'] is required.")
        if len(text) > 4_096:
            return graph_error(100, "Param text['body'] must be at most 4096 characters long.")
        file = body.get(str(body.get("type"))) or {}
        if body.get("type") in MEDIA and not (
            self.shelf.find(str(file.get("id"))) or file.get("link")
        ):
            return graph_error(100, "(#100) Invalid parameter: no media with this id.")
        if body.get("type") == "template" and not self.library.knows(body.get("template")):
            return graph_error(132001)
        if full := self._whatsapp_is_full(phone_id, recipient):
            return full
        wamid = f"wamid.{secrets.token_urlsafe(32)}"
        self._report_whatsapp(account, recipient, wamid, body)
        return Answer(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": recipient, "wa_id": recipient}],
                "messages": [{"id": wamid}],
            },
            kind="send",
            note={
                **_sent("whatsapp", account, recipient, text or file.get("caption", ""), wamid),
                "file": str(file.get("id") or file.get("link") or ""),
            },
        )

    def _whatsapp_is_full(self, phone_id: str, recipient: str) -> Answer | None:
        if not self.world.behaviour("whatsapp").limits:
            return None
        if not self.world.room(80, 80, "whatsapp", phone_id):
            return graph_error(130429)
        if not self.world.room(1 / 6, 45, "whatsapp", phone_id, recipient):
            return graph_error(131056)
        return None

    def _report_whatsapp(
        self, account: Account, recipient: str, wamid: str, body: dict[str, Any]
    ) -> None:
        """sent, delivered, read; or failed, which Meta reports after it accepted the send."""
        behaviour = self.world.behaviour("whatsapp")
        person = self.world.person("whatsapp", account.account_id, recipient)
        base = {"id": wamid, "recipient_id": recipient}
        if body.get("biz_opaque_callback_data"):
            base["biz_opaque_callback_data"] = str(body["biz_opaque_callback_data"])
        code = 131026 if person.state != "ok" else 0
        if _is_stale(person.last_wrote) and body.get("type") != "template":
            code = 131047
        if code:
            title = ERRORS[code][1]
            error = {
                "code": code,
                "title": title,
                "message": title,
                "error_data": {"details": title},
            }
            failed = {**base, "status": "failed", "timestamp": _now(), "errors": [error]}
            self.courier.send(account, self.bundle, [{"statuses": failed}])
        elif behaviour.statuses:
            reached = ["sent", "delivered", "read"] if behaviour.reads else ["sent", "delivered"]
            for step, status in enumerate(reached):
                item = {"statuses": {**base, "status": status, "timestamp": _now()}}
                self.courier.send(account, self.bundle, [item], after=behaviour.status_delay * step)

    # -- what both share

    def _refused(self, account: Account, token: str) -> Answer | None:
        known = self.login.desk.grants.get(token)
        if known is not None and self.login.desk.grant_of(token) is None:
            return graph_error(190)
        if not token or (account.token and token != account.token):
            return graph_error(190)
        return None

    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        if message.get("post"):
            return self.comments.written(account, message)
        text, sender = message["text"], message["sender_id"]
        if account.platform == "whatsapp":
            identity = message["id"] or f"wamid.{secrets.token_urlsafe(24)}"
            return {
                "contacts": {"profile": {"name": message["sender_name"]}, "wa_id": sender},
                "messages": {
                    "from": sender,
                    "id": identity,
                    "timestamp": _now(),
                    **content_of(text, message.get("file")),
                },
            }
        return {
            "sender": {"id": sender},
            "recipient": {"id": account.account_id},
            "timestamp": int(time.time() * 1000),
            "message": {
                "mid": message["id"] or f"m_{secrets.token_urlsafe(24)}",
                **self.files.words_and_file(text, message.get("file")),
            },
        }

    def seen(self, account: Account, person: str, identity: str) -> list[dict[str, Any]]:
        if account.platform == "whatsapp":
            base = {"id": identity, "recipient_id": person, "timestamp": _now()}
            return [{"statuses": {**base, "status": each}} for each in ("delivered", "read")]
        now = int(time.time() * 1000)
        back = {
            "sender": {"id": person},
            "recipient": {"id": account.account_id},
            "timestamp": now,
        }
        if account.platform == "instagram":  # which has no delivered
            return [{**back, "read": {"mid": identity}}]
        arrived = {**back, "delivery": {"mids": [identity], "watermark": now}}
        return [arrived, {**back, "read": {"watermark": now}}]

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        if account.platform == "whatsapp":
            entry: dict[str, Any] = {"id": "100000000000001", "changes": _changes(account, items)}
            body = {"object": "whatsapp_business_account", "entry": [entry]}
        else:
            entry = {"id": account.account_id, "time": int(time.time() * 1000)}
            changes = [item["change"] for item in items if "change" in item]
            messaging = [item for item in items if "change" not in item]
            lanes = {"messaging": messaging, "changes": changes}
            entry |= {lane: events for lane, events in lanes.items() if events}
            kind = "instagram" if account.platform == "instagram" else "page"
            body = {"object": kind, "entry": [entry]}
        # Meta escapes what is not ASCII; the signature is over these very bytes.
        raw = json.dumps(body).encode()
        digest = hmac.new(account.secret.encode(), raw, hashlib.sha256).hexdigest()
        return [Parcel(raw, {"x-hub-signature-256": f"sha256={digest}"})]

    async def subscribe(self, account: Account) -> bool:
        """The verification request: the challenge must come back as it was sent."""
        if not account.verify_token:
            return True
        challenge = str(secrets.randbelow(10**9))
        params = {
            "hub.mode": "subscribe",
            "hub.verify_token": account.verify_token,
            "hub.challenge": challenge,
        }
        try:
            response = await self.courier.client().get(account.webhook_url, params=params)
        except httpx.TransportError:
            return False
        return response.status_code == 200 and response.text.strip() == challenge


def _changes(account: Account, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One ``messages`` change for a batch; contacts stand beside the messages they wrote."""
    metadata = {"display_phone_number": "15550001111", "phone_number_id": account.account_id}
    value: dict[str, Any] = {"messaging_product": "whatsapp", "metadata": metadata}
    for item in items:
        for name, one in item.items():
            value.setdefault(name, []).append(one)
    return [{"field": "messages", "value": value}]


def _token(request: Request) -> str:
    return request.bearer or request.query.get("access_token", "")


def _is_stale(last_wrote: float | None) -> bool:
    """Outside the 24 hours; somebody we never heard of is given the benefit of the doubt."""
    return last_wrote is not None and time.time() - last_wrote > WINDOW


def _sent(
    platform: str, account: Account, recipient: str, text: str, external_id: str
) -> dict[str, Any]:
    return {
        "platform": platform,
        "account": account.account_id,
        "recipient": recipient,
        "text": text,
        "external_id": external_id,
    }


def _now() -> str:
    return str(int(time.time()))

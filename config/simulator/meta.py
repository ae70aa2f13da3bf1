"""Meta's Graph API, as far as Messenger and WhatsApp Cloud need it.

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

from config.simulator.courier import Parcel
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault

WINDOW = 24 * 3600
# code -> HTTP status, message. https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
# and https://developers.facebook.com/docs/messenger-platform/error-codes
ERRORS = {
    4: (400, "Application request limit reached"),
    10: (400, "This message is sent outside of allowed window."),
    100: (400, "Invalid parameter"),
    190: (401, "Error validating access token: Session has expired"),
    200: (403, "Requires pages_messaging permission to manage the object"),
    368: (403, "Temporarily blocked for policies violations"),
    551: (400, "This person isn't available right now."),
    613: (400, "Calls to this api have exceeded the rate limit."),
    80007: (400, "Rate limit issues"),
    130429: (429, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    131026: (400, "Message undeliverable"),
    131031: (403, "Business Account locked"),
    131042: (400, "Business eligibility payment issue"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "Message not delivered to maintain healthy ecosystem engagement"),
    131050: (400, "User has stopped marketing messages"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
}
SUBCODES = {10: 2018278, 190: 463}


class Meta(Messenger):
    """One Graph API for both; a send with ``messaging_product`` is WhatsApp's."""

    name = "meta"
    platforms = ("messenger", "whatsapp")

    def answer(self, request: Request) -> Answer:
        path = [part for part in request.parts if not part.startswith("v")]
        if path[-1:] == ["messages"] and request.method == "POST" and len(path) == 2:
            body = request.json()
            send = self._send_whatsapp if "messaging_product" in body else self._send_messenger
            return send(path[0], _token(request), body)
        if not _token(request):
            return self._error(190)
        if path[-1:] == ["subscribed_apps"]:
            return Answer({"success": True} if request.method == "POST" else {"data": []})
        if request.method == "GET" and len(path) == 1:
            return Answer({"id": path[0], "name": f"Account {path[0]}"})
        return self._error(100)

    def failure(self, fault: Fault) -> Answer:
        if fault.code:
            return self._error(fault.code, status=fault.status, subcode=fault.subcode)
        unknown = {"message": fault.message or "An unknown error has occurred.", "code": 1}
        return Answer(
            {"error": {**unknown, "type": "OAuthException", "fbtrace_id": _trace()}},
            fault.status or 500,
        )

    # -- Messenger

    def _send_messenger(self, page: str, token: str, body: dict[str, Any]) -> Answer:
        owner = self.world.by_token("messenger", token)
        account = owner or self.world.account("messenger", page)
        recipient = str((body.get("recipient") or {}).get("id", ""))
        if refused := self._refused(account, token):
            return refused
        if not recipient:
            return self._error(100, "Param recipient must be non-empty.")
        if "sender_action" in body:
            return Answer({"recipient_id": recipient})
        message = body.get("message") or {}
        text = str(message.get("text") or "")
        if unfit := self._unfit_for_messenger(account, recipient, body, text):
            return unfit
        mid = f"m_{secrets.token_urlsafe(30)}"
        self._report_messenger(account, recipient, mid, message, body.get("metadata"))
        return Answer(
            {"recipient_id": recipient, "message_id": mid},
            kind="send",
            delay=0.03 if self.world.behaviour("messenger").echo_first else 0,
            note=_sent("messenger", account, recipient, text, mid),
        )

    def _unfit_for_messenger(
        self, account: Account, recipient: str, body: dict[str, Any], text: str
    ) -> Answer | None:
        if not text and "attachment" not in (body.get("message") or {}):
            return self._error(100, "You must provide a message.")
        if len(text) > 2_000:
            return self._error(100, "Param message[text] must be at most 2000 characters long.")
        limits = self.world.behaviour("messenger").limits
        if limits and not self.world.room(300, 300, "messenger", account.account_id):
            return self._error(613)
        person = self.world.person("messenger", account.account_id, recipient)
        if person.state != "ok":
            return self._error(551)
        if _is_stale(person.last_wrote) and body.get("tag") != "HUMAN_AGENT":
            return self._error(10)
        return None

    def _report_messenger(
        self, account: Account, recipient: str, mid: str, message: dict[str, Any], metadata: Any
    ) -> None:
        """The echo, then delivered and read: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events."""
        behaviour = self.world.behaviour("messenger")
        if not behaviour.statuses:
            return
        now = int(time.time() * 1000)
        page, person = {"id": account.account_id}, {"id": recipient}
        echo = {"is_echo": True, "app_id": int(account.app_id), "mid": mid, **message}
        if metadata:
            echo["metadata"] = metadata
        items: list[dict[str, Any]] = [
            {"sender": page, "recipient": person, "timestamp": now, "message": echo},
            {"sender": person, "recipient": page, "delivery": {"mids": [mid], "watermark": now}},
        ]
        if behaviour.reads:
            items.append(
                {"sender": person, "recipient": page, "timestamp": now, "read": {"watermark": now}}
            )
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
            return self._error(100, "The parameter text['body'] is required.")
        if len(text) > 4_096:
            return self._error(100, "Param text['body'] must be at most 4096 characters long.")
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
            note=_sent("whatsapp", account, recipient, text, wamid),
        )

    def _whatsapp_is_full(self, phone_id: str, recipient: str) -> Answer | None:
        if not self.world.behaviour("whatsapp").limits:
            return None
        if not self.world.room(80, 80, "whatsapp", phone_id):
            return self._error(130429)
        if not self.world.room(1 / 6, 45, "whatsapp", phone_id, recipient):
            return self._error(131056)
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
        if not token or (account.token and token != account.token):
            return self._error(190)
        return None

    def _error(self, code: int, message: str = "", *, status: int = 0, subcode: int = 0) -> Answer:
        usual, text = ERRORS.get(code, (400, "Error"))
        error: dict[str, Any] = {
            "message": f"(#{code}) {message or text}",
            "type": "OAuthException",
            "code": code,
            "fbtrace_id": _trace(),
        }
        if subcode := subcode or SUBCODES.get(code, 0):
            error["error_subcode"] = subcode
        if code > 100_000:
            error["error_data"] = {"messaging_product": "whatsapp", "details": message or text}
        return Answer({"error": error}, status or usual, note={"code": code})

    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        text, sender = message["text"], message["sender_id"]
        if account.platform == "whatsapp":
            identity = message["id"] or f"wamid.{secrets.token_urlsafe(24)}"
            return {
                "contacts": {"profile": {"name": message["sender_name"]}, "wa_id": sender},
                "messages": {
                    "from": sender,
                    "id": identity,
                    "timestamp": _now(),
                    "type": "text",
                    "text": {"body": text},
                },
            }
        return {
            "sender": {"id": sender},
            "recipient": {"id": account.account_id},
            "timestamp": int(time.time() * 1000),
            "message": {"mid": message["id"] or f"m_{secrets.token_urlsafe(24)}", "text": text},
        }

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        if account.platform == "whatsapp":
            entry: dict[str, Any] = {"id": "100000000000001", "changes": _changes(account, items)}
            body = {"object": "whatsapp_business_account", "entry": [entry]}
        else:
            entry = {"id": account.account_id, "time": int(time.time() * 1000), "messaging": items}
            body = {"object": "page", "entry": [entry]}
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


def _trace() -> str:
    return secrets.token_urlsafe(8)

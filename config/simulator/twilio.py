"""Twilio's Messages API, for text messages and WhatsApp. https://www.twilio.com/docs/messaging"""

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

from config.simulator.courier import Parcel
from config.simulator.files import Kept
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault

WHATSAPP = "whatsapp:"
WINDOW = 24 * 3600
# https://www.twilio.com/docs/api/errors
ERRORS = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    21211: (400, "Invalid 'To' Phone Number"),
    21602: (400, "Message body is required."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    63016: (400, "Failed to send freeform message because you are outside the allowed window."),
}


class Twilio(Messenger):
    """An account is one number; ``secret`` is the auth token that signs and opens."""

    name = "twilio"
    platforms = ("twilio", "twilio_whatsapp")

    def answer(self, request: Request) -> Answer:
        match [request.method, *request.parts]:
            case ["POST", "2010-04-01", "Accounts", sid, "Messages.json"]:
                return self._send(request, sid)
            case ["GET", "2010-04-01", "Accounts", _, "Messages", _, "Media", identity]:
                return self._media(request, identity)
            case ["GET", "store", identity]:
                return self.shelf.serve(request, identity)
            case ["GET", "2010-04-01", "Accounts", name] if name.endswith(".json"):
                return Answer({"sid": name.removesuffix(".json"), "status": "active"})
        return self._error(20404)

    def failure(self, fault: Fault) -> Answer:
        return self._error(fault.code, fault.status, fault.retry_after)

    def _send(self, request: Request, sid: str) -> Answer:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        sender, recipient = form.get("From") or form.get("MessagingServiceSid", ""), form.get("To")
        account = self.world.account(_platform(sender), sender.removeprefix(WHATSAPP))
        if not _opens(request, account):
            return self._error(20003)
        text = form.get("Body", "")
        if refused := self._refused(account, str(recipient or ""), text, form):
            return refused
        identity = f"SM{secrets.token_hex(16)}"
        account.webhook_url = account.webhook_url or form.get("StatusCallback", "")
        if form.get("StatusCallback"):
            self._report(account, sid, identity, str(recipient))
        for name, value in parse_qsl(request.body.decode()):
            if name == "MediaUrl":
                self.courier.visit(account.platform, value)
        body = {"sid": identity, "status": "queued", "to": recipient, "from": sender, "body": text}
        note = {
            "platform": account.platform,
            "account": account.account_id,
            "recipient": recipient,
            "text": text,
            "external_id": identity,
        }
        return Answer(body, 201, kind="send", note=note)

    def _media(self, request: Request, identity: str) -> Answer:
        """https://www.twilio.com/docs/messaging/api/media-resource#fetch-a-media-resource"""
        if not request.headers.get("authorization", "").startswith("Basic "):
            return self._error(20003)
        if self.shelf.find(identity.removeprefix("ME")) is None:
            return self._error(20404)
        place = self.shelf.link("twilio/store", identity.removeprefix("ME"))
        return Answer(b"", 307, {"location": place})

    def _refused(
        self, account: Account, recipient: str, text: str, form: dict[str, str]
    ) -> Answer | None:
        if not recipient.removeprefix(WHATSAPP).startswith("+"):
            return self._error(21211)
        if not text and "MediaUrl" not in form:
            return self._error(21602)
        if len(text) > 1_600:
            return self._error(21617)
        if self.world.person(account.platform, account.account_id, recipient).state != "ok":
            return self._error(21610)
        limits = self.world.behaviour("twilio").limits
        if limits and not self.world.room(100, 100, "twilio", account.account_id):
            return self._error(20429)
        return None

    def _report(self, account: Account, sid: str, identity: str, recipient: str) -> None:
        behaviour = self.world.behaviour(account.platform)
        if not behaviour.statuses:
            return
        base = {"MessageSid": identity, "AccountSid": sid, "To": recipient}
        person = self.world.person(account.platform, account.account_id, recipient)
        stale = person.last_wrote is not None and time.time() - person.last_wrote > WINDOW
        if account.platform == "twilio_whatsapp" and stale:
            refused = {**base, "MessageStatus": "failed", "ErrorCode": "63016"}
            self.courier.send(account, self.bundle, [refused], behaviour.status_delay)
            return
        states = ["sent", "delivered"]
        if account.platform == "twilio_whatsapp" and behaviour.reads:
            states.append("read")
        for number, state in enumerate(states, start=1):
            fields = {**base, "MessageStatus": state}
            self.courier.send(account, self.bundle, [fields], behaviour.status_delay * number)

    def _error(self, code: int, status: int = 0, seconds: float = 0) -> Answer:
        known, message = ERRORS.get(code, (500, "Internal Server Error"))
        status = status or known
        headers = {"retry-after": str(int(seconds) or 1)} if status == 429 else {}
        more = f"https://www.twilio.com/docs/errors/{code}"
        body = {"code": code, "message": message, "more_info": more, "status": status}
        return Answer(body, status, headers, note={"code": code})

    # -- what people write

    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        prefix = WHATSAPP if account.platform == "twilio_whatsapp" else ""
        sender = message["sender_id"].removeprefix(WHATSAPP)
        number = sender if sender.startswith("+") else f"+{sender}"
        fields = {
            "MessageSid": message["id"] or f"SM{secrets.token_hex(16)}",
            "AccountSid": "AC00",
            "From": f"{prefix}{number}",
            "To": f"{prefix}{account.account_id}",
            "Body": message["text"],
            "NumMedia": "0",
            "SmsStatus": "received",
            **self._file_of(message.get("file")),
        }
        return {**fields, "ProfileName": message["sender_name"]} if prefix else fields

    def seen(self, account: Account, person: str, identity: str) -> list[dict[str, Any]]:
        """A text message is delivered; who reads it tells nobody, except on WhatsApp."""
        is_whatsapp = account.platform == "twilio_whatsapp"
        states = ["delivered", "read"] if is_whatsapp else ["delivered"]
        base = {"MessageSid": identity, "AccountSid": "AC00", "To": person}
        return [{**base, "MessageStatus": state} for state in states]

    def _file_of(self, file: Kept | None) -> dict[str, str]:
        if file is None:
            return {}
        place = f"2010-04-01/Accounts/AC00/Messages/MM00/Media/ME{file.identity}"
        return {
            "NumMedia": "1",
            "MediaUrl0": f"{self.world.base}/twilio/{place}",
            "MediaContentType0": file.mime,
        }

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        """One form a request, signed together with the address."""
        parcels = []
        for item in items:
            signed = account.webhook_url + "".join(k + str(v) for k, v in sorted(item.items()))
            digest = hmac.new(account.secret.encode(), signed.encode(), hashlib.sha1).digest()
            headers = {
                "content-type": "application/x-www-form-urlencoded",
                "x-twilio-signature": base64.b64encode(digest).decode(),
            }
            parcels.append(Parcel(urlencode(item).encode(), headers))
        return parcels


def _platform(sender: str) -> str:
    return "twilio_whatsapp" if sender.startswith(WHATSAPP) else "twilio"


def _opens(request: Request, account: Account) -> bool:
    claimed = request.headers.get("authorization", "").removeprefix("Basic ")
    try:
        _, _, token = base64.b64decode(claimed).decode().partition(":")
    except ValueError:
        return False
    return bool(token) and (not account.secret or token == account.secret)

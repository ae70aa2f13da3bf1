"""Resend: letters out by its API, letters in and events by signed webhooks.

https://resend.com/docs/api-reference/emails/send-email and
https://resend.com/docs/dashboard/webhooks/event-types
"""

import json
import uuid
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from config.simulator.courier import Parcel
from config.simulator.hooks import sign
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault

NAMES = {
    401: "missing_api_key",
    422: "validation_error",
    429: "rate_limit_exceeded",
    500: "application_error",
}


class Resend(Messenger):
    """An account is a sender's address. A person in the state ``blocked`` bounces."""

    name = "resend"
    platforms = ("email",)

    def answer(self, request: Request) -> Answer:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return self._error(401, "Missing API key in the authorization header")
        match request.method, request.parts:
            case "POST", ["emails"]:
                return self._send(request)
            case "GET", ["emails", "receiving", letter_id]:
                letter = self._letters().get(letter_id)
                return Answer(letter) if letter else self._error(404, "Email not found")
        return self._error(404, "The requested endpoint does not exist")

    def failure(self, fault: Fault) -> Answer:
        answer = self._error(fault.code or fault.status or 500, fault.message)
        if fault.retry_after:
            answer.headers["retry-after"] = str(int(fault.retry_after))
        return answer

    def _send(self, request: Request) -> Answer:
        body = request.json()
        recipients = body.get("to")
        to = recipients if isinstance(recipients, str) else next(iter(recipients or []), "")
        if not body.get("from") or not to or not body.get("subject"):
            return self._error(422, "Missing `from`, `to` or `subject` field.")
        # The same key within a day is the same letter, and is answered the same way.
        sent: dict[str, str] = self.world.store.setdefault("resend:keys", {})
        key = request.headers.get("idempotency-key", "")
        if key and key in sent:
            return Answer({"id": sent[key]}, note={"repeated": True})
        identity = str(uuid.uuid4())
        if key:
            sent[key] = identity
        address = parseaddr(str(body["from"]))[1]
        account = self.world.account("email", address)
        self._tell(account, identity, to, body)
        return Answer(
            {"id": identity},
            kind="send",
            note={
                "platform": "email",
                "account": address,
                "recipient": to,
                "text": str(body.get("text", "")),
                "external_id": identity,
            },
        )

    def _tell(self, account: Account, identity: str, to: str, body: dict[str, Any]) -> None:
        behaviour = self.world.behaviour("email")
        if not behaviour.statuses:
            return
        tags = {str(tag.get("name")): str(tag.get("value")) for tag in body.get("tags", [])}
        data = {"email_id": identity, "from": body["from"], "to": [to], "tags": tags}
        kinds = ["email.sent", "email.delivered"]
        if self.world.person("email", account.account_id, to).state != "ok":
            kinds = ["email.sent", "email.bounced"]
            data["bounce"] = {"type": "Permanent", "subType": "General", "message": "No mailbox."}
        for number, kind in enumerate(kinds, start=1):
            item = {"type": kind, "created_at": _now(), "data": data}
            self.courier.send(account, self.bundle, [item], after=behaviour.status_delay * number)

    def _letters(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.world.store.setdefault("resend:letters", {})
        return found

    def kept(self, account: Account) -> dict[str, dict[str, Any]]:
        """The letters that its webhooks only announce."""
        return self._letters()

    def _error(self, code: int, message: str) -> Answer:
        name = NAMES.get(code, "not_found")
        body = {"statusCode": code, "name": name, "message": message or name}
        return Answer(body, code, note={"code": code})

    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        """The letter is kept for whoever fetches it; the webhook only announces it."""
        identity = str(uuid.uuid4())
        sender = message["sender_id"]
        sender = sender if "@" in sender else f"person-{sender}@people.example"
        message_id = f"<{message['id'] or identity}@people.example>"
        letter = {
            "object": "email",
            "id": identity,
            "from": f"{message['sender_name']} <{sender}>",
            "to": [account.account_id],
            "subject": "",
            "text": message["text"],
            "html": None,
            "headers": {},
            "message_id": message_id,
            "created_at": _now(),
            "attachments": [],
        }
        self._letters()[identity] = letter
        announced = {"email_id": identity, "from": letter["from"], "to": letter["to"]}
        return {"type": "email.received", "created_at": _now(), "data": announced}

    def seen(self, account: Account, person: str, identity: str) -> list[dict[str, Any]]:
        """The letter has arrived; that somebody opened it no server can know."""
        data = {"email_id": identity, "from": account.account_id, "to": [person]}
        return [{"type": "email.delivered", "created_at": _now(), "data": data}]

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        """One event a request, signed as Svix signs."""
        return [_svix(sign(account.secret, json.dumps(item).encode())) for item in items]


def _svix(parcel: Parcel) -> Parcel:
    headers = {name.replace("webhook-", "svix-"): value for name, value in parcel.headers.items()}
    return Parcel(parcel.body, headers)


def _now() -> str:
    return datetime.now(UTC).isoformat()

"""A customer's own server: receives our signed webhooks, keeps them, and writes signed ones itself.

Standard Webhooks in both directions. https://www.standardwebhooks.com
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from config.simulator.courier import Parcel
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault

TOLERANCE = 5 * 60  # seconds


class Hooks(Messenger):
    """``/hook/<name>``; the ``custom`` account of that name knows the secret to verify with."""

    name = "hook"
    platforms = ("custom",)

    def answer(self, request: Request) -> Answer:
        name = request.path.strip("/")
        account = self.world.accounts.get(("custom", name))
        verified = verify(account.secret, request) if account and account.secret else None
        if verified is False:
            return Answer(
                {"error": "signature does not match"}, 401, kind="hook", note={"hook": name}
            )
        body = request.json()
        note = {
            "hook": name,
            "verified": verified,
            "delivery": request.headers.get("webhook-id", ""),
            "external_id": secrets.token_hex(8),
            "platform": "custom",
            "account": name,
            "recipient": str(
                body.get("recipient") or body.get("recipient_id") or body.get("to") or ""
            ),
            "text": _text_of(body),
        }
        kind = "send" if body.get("type") == "message.send" else "hook"
        return Answer({"id": note["external_id"], "ok": True}, kind=kind, note=note)

    def failure(self, fault: Fault) -> Answer:
        headers = {"retry-after": str(int(fault.retry_after))} if fault.retry_after else {}
        return Answer({"error": fault.message or "injected"}, fault.status or 500, headers)

    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "message",
            "id": message["id"] or secrets.token_hex(12),
            "from": {"id": message["sender_id"], "name": message["sender_name"]},
            "text": message["text"],
            "timestamp": int(time.time()),
        }

    def seen(self, account: Account, person: str, identity: str) -> list[dict[str, Any]]:
        at = int(time.time())
        return [{"type": "status", "id": identity, "status": "read", "timestamp": at}]

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        bodies = (json.dumps(item, ensure_ascii=False).encode() for item in items)
        return [sign(account.secret, body) for body in bodies]


def sign(secret: str, body: bytes) -> Parcel:
    identity, moment = f"msg_{secrets.token_hex(12)}", str(int(time.time()))
    headers = {
        "webhook-id": identity,
        "webhook-timestamp": moment,
        "webhook-signature": signature(secret, identity, moment, body),
    }
    return Parcel(body, headers)


def signature(secret: str, identity: str, moment: str, body: bytes) -> str:
    """HMAC-SHA256 over ``id.timestamp.body``, base64, with its version in front."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{identity}.{moment}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def verify(secret: str, request: Request) -> bool:
    """Whether any of the signatures fits, and the moment is not long past."""
    identity = request.headers.get("webhook-id", "")
    moment = request.headers.get("webhook-timestamp", "")
    if not moment.isdigit() or abs(time.time() - int(moment)) > TOLERANCE:
        return False
    expected = signature(secret, identity, moment, request.body)
    claims = request.headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected, claim) for claim in claims)


def _recipient_of(body: dict[str, Any]) -> str:
    found = next((body[key] for key in ("recipient", "recipient_id", "to") if key in body), "")
    return str(found.get("id", "") if isinstance(found, dict) else found)


def _text_of(body: dict[str, Any]) -> str:
    message = body.get("message")
    if isinstance(message, dict):
        return str(message.get("text", ""))
    return str(body.get("text", ""))

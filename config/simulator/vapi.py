"""Vapi's calls. https://docs.vapi.ai/api-reference/calls/create

A call goes through its states by itself where its number was registered with a webhook address
(``account("vapi", "<phone number id>", webhook_url=…, secret=…)``).
"""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from config.simulator.courier import Parcel
from config.simulator.vendor import Vendor
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault

FIRST_WORDS = "How can I help you today?"
TRANSCRIPT = "AI: How can I help you today? User: Please send me an offer."
ERRORS = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


class Vapi(Vendor):
    """Calls by id, in the order in which they were made."""

    name = "vapi"

    def answer(self, request: Request) -> Answer:
        if not request.bearer:
            return self._error(401, "Invalid Key. Hot tip, you may be using the public key.")
        match request.method, request.parts:
            case "GET", ["assistant", assistant_id]:
                return Answer({"id": assistant_id, "firstMessage": FIRST_WORDS})
            case "POST", ["call"]:
                return self._call(request.json())
            case "GET", ["call"]:
                return Answer(self._listed(request.query))
            case "GET", ["call", call_id]:
                call = self._calls().get(call_id)
                return Answer(call) if call else self._error(404, "Call not found.")
        return self._error(404, "Cannot find this path.")

    def failure(self, fault: Fault) -> Answer:
        answer = self._error(fault.status or fault.code or 500, fault.message)
        if fault.retry_after:
            answer.headers["retry-after"] = str(int(fault.retry_after))
        return answer

    def _call(self, body: dict[str, Any]) -> Answer:
        number = (body.get("customer") or {}).get("number", "")
        if not body.get("phoneNumberId") or not (body.get("assistantId") or body.get("assistant")):
            return self._error(400, "phoneNumberId and assistantId must be given")
        if not str(number).startswith("+"):
            return self._error(400, "customer.number must be a valid phone number in E.164 format")
        call = {
            "id": str(uuid.uuid4()),
            "type": "outboundPhoneCall",
            "status": "queued",
            "createdAt": _now(),
            **body,
        }
        self._calls()[call["id"]] = call
        account = self.world.accounts.get(("vapi", str(body["phoneNumberId"])))
        if account is not None and self.world.behaviour("vapi").statuses:
            for after, item in enumerate(self._course(call), start=1):
                self.courier.send(account, self.bundle, [item], after * 0.05)
        first = (body.get("assistantOverrides") or {}).get("firstMessage", "")
        note = {"platform": "vapi", "recipient": number, "text": first, "external_id": call["id"]}
        return Answer(call, 201, kind="send", note=note)

    def _course(self, call: dict[str, Any]) -> list[dict[str, Any]]:
        """What is told of a call, from ringing to its report."""
        told: list[dict[str, Any]] = [
            {"type": "status-update", "status": each} for each in ("ringing", "in-progress")
        ]
        report = {
            "type": "end-of-call-report",
            "endedReason": "customer-ended-call",
            "analysis": {"summary": "They want an offer."},
            "artifact": {"transcript": TRANSCRIPT},
        }
        seen = {name: call[name] for name in ("id", "type", "name", "customer") if name in call}
        return [{**each, "call": seen} for each in (*told, report)]

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        headers = {"x-vapi-secret": account.secret}
        return [Parcel(json.dumps({"message": item}).encode(), headers) for item in items]

    def _listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        since, number = query.get("createdAtGt", ""), query.get("phoneNumberId")
        found = [call for call in self._calls().values() if call["createdAt"] > since]
        wanted = [call for call in found if number in (None, call.get("phoneNumberId"))]
        return wanted[::-1][: int(query.get("limit", "100"))]

    def _calls(self) -> dict[str, dict[str, Any]]:
        calls: dict[str, dict[str, Any]] = self.world.store.setdefault("vapi:calls", {})
        return calls

    def _error(self, status: int, message: str = "") -> Answer:
        name = ERRORS.get(status, "Internal Server Error")
        body = {"statusCode": status, "message": message or name, "error": name}
        return Answer(body, status, kind="error")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

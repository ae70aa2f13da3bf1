"""Salesforce: sessions by client credentials, and leads upserted by an external id.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_upsert.htm
"""

import secrets
from typing import Any

from config.simulator.consent import form_of
from config.simulator.vendor import Vendor
from config.simulator.wire import Answer, Request
from config.simulator.world import Fault

MOST = 200
REQUIRED = {"Lead": ("LastName", "Company")}
CODES = {
    400: "MALFORMED_QUERY",
    401: "INVALID_SESSION_ID",
    403: "REQUEST_LIMIT_EXCEEDED",
    404: "NOT_FOUND",
    500: "UNKNOWN_EXCEPTION",
    503: "SERVER_UNAVAILABLE",
}


class Salesforce(Vendor):
    """Objects by type and external id; every field is known that somebody sends."""

    name = "salesforce"

    def answer(self, request: Request) -> Answer:
        match [request.method, *request.parts]:
            case ["POST", "services", "oauth2", "token"]:
                return self._begin(form_of(request))
            case ["PATCH", "services", "data", _, "composite", "sobjects", kind, key]:
                if request.bearer not in self._sessions():
                    return self._error(401, "Session expired or invalid")
                return self._upsert(kind, key, request.json())
        return self._error(404, "The requested resource does not exist")

    def failure(self, fault: Fault) -> Answer:
        answer = self._error(fault.status or fault.code or 500, fault.message or "Told to refuse.")
        if fault.retry_after:
            answer.headers["retry-after"] = str(int(fault.retry_after))
        return answer

    def _sessions(self) -> set[str]:
        kept: set[str] = self.world.store.setdefault("salesforce:sessions", set())
        return kept

    def _begin(self, form: dict[str, str]) -> Answer:
        if form.get("grant_type") != "client_credentials" or not form.get("client_secret"):
            said = {"error": "invalid_client", "error_description": "invalid client credentials"}
            return Answer(said, 400)
        session = f"00D!{secrets.token_urlsafe(12)}"
        self._sessions().add(session)
        return Answer({"access_token": session, "token_type": "Bearer"})

    def _upsert(self, kind: str, key: str, body: dict[str, Any]) -> Answer:
        records = body.get("records")
        if not isinstance(records, list) or not records or len(records) > MOST:
            return self._error(400, f"Between 1 and {MOST} records.")
        kept: dict[str, dict[str, Any]] = self.world.store.setdefault(f"salesforce:{kind}", {})
        return Answer([self._write(kind, key, kept, record) for record in records])

    def _write(
        self, kind: str, key: str, kept: dict[str, dict[str, Any]], record: dict[str, Any]
    ) -> dict[str, Any]:
        fields = {name: value for name, value in record.items() if name != "attributes"}
        identity = str(fields.get(key) or "")
        there = kept.get(identity)
        whole = {**(there or {}), **fields}
        missing = [name for name in REQUIRED.get(kind, ()) if not whole.get(name)]
        if not identity or missing:
            text = f"Required fields are missing: {missing or [key]}"
            error = {"statusCode": "REQUIRED_FIELD_MISSING", "message": text, "fields": missing}
            return {"success": False, "errors": [error]}
        number = self.world.next_number("salesforce", start=1) if there is None else 0
        whole.setdefault("Id", f"00Q{number:015d}")
        whole["writes"] = int(whole.get("writes", 0)) + 1
        kept[identity] = whole
        return {"id": whole["Id"], "success": True, "errors": [], "created": there is None}

    def _error(self, status: int, message: str) -> Answer:
        code = CODES.get(status, "UNKNOWN_EXCEPTION")
        return Answer([{"message": message, "errorCode": code}], status)

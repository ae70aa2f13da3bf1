"""Pipedrive: persons, organisations and their search (v2), leads and notes (v1).

https://developers.pipedrive.com/docs/api/v1
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from config.simulator.vendor import Vendor
from config.simulator.wire import Answer, Request
from config.simulator.world import Fault

BURST, SECONDS = 20, 2  # of the smallest plan
TEXTS = {401: "unauthorized access", 404: "not found", 429: "request over limit"}
Record = dict[str, Any]


class Pipedrive(Vendor):
    """One company's account; it holds whatever was made, and nothing twice by itself."""

    name = "pipedrive"

    def answer(self, request: Request) -> Answer:
        if not request.headers.get("x-api-token"):
            return self._error(401)
        limits = self.world.behaviour("pipedrive").limits
        if limits and not self.world.room(BURST / SECONDS, BURST, "pipedrive"):
            answer = self._error(429)
            answer.headers["x-ratelimit-reset"] = str(SECONDS)
            return answer
        return self._routed(request, [part for part in request.parts if part != "api"])

    def _routed(self, request: Request, parts: list[str]) -> Answer:
        match [request.method, *parts]:
            case ["GET", "v2", ("persons" | "organizations") as kind, "search"]:
                return self._search(kind, request.query)
            case ["GET", _, "personFields"]:
                return self._found(list(self._kept("personFields").values()))
            case ["POST", "v2", "personFields"]:
                return self._make(
                    "personFields", {**request.json(), "field_code": uuid.uuid4().hex}
                )
            case ["GET", "v2", "persons"]:
                return self._changed_since(request.query.get("updated_since", ""))
            case ["GET", "v1", ("leads" | "notes") as kind]:
                return self._listed(kind, request.query)
            case ["POST", _, ("persons" | "organizations" | "leads" | "notes") as kind]:
                return self._make(kind, request.json())
            case [method, _, kind, identity]:
                return self._one(method, kind, identity, request.json())
        return self._error(404)

    def failure(self, fault: Fault) -> Answer:
        answer = self._error(fault.status or fault.code or 500, fault.message)
        if fault.retry_after:
            answer.headers["retry-after"] = str(int(fault.retry_after))
        return answer

    def _kept(self, kind: str) -> dict[str, Record]:
        kept: dict[str, Record] = self.world.store.setdefault(f"pipedrive:{kind}", {})
        return kept

    def _make(self, kind: str, body: Record) -> Answer:
        wanted = {"leads": "title", "notes": "content", "personFields": "field_name"}
        if not body.get(wanted.get(kind, "name")):
            return self._error(400, f"{wanted.get(kind, 'name')} is required")
        number = self.world.next_number(f"pipedrive:{kind}", start=1)
        identity: int | str = str(uuid.uuid4()) if kind == "leads" else number
        made = {**body, "id": identity, "writes": 1, "update_time": _now()}
        self._kept(kind)[str(identity)] = made
        return self._found(made, 201)

    def _one(self, method: str, kind: str, identity: str, body: Record) -> Answer:
        there = self._kept(kind).get(identity)
        if there is None:
            return self._error(404)
        if method in {"PATCH", "PUT"}:
            custom = {**(there.get("custom_fields") or {}), **(body.get("custom_fields") or {})}
            there.update(body)
            there["writes"] += 1
            there["update_time"] = _now()
            if custom:
                there["custom_fields"] = custom
        elif method == "DELETE":
            self._kept(kind).pop(identity)
        return self._found(there)

    def _search(self, kind: str, query: dict[str, str]) -> Answer:
        term, field = query.get("term", "").casefold(), query.get("fields", "name")
        items = [
            {"result_score": 1, "item": {"id": one["id"], "type": kind[:-1]}}
            for one in self._kept(kind).values()
            if term in [value.casefold() for value in _values(one, field)]
        ]
        return self._found({"items": items[: int(query.get("limit", "100"))]})

    def _listed(self, kind: str, query: dict[str, str]) -> Answer:
        by = [name for name in ("person_id", "lead_id") if name in query]
        found = [
            one
            for one in self._kept(kind).values()
            if all(str(one.get(name)) == query[name] for name in by)
        ]
        return self._found(found or None)

    def _changed_since(self, since: str) -> Answer:
        rows = [one for one in self._kept("persons").values() if one["update_time"] >= since]
        return self._found(sorted(rows, key=lambda one: str(one["update_time"])))

    def _found(self, data: Any, status: int = 200) -> Answer:
        more = {"additional_data": {"next_cursor": None}}
        return Answer({"success": True, "data": data, **more}, status)

    def _error(self, status: int, message: str = "") -> Answer:
        text = message or TEXTS.get(status, "Told to refuse.")
        return Answer({"success": False, "error": text, "data": None}, status)


def _values(one: Record, field: str) -> list[str]:
    if field == "custom_fields":
        return [str(value) for value in (one.get("custom_fields") or {}).values()]
    if field in {"email", "phone"}:
        return [str(each.get("value")) for each in one.get(f"{field}s") or []]
    return [str(one.get(field) or "")]


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

"""Pipedrive: persons, organisations and their search, deals (v2), leads and notes (v1).

https://developers.pipedrive.com/docs/api/v1
"""

import uuid
from typing import Any

from config.simulator import pipedrive_deals
from config.simulator.courier import Courier
from config.simulator.crm_logins import PipedriveLogin
from config.simulator.pipedrive_deals import ME, PIPELINES, USERS, Deals, now
from config.simulator.vendor import Vendor
from config.simulator.wire import Answer, Request
from config.simulator.world import Fault, World

BURST, SECONDS = 20, 2  # of the smallest plan
TEXTS = {401: "unauthorized access", 404: "not found", 429: "request over limit"}
FIELDS = ("personFields", "dealFields")
KINDS = {*FIELDS, "persons", "organizations", "leads", "deals", "notes"}
Record = dict[str, Any]


class Pipedrive(Vendor):
    """One company's account; it holds whatever was made, and nothing twice by itself."""

    name = "pipedrive"

    def __init__(self, world: World, courier: Courier) -> None:
        super().__init__(world, courier)
        self.login = PipedriveLogin(world)
        self.deals = Deals(world)

    def answer(self, request: Request) -> Answer:
        if request.parts[:1] == ["oauth"]:
            return self.login.answer(request, request.parts[-1])
        signed_in = bool(request.bearer) and self.login.takes(request.bearer)
        if not request.headers.get("x-api-token") and not signed_in:
            return self._error(401)
        if request.parts == ["v1", "users", "me"]:
            company = self.login.account_of(request.bearer)
            return self._found(
                {"company_id": int(company.get("id", 7700)), "company_name": company.get("name")}
            )
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
            case ["GET", _, *what] if (known := self._of_the_account(what)) is not None:
                return self._found(known)
            case ["GET", _, ("persons" | "deals" | "leads" | "notes") as kind]:
                return self._listed(kind, request.query)
            case [_, "v2", "leads", identity, "convert", *what]:
                return self._conversion(identity, what, request.json())
            case ["POST", _, kind] if kind in KINDS:
                return self._make(kind, request.json())
            case [method, _, kind, identity]:
                return self._one(method, kind, identity, request.json())
        return self._error(404)

    def _of_the_account(self, what: list[str]) -> Any:
        """What nobody makes by our API, and the fields; None where it is something else."""
        match what:
            case [("personFields" | "dealFields") as kind]:
                return list(self._kept(kind).values())
            case ["pipelines"]:
                return PIPELINES
            case ["stages"]:
                return pipedrive_deals.stages()
            case ["users", identity]:
                return USERS.get(identity)
        return None

    def failure(self, fault: Fault) -> Answer:
        answer = self._error(fault.status or fault.code or 500, fault.message)
        if fault.retry_after:
            answer.headers["retry-after"] = str(int(fault.retry_after))
        return answer

    def _kept(self, kind: str) -> dict[str, Record]:
        kept: dict[str, Record] = self.world.store.setdefault(f"pipedrive:{kind}", {})
        return kept

    def _make(self, kind: str, body: Record) -> Answer:
        wanted = {"leads": "title", "deals": "title", "notes": "content"}
        wanted |= dict.fromkeys(FIELDS, "field_name")
        if not body.get(wanted.get(kind, "name")):
            return self._error(400, f"{wanted.get(kind, 'name')} is required")
        number = self.world.next_number(f"pipedrive:{kind}", start=1)
        identity: int | str = str(uuid.uuid4()) if kind == "leads" else number
        if kind in FIELDS:
            body = {**body, "field_code": uuid.uuid4().hex}
        elif kind == "deals":
            body = self.deals.begun(body)
        elif kind == "leads":
            body = {"owner_id": ME, "creator_id": ME, **body}
        made = {**body, "id": identity, "writes": 1, "update_time": now()}
        self._kept(kind)[str(identity)] = made
        return self._found(made, 201)

    def _one(self, method: str, kind: str, identity: str, body: Record) -> Answer:
        there = self._kept(kind).get(identity)
        if there is None:
            return self._error(404)
        if method in {"PATCH", "PUT"}:
            if kind == "deals":
                self.deals.moved(there, body)
            custom = {**(there.get("custom_fields") or {}), **(body.get("custom_fields") or {})}
            there.update(body)
            there["writes"] += 1
            there["update_time"] = now()
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
        by = [name for name in ("person_id", "lead_id", "deal_id") if name in query]
        since = query.get("updated_since", "")
        found = [
            one
            for one in self._kept(kind).values()
            if all(str(one.get(name)) == query[name] for name in by) and one["update_time"] >= since
        ]
        return self._found(sorted(found, key=lambda one: str(one["update_time"])) or None)

    def _conversion(self, identity: str, what: list[str], body: Record) -> Answer:
        if what[0] == "status":
            done = self.deals.job(what[-1])
            return self._found(done) if done else self._error(404)
        lead = self._kept("leads").get(identity)
        if lead is None:
            return self._error(404)
        return self._found({"conversion_id": self.deals.convert(lead, body)})

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

"""HubSpot's CRM objects. https://developers.hubspot.com/docs/api-reference/crm-contacts-v3"""

import secrets
from datetime import UTC, datetime
from typing import Any

from config.simulator.courier import Courier
from config.simulator.crm_logins import HubSpotLogin
from config.simulator.hubspot_portal import Portal
from config.simulator.vendor import Vendor
from config.simulator.wire import Answer, Request
from config.simulator.world import Fault, World

BATCH_MAX = 100
INTERVAL, PER_INTERVAL = (
    10,
    190,
)  # https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
UNIQUE = {"contacts": "email", "companies": "domain"}
CATEGORIES = {
    400: "VALIDATION_ERROR",
    401: "INVALID_AUTHENTICATION",
    403: "MISSING_SCOPES",
    404: "OBJECT_NOT_FOUND",
    409: "CONFLICT",
    429: "RATE_LIMITS",
}
MESSAGES = {
    401: "Authentication credentials not found.",
    404: "resource not found",
    429: "You have reached your ten_secondly_rolling limit.",
}


class HubSpot(Vendor):
    """Objects of any type are kept by id; contacts are unique by e-mail, companies by domain."""

    name = "hubspot"

    def __init__(self, world: World, courier: Courier) -> None:
        super().__init__(world, courier)
        self.portal = Portal(world)
        self.login = HubSpotLogin(world)

    def answer(self, request: Request) -> Answer:
        if request.parts[:1] == ["oauth"]:
            return self.login.answer(request, request.parts[-1])
        if not request.bearer or not self.login.takes(request.bearer):
            return self._error(401)
        limits = self.world.behaviour("hubspot").limits
        if limits and not self.world.room(PER_INTERVAL / INTERVAL, PER_INTERVAL, "hubspot"):
            return self._error(429)
        answer = self._routed(request)
        answer.headers |= {
            "x-hubspot-ratelimit-interval-milliseconds": str(INTERVAL * 1000),
            "x-hubspot-ratelimit-max": str(PER_INTERVAL),
            "x-hubspot-ratelimit-remaining": str(self._remaining()),
        }
        return answer

    def failure(self, fault: Fault) -> Answer:
        answer = self._error(fault.status or fault.code or 500, fault.message)
        if fault.retry_after:
            answer.headers["retry-after"] = str(int(fault.retry_after))
        return answer

    def _routed(self, request: Request) -> Answer:
        if request.parts[2:3] == ["objects"]:
            return self._routed_objects(request)
        if request.parts[2:3] == ["properties"]:
            return self._routed_properties(request)
        match [request.method, *request.parts]:
            case ["GET", "crm", "v3", "owners", *named]:
                owner = {"id": "1", "email": "owner@hubspot.example", "archived": False}
                return Answer(owner if named else {"results": [owner]})
            case ["GET", "crm", "v3", "pipelines", "deals"]:
                return Answer({"results": self.portal.pipelines()})
            case ["POST", "crm", "v4", "associations", kind, other, "batch", *_]:
                return self._associate_all(kind, other, request.json())
            case ["GET", "account-info", "v3", "details"]:
                portal = int(self.login.account_of(request.bearer).get("id", 4_242_424))
                return Answer({"portalId": portal, "accountType": "DEVELOPER_TEST"})
        return self._error(404)

    def _routed_properties(self, request: Request) -> Answer:
        match [request.method, *request.parts[3:]]:
            case ["GET", kind]:
                return Answer({"results": self.portal.properties(kind)})
            case ["POST", kind, "groups"]:
                return self._made(self.portal.make_group(kind, request.json()), request)
            case ["POST", kind, *_]:
                return self._made(self.portal.make_properties(kind, request.json()), request)
        return self._error(404)

    def _routed_objects(self, request: Request) -> Answer:
        match [request.method, *request.parts]:
            case ["POST", "crm", "v3", "objects", kind, "batch", verb]:
                return self._batch(kind, verb, request.json())
            case ["POST", "crm", "v3", "objects", kind, "search"]:
                return self._search(kind, request.json())
            case ["POST", "crm", "v3", "objects", kind]:
                return self._create(kind, request.json())
            case [method, "crm", "v3", "objects", kind, identity]:
                return self._one(method, kind, identity, request)
            case ["PUT", "crm", "v3" | "v4", "objects", kind, identity, "associations", *rest]:
                return self._associate(kind, identity, [part for part in rest if part != "default"])
        return self._error(404)

    # -- objects

    def objects(self, kind: str) -> dict[str, dict[str, Any]]:
        kept: dict[str, dict[str, dict[str, Any]]] = self.world.store.setdefault("hubspot", {})
        return kept.setdefault(kind, {})

    def _batch(self, kind: str, verb: str, body: dict[str, Any]) -> Answer:
        inputs = body.get("inputs")
        if not isinstance(inputs, list) or not inputs:
            return self._error(400, "inputs must not be empty")
        if len(inputs) > BATCH_MAX:
            return self._error(400, f"The maximum number of inputs is {BATCH_MAX}")
        if unknown := self._unknown(kind, inputs):
            return self._error(400, _unknown_text(unknown))
        names = [(one.get("idProperty", ""), str(one.get("id", ""))) for one in inputs]
        if verb in {"upsert", "update"} and len(set(names)) < len(names):
            return self._error(400, "Duplicate IDs found in batch input")
        verbs = {"upsert": self._upsert, "create": self._make, "update": self._change}
        if verb == "read":
            return self._read(kind, inputs, body)
        if verb not in verbs:
            return self._error(404)
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for one in inputs:
            done = verbs[verb](kind, one)
            (errors if "status" in done else results).append(done)
        note = {"count": len(results), "type": kind, "verb": verb}
        return Answer(
            _batch_body(results, errors), 207 if errors else 200, kind="upsert", note=note
        )

    def _upsert(self, kind: str, one: dict[str, Any]) -> dict[str, Any]:
        key = one.get("idProperty")
        found = self._find(kind, str(one.get("id", "")), key)
        if found:
            return {**self._write(kind, found, one), "new": False}
        if not key:
            return _problem(404, f"Object not found. objectId: {one.get('id')}")
        properties = {key: one.get("id"), **(one.get("properties") or {})}
        made = self._make(kind, {"properties": properties})
        return made if "status" in made else {**made, "new": True}

    def _make(self, kind: str, one: dict[str, Any]) -> dict[str, Any]:
        properties = one.get("properties") or {}
        unique = UNIQUE.get(kind, "")
        value = str(properties.get(unique) or "")
        if kind == "contacts" and value and "@" not in value:
            return _problem(400, f"Email address {value} is invalid")
        if value and (same := self._find(kind, value, unique)):
            return _problem(409, f"Contact already exists. Existing ID: {same['id']}")
        identity = str(self.world.next_number(f"hubspot:{kind}", start=501))
        now = self.world.stamp("hubspot")
        made = {
            "id": identity,
            "properties": {},
            "createdAt": now,
            "updatedAt": now,
            "archived": False,
        }
        self.objects(kind)[identity] = made
        for link in one.get("associations") or []:
            self.portal.link(kind, identity, "?", str((link.get("to") or {}).get("id", "")))
        return self._write(kind, made, one)

    def _change(self, kind: str, one: dict[str, Any]) -> dict[str, Any]:
        found = self._find(kind, str(one.get("id", "")), one.get("idProperty"))
        return self._write(kind, found, one) if found else _problem(404, MESSAGES[404])

    def _write(self, kind: str, found: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
        written = one.get("properties") or {}
        found["properties"].update(written)
        found["updatedAt"] = self.world.stamp("hubspot")
        # Every write is counted, so that a test can tell one upsert from two.
        count = self.world.store.setdefault("writes", {})
        count[kind, found["id"]] = count.get((kind, found["id"]), 0) + 1
        self.portal.remember(kind, found["id"], written, found["updatedAt"])
        return found

    def _read(self, kind: str, inputs: list[dict[str, Any]], body: dict[str, Any]) -> Answer:
        found = [self._find(kind, str(one.get("id")), body.get("idProperty")) for one in inputs]
        names = body.get("propertiesWithHistory") or []
        results = [
            {**one, "propertiesWithHistory": self.portal.history(kind, one["id"], names)}
            for one in found
            if one
        ]
        errors = [_problem(404, MESSAGES[404])] if None in found else []
        return Answer(_batch_body(results, errors), 207 if errors else 200)

    def _find(self, kind: str, value: str, key: str | None = None) -> dict[str, Any] | None:
        if not key or key == "hs_object_id":
            return self.objects(kind).get(value)
        for one in self.objects(kind).values():
            if str(one["properties"].get(key, "")).lower() == value.lower():
                return one
        return None

    def _unknown(self, kind: str, inputs: list[dict[str, Any]]) -> str:
        """The first property that this portal does not have."""
        known = {"", "hs_object_id", *(one["name"] for one in self.portal.properties(kind))}
        used = (
            name
            for one in inputs
            for name in [*(one.get("properties") or {}), one.get("idProperty") or ""]
        )
        return next((name for name in used if name not in known), "")

    def _create(self, kind: str, body: dict[str, Any]) -> Answer:
        if unknown := self._unknown(kind, [body]):
            return self._error(400, _unknown_text(unknown))
        made = self._make(kind, body)
        if "status" in made:
            return Answer(made, int(made["code"]))
        return Answer(made, 201, kind="upsert", note={"count": 1, "type": kind, "verb": "create"})

    def _one(self, method: str, kind: str, identity: str, request: Request) -> Answer:
        found = self._find(kind, identity, request.query.get("idProperty"))
        if found is None:
            return self._error(404)
        if method == "PATCH":
            note = {"count": 1, "type": kind, "verb": "update"}
            return Answer(self._write(kind, found, request.json()), kind="upsert", note=note)
        if method == "DELETE":
            del self.objects(kind)[found["id"]]
            return Answer(status=204)
        return Answer(found)

    def _search(self, kind: str, body: dict[str, Any]) -> Answer:
        groups = body.get("filterGroups") or [{"filters": []}]
        found = [
            one
            for one in self.objects(kind).values()
            if any(all(_fits(one, rule) for rule in group.get("filters", [])) for group in groups)
        ]
        start, limit = int(body.get("after") or 0), int(body.get("limit") or 10)
        answer: dict[str, Any] = {"total": len(found), "results": found[start:][:limit]}
        if len(found) > start + limit:
            answer["paging"] = {"next": {"after": str(start + limit)}}
        return Answer(answer)

    def _associate(self, kind: str, identity: str, rest: list[str]) -> Answer:
        other_kind, other = rest[0], rest[1]
        if identity not in self.objects(kind) or other not in self.objects(other_kind):
            return self._error(404)
        self.portal.link(kind, identity, other_kind, other)
        return Answer({"fromObjectTypeId": kind, "fromObjectId": identity, "toObjectId": other})

    def _associate_all(self, kind: str, other_kind: str, body: dict[str, Any]) -> Answer:
        for one in body.get("inputs") or []:
            here, there = str(one["from"]["id"]), str(one["to"]["id"])
            if here not in self.objects(kind) or there not in self.objects(other_kind):
                return self._error(404)
            self.portal.link(kind, here, other_kind, there)
        return Answer(_batch_body([], []))

    def _made(self, same: str, request: Request) -> Answer:
        """``same`` names what was there already."""
        if same:
            return self._error(409, f"One named '{same}' already exists.")
        return Answer(request.json(), 201)

    # -- refusals

    def _remaining(self) -> int:
        bucket = self.world.buckets.get(("hubspot",))
        return int(bucket.level) if bucket else PER_INTERVAL

    def _error(self, status: int, message: str = "") -> Answer:
        body = {
            "status": "error",
            "message": message or MESSAGES.get(status, "internal error"),
            "correlationId": secrets.token_hex(16),
            "category": CATEGORIES.get(status, "INTERNAL_ERROR"),
        }
        if status == 429:
            body |= {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
        headers = {"retry-after": "1"} if status == 429 else {}
        return Answer(body, status, headers, note={"code": status})


def _fits(one: dict[str, Any], rule: dict[str, Any]) -> bool:
    held = str(one["properties"].get(rule.get("propertyName"), "")).lower()
    if rule.get("propertyName") == "lastmodifieddate":  # compared in milliseconds
        held = str(int(datetime.fromisoformat(one["updatedAt"]).timestamp() * 1000))
    match rule.get("operator"):
        case "IN":  # small letters only, as documented
            return held in (rule.get("values") or [])
        case "HAS_PROPERTY":
            return bool(held)
        case "GTE":
            return held >= str(rule.get("value", ""))
    return held == str(rule.get("value", "")).lower()


def _batch_body(results: list[dict[str, Any]], errors: list[dict[str, Any]]) -> dict[str, Any]:
    now = _now()
    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": now,
        "completedAt": now,
    }
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return body


def _unknown_text(name: str) -> str:
    return (
        'Property values were not valid: [{"isValid":false,"message":"Property '
        f'\\"{name}\\" does not exist","error":"PROPERTY_DOESNT_EXIST","name":"{name}"}}]'
    )


def _problem(status: int, message: str) -> dict[str, Any]:
    return {
        "status": "error",
        "code": str(status),
        "category": CATEGORIES[status],
        "message": message,
        "context": {},
        "links": {},
        "errors": [],
    }


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

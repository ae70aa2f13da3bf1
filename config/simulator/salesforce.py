"""Salesforce: sessions by client credentials, and leads upserted by an external id.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_upsert.htm
"""

import re
import secrets
from typing import Any

from config.simulator.consent import form_of
from config.simulator.courier import Courier
from config.simulator.crm_logins import SalesforceLogin
from config.simulator.vendor import Vendor
from config.simulator.wire import Answer, Request
from config.simulator.world import Fault, World

MOST = 200
CONVERTED = "cannot reference converted lead"
# As a new org finds them, in their order.
OPPORTUNITY_STAGES = [
    {
        "ApiName": name,
        "IsActive": True,
        "IsClosed": name.startswith("Closed"),
        "IsWon": "Won" in name,
    }
    for name in (
        *("Prospecting", "Qualification", "Needs Analysis", "Value Proposition"),
        *("Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost"),
    )
]
REQUIRED = {"Lead": ("LastName", "Company")}
CODES = {
    400: "MALFORMED_QUERY",
    401: "INVALID_SESSION_ID",
    403: "REQUEST_LIMIT_EXCEEDED",
    404: "NOT_FOUND",
    500: "UNKNOWN_EXCEPTION",
    503: "SERVER_UNAVAILABLE",
}


OFFSET_MOST, BATCH = 2_000, 2_000
SOQL = re.compile(
    r"SELECT (?P<fields>.+?) FROM (?P<kind>\w+)(?: WHERE (?P<where>.+?))?"
    r"(?: ORDER BY (?P<order>.+?))?(?: LIMIT (?P<limit>\d+))?(?: OFFSET (?P<offset>\d+))?$"
)
# Of the fields of a Lead as many as show every type; the others are known when somebody sends them.
DESCRIBED: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "Lead": (
        ("FirstName", "string", ()),
        ("LastName", "string", ()),
        ("Company", "string", ()),
        ("Title", "string", ()),
        ("Email", "email", ()),
        ("Phone", "phone", ()),
        ("Description", "textarea", ()),
        ("Rating", "picklist", ("Hot", "Warm", "Cold")),
        ("DoNotCall", "boolean", ()),
        ("AnnualRevenue", "currency", ()),
        ("LastTransferDate", "date", ()),
        ("Leadwire_Id__c", "string", ()),
        ("Leadwire_Score__c", "double", ()),
        ("Leadwire_Tier__c", "string", ()),
        ("Leadwire_Stage__c", "string", ()),
        ("Leadwire_Reasons__c", "textarea", ()),
        ("Leadwire_Interest__c", "string", ()),
        ("Leadwire_Budget__c", "string", ()),
        ("Leadwire_Timeline__c", "string", ()),
        ("Leadwire_Merged_Into__c", "string", ()),
    ),
}


class Salesforce(Vendor):
    """Objects by type and external id; every field is known that somebody sends."""

    name = "salesforce"

    def __init__(self, world: World, courier: Courier) -> None:
        super().__init__(world, courier)
        self.login = SalesforceLogin(world)

    def answer(self, request: Request) -> Answer:
        # Orgs to try things out in have a login host of their own: /sandbox, here.
        what = [part for part in request.parts if part != "sandbox"][1:]
        if what[:1] == ["oauth2"] and what[1:] != ["userinfo"]:
            form = form_of(request)
            if form.get("grant_type") == "client_credentials":
                return self._begin(form)
            return self.login.answer(request, what[-1])
        is_session = request.bearer in self._sessions()
        if not is_session and self.login.desk.grant_of(request.bearer) is None:
            return self._error(401, "Session expired or invalid")
        return self._routed(request)

    def _routed(self, request: Request) -> Answer:
        if request.parts[1:] == ["oauth2", "userinfo"]:
            org = self.login.account_of(request.bearer).get("id", "00D000000000077EAA")
            return Answer({"organization_id": org})
        match [request.method, *request.parts[3:]]:
            case ["PATCH", "composite", "sobjects", kind, key]:
                return self._upsert(kind, key, request.json())
            case ["POST" | "PATCH", "composite", "sobjects"]:
                return self._collection(request.json())
            case ["GET", "query"]:
                return self._query(request.query.get("q", ""))
            case ["GET", "sobjects", kind, "describe"]:
                return Answer({"name": kind, "fields": self._described(kind)})
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
        kept = self._kept(kind)
        return Answer([self._write(kind, key, kept, record) for record in records])

    def _kept(self, kind: str) -> dict[str, dict[str, Any]]:
        kept: dict[str, dict[str, Any]] = self.world.store.setdefault(f"salesforce:{kind}", {})
        return kept

    def _collection(self, body: dict[str, Any]) -> Answer:
        """Records of any kind, made anew or, where they have an id, changed."""
        results = []
        for record in body.get("records") or []:
            kind = str((record.get("attributes") or {}).get("type", ""))
            fields = {name: value for name, value in record.items() if name != "attributes"}
            number = self.world.next_number(f"salesforce:{kind}", start=1)
            identity = str(fields.pop("id", "") or f"00T{number:015d}")
            there = self._kept(kind).get(identity, {"Id": identity, "writes": 0})
            stamp = self.world.stamp("salesforce")
            if kind == "Opportunity" and "StageName" in fields:
                ends = {row["ApiName"]: row for row in OPPORTUNITY_STAGES}[fields["StageName"]]
                fields |= {name: ends[name] for name in ("IsClosed", "IsWon")}
            there = {"CreatedDate": stamp, **there, **fields, "SystemModstamp": stamp}
            self._kept(kind)[identity] = {**there, "writes": there["writes"] + 1}
            results.append({"id": identity, "success": True, "errors": []})
        return Answer(results)

    def _query(self, soql: str) -> Answer:
        """As much SOQL as is asked of it: fields of one object, by conditions joined with AND."""
        found = SOQL.match(soql)
        if found is None:
            return self._error(400, "unexpected token")
        names = [name.strip() for name in found["fields"].split(",")]
        rules = [rule.strip() for rule in (found["where"] or "").split(" AND ") if rule.strip()]
        rows = [row for row in self._rows(found["kind"]) if _fits(row, rules)]
        order = [name.split()[0] for name in (found["order"] or "SystemModstamp").split(",")]
        rows.sort(
            key=lambda row: [str(_value(row, name) or "") for name in order],
            reverse=(found["order"] or "").endswith(" DESC"),
        )
        start = int(found["offset"] or 0)
        if start > OFFSET_MOST:
            return self._error(400, "Maximum SOQL offset allowed is 2000")
        shown = [_shown(row, names) for row in rows[start:][: int(found["limit"] or BATCH)]]
        return Answer({"totalSize": len(shown), "done": True, "records": shown})

    def _rows(self, kind: str) -> list[dict[str, Any]]:
        """A converted lead with the opportunity that became of it."""
        if kind == "OpportunityStage":
            return OPPORTUNITY_STAGES
        deals = self._kept("Opportunity")
        became = [
            deals.get(str(row.get("ConvertedOpportunityId"))) for row in self._kept(kind).values()
        ]
        pairs = zip(self._kept(kind).values(), became, strict=True)
        return [{**row, "ConvertedOpportunity": deal} if deal else row for row, deal in pairs]

    def _described(self, kind: str) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "label": name.removesuffix("__c").replace("_", " "),
                "type": type_,
                "length": 255 if type_ == "string" else 0,
                "updateable": True,
                "picklistValues": [{"value": value, "active": True} for value in values],
            }
            for name, type_, values in DESCRIBED.get(kind, ())
        ]

    def _write(
        self, kind: str, key: str, kept: dict[str, dict[str, Any]], record: dict[str, Any]
    ) -> dict[str, Any]:
        fields = {name: value for name, value in record.items() if name != "attributes"}
        identity = str(fields.get(key) or "")
        there = kept.get(identity)
        whole = {**(there or {}), **fields}
        if there is not None and there.get("IsConverted"):
            refused = {"statusCode": "CANNOT_UPDATE_CONVERTED_LEAD", "message": CONVERTED}
            return {"success": False, "errors": [refused]}
        missing = [name for name in REQUIRED.get(kind, ()) if not whole.get(name)]
        if not identity or missing:
            text = f"Required fields are missing: {missing or [key]}"
            error = {"statusCode": "REQUIRED_FIELD_MISSING", "message": text, "fields": missing}
            return {"success": False, "errors": [error]}
        number = self.world.next_number("salesforce", start=1) if there is None else 0
        whole.setdefault("Id", f"00Q{number:015d}")
        whole["writes"] = int(whole.get("writes", 0)) + 1
        whole["SystemModstamp"] = self.world.stamp("salesforce")
        kept[identity] = whole
        return {"id": whole["Id"], "success": True, "errors": [], "created": there is None}

    def _error(self, status: int, message: str) -> Answer:
        code = CODES.get(status, "UNKNOWN_EXCEPTION")
        return Answer([{"message": message, "errorCode": code}], status)


def _fits(row: dict[str, Any], rules: list[str]) -> bool:
    return all(_fits_one(row, rule) for rule in rules)


def _fits_one(row: dict[str, Any], rule: str) -> bool:
    name, operator, value = rule.split(" ", 2)
    held = str(_value(row, name) or "")
    if operator == "IN":
        return held in [one.strip().strip("'") for one in value.strip("()").split(",")]
    if operator == "LIKE":
        return held.startswith(value.strip("'").rstrip("%"))
    if operator == "!=":
        return bool(held)
    if value in {"true", "false"}:
        return bool(held) == (value == "true")
    if operator == ">=":
        return held >= value
    return held == value.strip("'")


def _shown(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """What was asked for; of a record beside it, in a record of its own, or None."""
    shown: dict[str, Any] = {}
    for name in names:
        own, dot, deeper = name.partition(".")
        if not dot:
            shown[own] = row.get(own)
        elif isinstance(row.get(own), dict):
            there = shown.setdefault(own, {})
            there |= _merged(there, _shown(row[own], [deeper]))
        else:
            shown[own] = None
    return shown


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    nested = {
        name: {**one.get(name, {}), **value}
        for name, value in other.items()
        if isinstance(value, dict)
    }
    return {**one, **other, **nested}


def _value(row: dict[str, Any], name: str) -> Any:
    """``Owner.Email`` lies one deeper."""
    name, _dot, deeper = name.partition(".")
    held = row.get(name)
    return _value(held, deeper) if deeper and isinstance(held, dict) else held

"""HubSpot CRM v3. https://developers.hubspot.com/docs/api-reference/crm-contacts-v3

A lead is a contact, found by a property of our own with unique values: HubSpot upserts by
``email`` or by such a property, and the latter alone allows a contact that has no e-mail yet
(https://developers.hubspot.com/docs/guides/api/crm/objects/contacts, "Upsert contacts"). So a
lead without e-mail and phone syncs as well, and an e-mail that changes makes no second contact.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django import forms
from django.conf import settings

from crm.providers.base import CrmProvider, Field, Outcome, Upsert
from tenants.plugins import http
from tenants.plugins.errors import ProviderError, Rejected, Unavailable

KEY = "leadwire_id"
CONTACTS = "/crm/v3/objects/contacts"
CONFLICT = 409
NOT_FOUND = 404
# A new contact needs one of these: https://developers.hubspot.com/docs/guides/api/crm/objects/contacts
NAMING = {"email", "firstname", "lastname"}
TIERS = ("hot", "warm", "cold")
# The words for one fault: a property of ours was never made there, or somebody deleted it.
MISSING = re.compile(r"PROPERTY_DOESNT_EXIST|does not exist|not (?:a )?(?:valid|unique)", re.I)


class HubSpot(CrmProvider):
    fields = (
        # Lengths: a single-line text property holds 65,536 characters; these are for people.
        Field("firstname", "first_name", "text", 200),
        Field("lastname", "last_name", "text", 200),
        Field("email", "email", "email", 254),
        Field("phone", "phone", "text", 60),
        Field("company", "fact:company", "text", 200),
        Field("jobtitle", "fact:role", "text", 200),
        Field("leadwire_score", "score", "number"),
        Field("leadwire_tier", "tier", "choice", choices=TIERS),
        Field("leadwire_stage", "stage", "text", 60),
        Field("leadwire_reasons", "reasons_text", "long_text", 10_000),
        Field("leadwire_interest", "fact:interest", "text", 500),
        Field("leadwire_budget", "fact:budget", "text", 200),
        Field("leadwire_timeline", "fact:timeline", "text", 200),
        Field("leadwire_merged_into", "merged_into", "text", 160),
    )
    # https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines:
    # 100 requests in 10 s is the smallest allowance of any plan; a batch holds 100 records.
    batch_size = 100
    rate = (90, 10.0)

    class ConfigForm(forms.Form):
        token = forms.CharField(
            widget=forms.PasswordInput,
            help_text="Access token of a private app that may write contacts and their schema.",
        )
        base_url = forms.URLField(required=False, label="API address", assume_scheme="https")

    def push(self, records: Sequence[Upsert]) -> list[Outcome]:
        try:
            return self._upsert(records, KEY)
        except Rejected as error:
            if _lacks_our_properties(error):
                self._create_properties()
                return self._upsert(records, KEY)
            if error.status == CONFLICT and len(records) == 1:
                return [self._adopt(records[0], error)]
            raise

    def _upsert(self, records: Sequence[Upsert], id_property: str) -> list[Outcome]:
        """A batch in, one outcome a record out."""
        inputs = [_input(record, id_property) for record in records]
        answer, status, request_id = self._post(f"{CONTACTS}/batch/upsert", {"inputs": inputs})
        taken, refused = _judged(records, answer)
        outcomes = []
        for record in records:
            if record.key in taken:
                outcome = Outcome(record.key, taken[record.key], status, request_id)
            elif record.key in refused:
                outcome = self._refused(record, refused[record.key], id_property)
            else:
                outcome = self._alone(record, id_property, whole=len(records) == 1)
            outcomes.append(outcome)
        return outcomes

    def _alone(self, record: Upsert, id_property: str, *, whole: bool) -> Outcome:
        """The answer does not say what became of this record: ask for it by itself."""
        if whole:
            lost = Unavailable("HubSpot's answer says nothing of this record.", code="no_result")
            return Outcome(record.key, error=lost)
        try:
            return self._upsert([record], id_property)[0]
        except ProviderError as error:
            return Outcome(record.key, "", error.status, self.request_id_of(error), error)

    def _refused(self, record: Upsert, problem: Mapping[str, Any], id_property: str) -> Outcome:
        error = _error_of(problem)
        if error.status == CONFLICT and id_property == KEY:
            return self._adopt(record, error)
        return Outcome(record.key, "", error.status, str(problem.get("id") or ""), error)

    def _adopt(self, record: Upsert, error: ProviderError) -> Outcome:
        """The e-mail is already somebody's: HubSpot knew this person before we did. Make that
        contact ours, by writing our key into it."""
        if "email" not in record.properties:
            return Outcome(record.key, "", error.status, self.request_id_of(error), error)
        try:
            return self._upsert([record], "email")[0]
        except ProviderError as second:
            return Outcome(record.key, "", second.status, self.request_id_of(second), second)

    def _create_properties(self) -> None:
        """Make the properties of ours that this portal lacks; those it has are left alone."""
        for definition in _definitions():
            try:
                self._post("/crm/v3/properties/contacts", definition)
            except Rejected as error:
                if error.status != CONFLICT:
                    raise

    def owner_email(self, owner_id: str) -> str:
        try:
            answer, _status, _id = self._ask("GET", f"/crm/v3/owners/{quote(owner_id, safe='')}")
        except Rejected as error:
            if error.status == NOT_FOUND:  # somebody who left since
                return ""
            raise
        return str(answer.get("email") or "")

    def account(self) -> str:
        """Asked of HubSpot itself, whatever address the company typed: what is said there decides
        whose events the company gets.

        https://developers.hubspot.com/docs/api-reference/legacy/account/account-information/guide
        """
        address = f"{settings.HUBSPOT_API_URL.rstrip('/')}/account-info/v3/details"
        answer = http.request("GET", address, headers=self._headers(), idempotent=True)
        found = answer.get("portalId") if isinstance(answer, dict) else None
        return str(found or "")

    def request_id_of(self, error: ProviderError) -> str:
        payload = error.payload if isinstance(error.payload, dict) else {}
        return str(payload.get("correlationId", ""))

    def _post(self, path: str, content: Mapping[str, Any]) -> tuple[dict[str, Any], int, str]:
        return self._ask("POST", path, json=content)

    def _ask(self, method: str, path: str, **content: Any) -> tuple[dict[str, Any], int, str]:
        """The answer, its status and HubSpot's name for the request.

        Each request of ours may be repeated: an upsert, or a property that is there already.
        """
        own_url = self.config.get("base_url")
        response = http.exchange(
            method,
            (own_url or settings.HUBSPOT_API_URL).rstrip("/") + path,
            **content,
            headers=self._headers(),
            idempotent=True,
            named_by_company=bool(own_url),
        )
        answer = http.answer_of(response) or {}
        return answer, response.status_code, response.headers.get("x-hubspot-correlation-id", "")

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.config['token']}"}


def _input(record: Upsert, id_property: str) -> dict[str, Any]:
    properties = _properties(record)
    identity = record.key if id_property == KEY else properties["email"]
    return {
        "idProperty": id_property,
        "id": identity,
        "objectWriteTraceId": record.key,  # handed back beside each result and each error
        "properties": properties,
    }


def _properties(record: Upsert) -> dict[str, str]:
    properties = {**record.properties, KEY: record.key}
    if not record.external_id and not NAMING & properties.keys():
        properties["firstname"] = f"Lead {record.key}"
    return properties


def _judged(
    records: Sequence[Upsert], answer: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, Mapping[str, Any]]]:
    """Which records were taken (their ids there), and which were refused (why)."""
    keys = [record.key for record in records]
    results, errors = answer.get("results") or [], answer.get("errors") or []
    taken = {}
    for position, result in enumerate(results):
        key = result.get("objectWriteTraceId") or (result.get("properties") or {}).get(KEY)
        if key not in keys and len(results) == len(keys):
            key = keys[position]
        taken[str(key)] = str(result["id"])
    left = [key for key in keys if key not in taken]
    refused: dict[str, Mapping[str, Any]] = {}
    for position, error in enumerate(errors):
        named = [key for key in _named_in(error) if key in left]
        if not named and len(errors) == len(left):
            named = [left[position]]
        refused.update(dict.fromkeys(named, error))
    return taken, refused


def _named_in(error: Mapping[str, Any]) -> Iterator[str]:
    context = error.get("context") or {}
    for name in ("objectWriteTraceId", "ids", "id"):
        found = context.get(name) or []
        yield from map(str, found if isinstance(found, list) else [found])


STATUS_OF = {"VALIDATION_ERROR": 400, "CONFLICT": CONFLICT, "OBJECT_NOT_FOUND": 404}


def _error_of(problem: Mapping[str, Any]) -> ProviderError:
    """One record's error inside a 207: its category says what its status only half does."""
    category = str(problem.get("category", ""))
    status = STATUS_OF.get(category, 0)
    code = str(problem.get("code") or "")
    status = status or (int(code) if code.isdigit() else 400)
    return Rejected(str(problem.get("message", ""))[:500], code=category or code, status=status)


def _lacks_our_properties(error: ProviderError) -> bool:
    text = str(error)
    return error.status == 400 and "leadwire_" in text and bool(MISSING.search(text))


def _definitions() -> Iterator[dict[str, Any]]:
    yield _definition(KEY, "Leadwire id") | {"hasUniqueValue": True}
    for one in HubSpot.fields:
        if one.name.startswith("leadwire_"):
            label = one.name.replace("_", " ").capitalize()
            definition = _definition(one.name, label)
            if one.kind == "number":
                definition |= {"type": "number", "fieldType": "number"}
            elif one.kind == "long_text":
                definition |= {"fieldType": "textarea"}
            elif one.kind == "choice":
                definition |= {"type": "enumeration", "fieldType": "select"}
                definition["options"] = [
                    {"label": choice.title(), "value": choice, "displayOrder": n, "hidden": False}
                    for n, choice in enumerate(one.choices)
                ]
            yield definition


def _definition(name: str, label: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "groupName": "contactinformation",
        "type": "string",
        "fieldType": "text",
    }

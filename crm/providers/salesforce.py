"""Salesforce leads. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/

There a person who may buy is a Lead, which holds their company too, until somebody converts it.
It is found by an external id of our own, so that the same lead sent twice is one record, whether
or not it has an e-mail address. We cannot make that field: its visibility is the org's to decide.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from crm.providers.base import CrmProvider, Field, Outcome, Upsert
from tenants.plugins import http
from tenants.plugins.errors import (
    CredentialsRejected,
    ProviderError,
    RateLimited,
    Rejected,
    Unavailable,
)

VERSION = "v64.0"
KEY = "Leadwire_Id__c"
# A lead must have both: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_lead.htm
NAMELESS, NO_COMPANY = "Lead {key}", "[not provided]"
# A daily allowance that is used up is no business of ours to shorten.
LATER = 900.0  # seconds
LIMITS = {"REQUEST_LIMIT_EXCEEDED", "TXN_SECURITY_METERING_ERROR"}
PASSING = {"UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE"}
BAD_CLIENT = {"invalid_client", "invalid_client_id", "invalid_client_credentials", "invalid_grant"}
NO_FIELD = (
    f"Salesforce knows no field {KEY} on Lead: make it, of type text, as unique external id,"
    " and let the app's user see it."
)


class Salesforce(CrmProvider):
    fields = (
        Field("FirstName", "first_name", "text", 40),
        Field("LastName", "last_name", "text", 80),
        Field("Company", "fact:company", "text", 255),
        Field("Title", "fact:role", "text", 128),
        Field("Email", "email", "email", 80),
        Field("Phone", "phone", "text", 40),
        Field("Leadwire_Score__c", "score", "number"),
        Field("Leadwire_Tier__c", "tier", "text", 20),
        Field("Leadwire_Stage__c", "stage", "text", 60),
        Field("Leadwire_Reasons__c", "reasons_text", "long_text", 10_000),
        Field("Leadwire_Interest__c", "fact:interest", "text", 255),
        Field("Leadwire_Budget__c", "fact:budget", "text", 255),
        Field("Leadwire_Timeline__c", "fact:timeline", "text", 255),
        Field("Leadwire_Merged_Into__c", "merged_into", "text", 160),
    )
    batch_size = 200
    rate = (5, 1.0)

    class ConfigForm(forms.Form):
        base_url = forms.URLField(
            label="My Domain address",
            assume_scheme="https",
            help_text="Such as https://acme.my.salesforce.com.",
        )
        client_id = forms.CharField(
            label="Consumer key",
            help_text="Of a connected app with the client credentials flow and the scope api."
            f" Lead needs the fields {KEY} (text, unique, external id) and Leadwire_Score__c,"
            " Leadwire_Tier__c, Leadwire_Stage__c, Leadwire_Reasons__c, Leadwire_Interest__c,"
            " Leadwire_Budget__c, Leadwire_Timeline__c, Leadwire_Merged_Into__c.",
        )
        client_secret = forms.CharField(label="Consumer secret", widget=forms.PasswordInput)

    def __init__(self, config: Mapping[str, str]) -> None:
        super().__init__(config)
        self.root = f"{config.get('base_url', '').rstrip('/')}/services"
        self._access = ""

    def push(self, records: Sequence[Upsert]) -> list[Outcome]:
        body = {"allOrNone": False, "records": [_record(record) for record in records]}
        path = f"/data/{VERSION}/composite/sobjects/Lead/{KEY}"
        answer, status = self._ask("PATCH", path, body)
        results = answer if isinstance(answer, list) else []
        if len(results) != len(records):
            lost = Unavailable("Salesforce's answer does not name every record.", code="no_result")
            return [Outcome(record.key, error=lost) for record in records]
        return [
            _outcome(record, result, status)
            for record, result in zip(records, results, strict=True)
        ]

    def _ask(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[Any, int]:
        """The answer and its status. A session that ended is begun anew, once."""
        try:
            return self._ask_once(method, path, body)
        except CredentialsRejected as error:
            if error.status != 401 or not self._access:
                raise
        self._access = ""
        return self._ask_once(method, path, body)

    def _ask_once(self, method: str, path: str, body: Mapping[str, Any]) -> tuple[Any, int]:
        fresh = not self._access
        self._access = self._access or self._begin()
        response = http.exchange(
            method,
            self.root + path,
            json=body,
            headers=self._headers(),
            idempotent=True,  # an upsert by our key
            named_by_company=True,
        )
        try:
            return http.answer_of(response), response.status_code
        except ProviderError as error:
            if fresh and error.status == 401:
                self._access = ""  # a new session that is refused is not worth a second one
            raise _meant(error) from error

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._access}",
            # Who is who in the org is for its people to say; we know our own leads apart.
            "Sforce-Duplicate-Rule-Header": "allowSave=true",
        }

    def _begin(self) -> str:
        """A session. https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm"""
        asked = {
            "grant_type": "client_credentials",
            "client_id": self.config["client_id"],
            "client_secret": self.config["client_secret"],
        }
        try:
            answer = http.request(
                "POST",
                f"{self.root}/oauth2/token",
                data=asked,
                idempotent=True,
                named_by_company=True,
            )
        except Rejected as error:
            said = error.payload.get("error") if isinstance(error.payload, dict) else ""
            if said in BAD_CLIENT:
                raise CredentialsRejected(
                    "Salesforce does not know this app.", code=said, status=error.status
                ) from error
            raise
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise Unavailable("Salesforce gave no session.", code="no_token")
        return token


def _record(record: Upsert) -> dict[str, Any]:
    made: dict[str, Any] = dict(record.properties)
    if "Leadwire_Score__c" in made:
        made["Leadwire_Score__c"] = int(made["Leadwire_Score__c"])
    if not made.get("LastName"):  # one word is a last name there
        first = made.pop("FirstName", "")
        if first or not record.external_id:
            made["LastName"] = first or NAMELESS.format(key=record.key)
    if not made.get("Company") and not record.external_id:
        made["Company"] = NO_COMPANY
    return {"attributes": {"type": "Lead"}, **made, KEY: record.key}


def _outcome(record: Upsert, result: Any, status: int) -> Outcome:
    said = result if isinstance(result, dict) else {}
    if said.get("success") is True:
        return Outcome(record.key, str(said.get("id") or record.external_id), status)
    errors = said.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    first = first if isinstance(first, dict) else {}
    code, text = str(first.get("statusCode") or "refused"), str(first.get("message") or "")[:500]
    kind = Unavailable if code in PASSING else Rejected
    error = kind(text or "Salesforce refused this record.", code=code, status=400)
    return Outcome(record.key, "", 400, "", error)


def _meant(error: ProviderError) -> ProviderError:
    """What the first of Salesforce's own codes says beside the status."""
    said = error.payload[0] if isinstance(error.payload, list) and error.payload else {}
    code = str(said.get("errorCode") or "") if isinstance(said, dict) else ""
    if code in LIMITS:
        return RateLimited(
            str(error), code=code, status=error.status, retry_after=error.retry_after or LATER
        )
    if KEY in str(error) and code in {"NOT_FOUND", "INVALID_FIELD"}:
        return CredentialsRejected(NO_FIELD, code=code, status=error.status)
    if code:
        error.code = code
    return error

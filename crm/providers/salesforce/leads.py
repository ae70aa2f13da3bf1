"""Salesforce leads. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/

There a person who may buy is a Lead, which holds their company too, until somebody converts it.
It is found by an external id of our own, so that the same lead sent twice is one record, whether
or not it has an e-mail address. We cannot make that field: its visibility is the org's to decide.
What we know of it, and why it has its score, stands in one task of the lead.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms

from channels_app import wire
from crm.fields import StagesField
from crm.providers.base import (
    Changed,
    CrmProvider,
    Field,
    Found,
    Outcome,
    Part,
    Property,
    Upsert,
    needed,
)
from crm.providers.salesforce.converted import ASKED, CONTACT, STAGE, Converted
from crm.providers.salesforce.looks import changed_rows
from crm.providers.salesforce.records import (
    BAD_CLIENT,
    KEY,
    NOTE,
    SUBJECT,
    VERSION,
    described,
    held_of,
    meant,
    named,
    news_of,
    noted,
    outcome_of,
    owner_of,
    record_of,
    task_of,
)
from tenants.plugins import http
from tenants.plugins.errors import (
    CredentialsRejected,
    ProviderError,
    Rejected,
    Unavailable,
)


class Salesforce(CrmProvider):
    fields = (
        Field("FirstName", "first_name", "text", 40),
        Field("LastName", "last_name", "text", 80),
        Field("Company", "fact:company", "text", 255),
        Field("Title", "fact:role", "text", 128),
        Field("Email", "email", "email", 80),
        Field("Phone", "phone", "text", 40),
        Field("Leadwire_Score__c", "score", "integer"),
        Field("Leadwire_Tier__c", "tier", "text", 20),
        Field("Leadwire_Stage__c", "stage", "text", 60),
        Field("Leadwire_Reasons__c", "reasons_text", "long_text", 10_000),
        Field("Leadwire_Interest__c", "fact:interest", "text", 255),
        Field("Leadwire_Budget__c", "fact:budget", "text", 255),
        Field("Leadwire_Timeline__c", "fact:timeline", "text", 255),
        Field("Leadwire_Merged_Into__c", "merged_into", "text", 160),
    )
    parts = {"note": (Field("Description", "note_text", "long_text", 30_000),)}
    batch_size = 200
    rate = (2, 1.0)  # with up to four requests a batch
    credentials = frozenset({"base_url", "client_id", "client_secret"})

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
        stages = StagesField()

    def __init__(
        self, config: Mapping[str, str], renew: Callable[[str], str] | None = None
    ) -> None:
        super().__init__(config, renew)
        address = config.get("api_url") or config.get("base_url", "")
        self.root = f"{address.rstrip('/')}/services"
        self._session = self.access.token
        self._converted = Converted(self._query, self._collection, config)

    def push(self, records: Sequence[Upsert]) -> list[Outcome]:
        body = {"allOrNone": False, "records": [record_of(record) for record in records]}
        path = f"/data/{VERSION}/composite/sobjects/Lead/{KEY}"
        answer, status = self._ask("PATCH", path, body)
        results = answer if isinstance(answer, list) else []
        if len(results) != len(records):
            lost = Unavailable("Salesforce's answer does not name every record.", code="no_result")
            return [Outcome(record.key, error=lost) for record in records]
        outcomes = [
            outcome_of(record, result, status)
            for record, result in zip(records, results, strict=True)
        ]
        return self._with_notes(records, self._converted.follow(records, outcomes))

    # -- what it has, and what it would say

    def schema(self) -> list[Property]:
        answer, _status = self._ask("GET", f"/data/{VERSION}/sobjects/Lead/describe")
        rows = answer.get("fields") if isinstance(answer, dict) else None
        return [
            described(row)
            for row in rows or []
            if isinstance(row, dict) and row.get("updateable") and row.get("name") != KEY
        ]

    def rehearsed(self, method: str, url: str, body: Any) -> Any:
        if url.endswith("/oauth2/token"):
            return {"access_token": "session"}
        if method == "GET":
            return {"records": []}
        made = "<id of the lead>" if url.endswith(KEY) else "<id of the task>"
        return [{"id": made, "success": True, "errors": []} for _each in body["records"]]

    # -- what people there have

    def read(self, records: Sequence[Upsert], names: Sequence[str]) -> dict[str, dict[str, Found]]:
        """By our key; with the time of the record, for the history of fields is not always kept."""
        keys = [record.key for record in records if record.external_id]
        if not keys:
            return {}
        rows = self._query(
            f"SELECT {KEY}, SystemModstamp, {ASKED}, {', '.join(names)} FROM Lead"  # noqa: S608
            f" WHERE {KEY} IN ({named(keys)})"
        )
        return {str(row.get(KEY)): self._held(row, names) for row in rows}

    def _held(self, row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Found]:
        stage = self._converted.stage_of(row) if STAGE in names else None
        return held_of(row, names) | ({STAGE: stage} if stage is not None else {})

    def changed(self, since: datetime, names: Sequence[str]) -> list[Changed]:
        stamp = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        soql = (
            f"SELECT Id, SystemModstamp, OwnerId, CreatedById, Owner.Email, {', '.join(names)}"  # noqa: S608
            f" FROM Lead WHERE SystemModstamp >= {stamp} AND {KEY} != null AND IsConverted = false"
        )
        rows = changed_rows(self._query, soql, by="SystemModstamp", most=self.batch_size)
        found = []
        for row in rows:
            at = wire.moment(row.get("SystemModstamp"))
            if at is not None:
                found.append(Changed(str(row.get("Id")), at, held_of(row, names), owner_of(row)))
        converted = self._converted.changed(stamp, names, self.batch_size)
        return _as_far_as_known(found, converted, most=self.batch_size)

    # -- what we know, as a task that is done: an activity on the lead

    def _with_notes(self, records: Sequence[Upsert], outcomes: Sequence[Outcome]) -> list[Outcome]:
        """One a lead, kept up. It has no key of ours, so that one whose answer was lost is looked
        for before another is made."""
        told = {record.key: record for record in records}
        ids = {each.key: _whose(each) for each in outcomes if each.error is None}
        wanted = {key: text for key in ids if (text := news_of(told[key]))}
        known = {key: told[key].known[NOTE].id for key in wanted if NOTE in told[key].known}
        unknown = {ids[key]: key for key in wanted if key not in known}
        known |= {unknown[lead]: task for lead, task in self._tasks_of(list(unknown)).items()}
        new = [key for key in wanted if key not in known]
        old = [key for key in wanted if key in known]
        made = self._collection("POST", [task_of(wanted[key]) | {"WhoId": ids[key]} for key in new])
        kept = self._collection("PATCH", [task_of(wanted[key]) | {"id": known[key]} for key in old])
        results = dict(zip([*new, *old], [*made, *kept], strict=True))
        return [
            noted(each, results.get(each.key), told[each.key], wanted.get(each.key, ""))
            for each in outcomes
        ]

    def _tasks_of(self, leads: Sequence[str]) -> dict[str, str]:
        """The task of ours on each of these leads, the oldest where there are several."""
        if not leads:
            return {}
        rows = self._query(
            f"SELECT Id, WhoId FROM Task WHERE Subject = '{SUBJECT}' AND WhoId IN ({named(leads)})"  # noqa: S608
            " ORDER BY CreatedDate DESC"
        )
        return {str(row.get("WhoId")): str(row.get("Id")) for row in rows}

    def _query(self, soql: str) -> list[dict[str, Any]]:
        """https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm"""
        answer, _status = self._ask("GET", f"/data/{VERSION}/query?{urlencode({'q': soql})}")
        rows = answer.get("records") if isinstance(answer, dict) else None
        return [row for row in rows or [] if isinstance(row, dict)]

    def _collection(self, method: str, records: list[dict[str, Any]]) -> list[Any]:
        """https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm"""
        if not records:
            return []
        body = {"allOrNone": False, "records": records}
        answer, _status = self._ask(method, f"/data/{VERSION}/composite/sobjects", body)
        results = answer if isinstance(answer, list) else []
        if len(results) != len(records):
            raise Unavailable("Salesforce's answer does not name every task.", code="no_result")
        return results

    # -- asking

    def account(self) -> str:
        """The org's id. https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_userinfo_endpoint.htm"""
        answer, _status = self._ask("GET", "/oauth2/userinfo")
        return str(answer.get("organization_id") or "") if isinstance(answer, dict) else ""

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[Any, int]:
        """The answer and its status. A session that ended is begun anew, once."""
        try:
            return self._ask_once(method, path, body)
        except CredentialsRejected as error:
            if error.status != 401 or not self._session:
                raise
        self._session = ""
        return self._ask_once(method, path, body)

    def _ask_once(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[Any, int]:
        fresh = not self._session
        self._session = self._session or self._begin()
        response = http.exchange(
            method,
            self.root + path,
            json=body,
            headers=self._headers(),
            idempotent=True,  # an upsert by our key, or looked for before it is made
            named_by_company="api_url" not in self.config,
        )
        try:
            return http.answer_of(response), response.status_code
        except ProviderError as error:
            if fresh and error.status == 401:
                self._session = ""  # a new session that is refused is not worth a second one
            raise meant(error) from error

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._session}",
            # Who is who in the org is for its people to say; we know our own leads apart.
            "Sforce-Duplicate-Rule-Header": "allowSave=true",
        }

    def _begin(self) -> str:
        """A session: the next one of somebody who signed in, or the app's own.

        https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
        """
        if self.access.token:
            return self.access.next()
        asked = {
            "grant_type": "client_credentials",
            "client_id": needed(self.config, "client_id"),
            "client_secret": needed(self.config, "client_secret"),
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


def _whose(outcome: Outcome) -> str:
    """On whom our task is: on the lead, or on the contact that became of it."""
    return outcome.parts.get(CONTACT, Part()).id or outcome.external_id


def _as_far_as_known(*told: list[Changed], most: int) -> list[Changed]:
    """Several answers in one order; what comes after the end of a full one is left for later."""
    ends = [each[-1].at for each in told if len(each) >= most]
    rows = [row for each in told for row in each if not ends or row.at <= min(ends)]
    return sorted(rows, key=lambda row: row.at)

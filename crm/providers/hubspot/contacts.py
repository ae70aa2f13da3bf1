"""HubSpot CRM v3. https://developers.hubspot.com/docs/api-reference/crm-contacts-v3

A lead is a contact, found by a property of our own with unique values: HubSpot upserts by
``email`` or by such a property, and the latter alone allows a contact that has no e-mail yet
(https://developers.hubspot.com/docs/guides/api/crm/objects/contacts, "Upsert contacts"). So a
lead without e-mail and phone syncs as well, and an e-mail that changes makes no second contact.
Its company, deal and note stand beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels_app import wire
from crm.providers.base import Changed, CrmProvider, Field, Found, Outcome, Property, Upsert
from crm.providers.hubspot import batches, properties
from crm.providers.hubspot.batches import CONFLICT, KEY
from crm.providers.hubspot.beside import Beside
from crm.providers.hubspot.wire import Wire
from tenants.plugins import http
from tenants.plugins.errors import ProviderError, Rejected, Unavailable

CONTACTS = "contacts"
NOT_FOUND = 404
OWNER = "hubspot_owner_id"
OURS = "leadwire_"  # a contact that is not ours yet has none of these
# https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide ("Retrieve contacts")
PAST_MOST = 50
# https://developers.hubspot.com/docs/api-reference/search/guide ("Limits")
FARTHEST = 10_000
# A new contact needs one of these: https://developers.hubspot.com/docs/guides/api/crm/objects/contacts
NAMING = {"email", "firstname", "lastname"}
TIERS = ("hot", "warm", "cold")
BESIDE = [
    ("qualified", _("Company and note; a deal once the lead is qualified")),
    ("always", _("Company, note and deal from the first day")),
    ("never", _("Company and note, no deals")),
    ("nothing", _("The contact alone")),
]


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
    parts = {
        "company": (Field("name", "fact:company", "text", 200),),
        "deal": (Field("dealname", "deal_title", "text", 250), Field("stage", "stage", "text", 60)),
        "note": (Field("hs_note_body", "note_html", "long_text", 60_000),),
    }
    # https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines:
    # 100 requests in 10 s is the smallest allowance of any plan; a batch holds 100 records and
    # costs from one request to a dozen, where every lead of it is new.
    batch_size = 100
    rate = (9, 10.0)
    credentials = frozenset({"token", "base_url"})

    class ConfigForm(forms.Form):
        token = forms.CharField(
            widget=forms.PasswordInput,
            help_text="Access token of a private app that may write contacts, companies, deals and"
            " their schemas.",
        )
        beside = forms.ChoiceField(
            choices=BESIDE, required=False, label=_("Beside the contact"), initial="qualified"
        )
        base_url = forms.URLField(required=False, label="API address", assume_scheme="https")

    def __init__(
        self, config: Mapping[str, str], renew: Callable[[str], str] | None = None
    ) -> None:
        super().__init__(config, renew)
        self.wire = Wire(config, self.access)
        self._owners: dict[str, str] = {}

    def push(self, records: Sequence[Upsert]) -> list[Outcome]:
        outcomes = self._contacts(records)
        beside = self.config.get("beside") or "qualified"
        if beside == "nothing":
            return outcomes
        return Beside(self.wire, deals=beside).bring(records, outcomes)

    def _contacts(self, records: Sequence[Upsert]) -> list[Outcome]:
        try:
            return self._upsert(records, KEY)
        except Rejected as error:
            if error.status == CONFLICT and len(records) == 1:
                return [self._adopt(records[0], error)]
            raise

    def _upsert(self, records: Sequence[Upsert], id_property: str) -> list[Outcome]:
        """A batch in, one outcome a record out."""
        inputs = [
            batches.upsert(record.key, _properties(record), by=id_property) for record in records
        ]
        answer, status, request_id = self.wire.upsert(CONTACTS, inputs, self.fields)
        taken, refused = batches.judged([record.key for record in records], answer)
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
        error = batches.error_of(problem)
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

    def schema(self) -> list[Property]:
        answer, _status, _id = self.wire.ask("GET", "/crm/v3/properties/contacts")
        found = answer.get("results") or []
        return [one for row in found if (one := properties.described(row)) is not None]

    def rehearsed(self, method: str, url: str, body: Any) -> Any:
        if not url.endswith("/batch/upsert"):
            return {"results": []}
        kind = url.split("/objects/")[1].split("/")[0]
        keys = [each["objectWriteTraceId"] for each in body["inputs"]]
        return {"results": [{"id": f"<id of {kind}>", "objectWriteTraceId": key} for key in keys]}

    def read(self, records: Sequence[Upsert], names: Sequence[str]) -> dict[str, dict[str, Found]]:
        """With the history of each property, which alone says when a person changed it.

        Whom we have not met there yet is asked for by e-mail: HubSpot may have known them first.
        """
        there = {record.external_id: record.key for record in records if record.external_id}
        found = self._read(there, names)
        theirs = [name for name in names if not name.startswith(OURS)]
        new = {
            str(record.properties["email"]): record.key
            for record in records
            if not record.external_id and "email" in record.properties
        }
        return found | (self._read(new, theirs, by="email") if theirs else {})

    def _read(
        self, identities: Mapping[str, str], names: Sequence[str], *, by: str = ""
    ) -> dict[str, dict[str, Found]]:
        found = {}
        wanted = list(identities)
        for start in range(0, len(wanted), PAST_MOST):
            body = {
                "inputs": [{"id": one} for one in wanted[start : start + PAST_MOST]],
                "properties": ["email"],
                "propertiesWithHistory": list(names),
                **({"idProperty": by} if by else {}),
            }
            answer = self.wire.post("/crm/v3/objects/contacts/batch/read", body)
            for each in answer.get("results") or []:
                said = each.get("properties") or {}
                identity = str(said.get(by) or "").lower() if by else str(each.get("id"))
                if identity in identities:
                    found[identities[identity]] = _past(each)
        return found

    def changed(self, since: datetime, names: Sequence[str]) -> list[Changed]:
        """https://developers.hubspot.com/docs/api-reference/search/guide"""
        stamp = str(int(since.timestamp() * 1000))
        rules = [
            {"propertyName": "lastmodifieddate", "operator": "GTE", "value": stamp},
            {"propertyName": KEY, "operator": "HAS_PROPERTY"},
        ]
        body = {
            "filterGroups": [{"filters": rules}],
            "properties": [KEY, OWNER, *names],
            "sorts": ["lastmodifieddate"],
            "limit": batches.MOST,
        }
        found = []
        for each in self._results(body):
            said, at = each.get("properties") or {}, wire.moment(each.get("updatedAt"))
            if at is None:
                continue
            values = {name: Found(str(said[name]), at) for name in names if said.get(name)}
            owner = self._owner(str(said.get(OWNER) or ""))
            found.append(Changed(str(each.get("id")), at, values, owner))
        return found

    def _results(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """A full answer, and on while all of it has one and the same time.

        The next look goes on from the last one's time: what was changed then and stands in no
        answer, as after a change of hundreds at once, would be left out for good.
        """
        results: list[dict[str, Any]] = []
        after = "0"
        while True:
            answer = self.wire.post("/crm/v3/objects/contacts/search", {**body, "after": after})
            results += answer.get("results") or []
            onward = ((answer.get("paging") or {}).get("next") or {}).get("after")
            times = {each.get("updatedAt") for each in results}
            if not onward or len(times) > 1 or len(results) >= FARTHEST:
                return results
            after = str(onward)

    def _owner(self, owner_id: str) -> str:
        if owner_id and owner_id not in self._owners:
            self._owners[owner_id] = self.owner_email(owner_id)
        return self._owners.get(owner_id, "")

    def owner_email(self, owner_id: str) -> str:
        try:
            path = f"/crm/v3/owners/{quote(owner_id, safe='')}"
            answer, _status, _id = self.wire.ask("GET", path)
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

        def ask(token: str) -> Any:
            return http.exchange("GET", address, headers=self.wire.headers(token), idempotent=True)

        answer = http.answer_of(self.access.exchange(ask))
        found = answer.get("portalId") if isinstance(answer, dict) else None
        return str(found or "")

    def request_id_of(self, error: ProviderError) -> str:
        payload = error.payload if isinstance(error.payload, dict) else {}
        return str(payload.get("correlationId", ""))


def _past(contact: Mapping[str, Any]) -> dict[str, Found]:
    """What each property holds now, and since when."""
    past = contact.get("propertiesWithHistory") or {}
    return {
        name: Found(str(entries[0].get("value") or ""), wire.moment(entries[0].get("timestamp")))
        for name, entries in past.items()
        if entries and isinstance(entries[0], dict)
    }


def _properties(record: Upsert) -> dict[str, str]:
    made = {**record.properties, KEY: record.key}
    if not record.external_id and not NAMING & made.keys():
        made["firstname"] = f"Lead {record.key}"
    return made

"""Pipedrive: a person, their organisation, a lead and a note. https://developers.pipedrive.com/docs/api/v1

Pipedrive has no upsert. A person of ours is found by a field of our own with our key in it, then
by e-mail or phone, exactly; only who is not found is made. What people typed there stays: an
address is added beside theirs, a name is only given to who had none of theirs. Ids are remembered
as ``person.lead.note``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django import forms
from django.conf import settings

from channels_app import wire
from crm.providers.base import (
    Changed,
    CrmProvider,
    Field,
    Found,
    Outcome,
    Property,
    Upsert,
    needed,
)
from crm.providers.pipedrive.records import (
    CHANGED_MOST,
    FIELD,
    GONE,
    IN_NOTE,
    PAGE,
    PAGES,
    Ids,
    compared,
    custom_fields_of,
    described,
    held_of,
    id_of,
    mark_of,
    nameless,
    note_content,
    title_of,
)
from tenants.plugins import http
from tenants.plugins.errors import ProviderError, RateLimited, Rejected, Unavailable


class Pipedrive(CrmProvider):
    fields = (
        Field("name", "name", "text", 255),
        Field("email", "email", "email", 254),
        Field("phone", "phone", "text", 60),
        Field("organization", "fact:company", "text", 255),
        Field("job_title", "fact:role", "text", 255),
        Field("score", "score", "number"),
        Field("tier", "tier", "text", 20),
        Field("stage", "stage", "text", 60),
        Field("interest", "fact:interest", "text", 500),
        Field("budget", "fact:budget", "text", 200),
        Field("timeline", "fact:timeline", "text", 200),
        Field("reasons", "reasons_text", "long_text", 10_000),
        Field("merged_into", "merged_into", "text", 160),
    )
    # A new lead costs about ten requests; the smallest plan takes twenty in two seconds.
    # https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
    batch_size = 1
    rate = (2, 2.0)

    class ConfigForm(forms.Form):
        token = forms.CharField(
            label="API token",
            widget=forms.PasswordInput,
            help_text="In Pipedrive: Personal preferences, API.",
        )
        base_url = forms.URLField(required=False, label="API address", assume_scheme="https")

    def __init__(self, config: Mapping[str, str]) -> None:
        super().__init__(config)
        root = (config.get("base_url") or settings.PIPEDRIVE_API_URL).rstrip("/")
        self.roots = {"v1": f"{root}/v1", "v2": f"{root}/api/v2"}
        self._code = ""  # what Pipedrive calls the field with our key

    def push(self, records: Sequence[Upsert]) -> list[Outcome]:
        return [self._pushed(record) for record in records]

    def _pushed(self, record: Upsert) -> Outcome:
        said, ids = record.properties, Ids.of(record.external_id)
        organisation = self._organisation(str(said.get("organization") or ""))
        ids.person = self._person(record, ids.person, organisation)
        ids.lead = ids.lead or self._lead(record, ids.person, organisation)
        ids.note = self._note(record, ids)
        return Outcome(record.key, str(ids), 200)

    # -- what it has, and what it would say

    def schema(self) -> list[Property]:
        """A person's own fields, what our note says, and the fields that the company made."""
        own = [Property(one.name, one.name, one.kind, one.kind) for one in self.fields]
        made = [described(row) for row in self._person_fields() if row.get("is_custom_field")]
        return [*own, *[one for one in made if one.label != FIELD]]

    def rehearsed(self, method: str, url: str, body: Any) -> Any:
        if url.endswith("/search"):
            return {"data": {"items": []}}
        if url.endswith("/personFields"):
            return {"data": [{"field_name": FIELD, "field_code": "<field of our key>"}]}
        if method == "GET" and not url.rsplit("/", 1)[1].isdecimal():
            return {"data": []}
        return {"data": {"id": 1}}

    # -- what people there have

    def read(self, records: Sequence[Upsert], names: Sequence[str]) -> dict[str, dict[str, Found]]:
        """Of the person: what stands in our note is ours alone."""
        asked = [name for name in names if name not in IN_NOTE]
        found = {}
        for record in records if asked else []:
            known = Ids.of(record.external_id).person
            person = self._there(known) if known else None
            if person is not None:
                found[record.key] = held_of(person, asked)
        return found

    def changed(self, since: datetime, names: Sequence[str]) -> list[Changed]:
        """https://developers.pipedrive.com/docs/api/v1/Persons#getPersons"""
        params = {
            "updated_since": since.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z",
            "sort_by": "update_time",
            "limit": str(CHANGED_MOST),
        }
        asked = [name for name in names if name not in IN_NOTE]
        rows = self._ask("GET", "v2", "/persons", params=params)
        found = []
        for person in rows if isinstance(rows, list) else []:
            at = wire.moment(person.get("update_time"))
            if at is not None and person.get("id"):
                found.append(Changed(str(person["id"]), at, held_of(person, asked)))
        return found

    # -- the company

    def _organisation(self, name: str) -> int | None:
        if not name:
            return None
        found = self._search("organizations", name, "name")
        if found is not None:
            return found
        return int(id_of(self._ask("POST", "v2", "/organizations", {"name": name})))

    # -- the person

    def _person(self, record: Upsert, known: str, organisation: int | None) -> str:
        person = self._there(known) if known else None
        if person is None:
            found = self._find(record)
            person = self._there(str(found)) if found is not None else None
        if person is None:
            return str(id_of(self._ask("POST", "v2", "/persons", self._new(record, organisation))))
        identity = str(id_of(person))
        if changes := self._changes(record, person, organisation):
            self._ask("PATCH", "v2", f"/persons/{quote(identity, safe='')}", changes)
        return identity

    def _there(self, identity: str) -> dict[str, Any] | None:
        """The person as they stand there; None where somebody deleted them."""
        try:
            found = self._ask("GET", "v2", f"/persons/{quote(identity, safe='')}")
        except Rejected as error:
            if error.status in GONE:
                return None
            raise
        return None if found.get("is_deleted") else found

    def _find(self, record: Upsert) -> int | None:
        """Whom we made before, else who has the same address or number."""
        ways = [(record.key, "custom_fields")]
        ways += [(str(record.properties.get(name) or ""), name) for name in ("email", "phone")]
        for term, field in ways:
            found = self._search("persons", term, field) if term else None
            if found is not None:
                return found
        return None

    def _new(self, record: Upsert, organisation: int | None) -> dict[str, Any]:
        said = record.properties
        made: dict[str, Any] = {
            "name": said.get("name") or nameless(record),
            "custom_fields": {self._field(): record.key, **custom_fields_of(record)},
        }
        for name, many in (("email", "emails"), ("phone", "phones")):
            if said.get(name):
                made[many] = [{"value": said[name], "primary": True, "label": "work"}]
        return made | ({"org_id": organisation} if organisation is not None else {})

    def _changes(
        self, record: Upsert, person: Mapping[str, Any], organisation: int | None
    ) -> dict[str, Any]:
        """What we know and they do not; what they know better stays."""
        said = record.properties
        changes: dict[str, Any] = {}
        for name, many in (("email", "emails"), ("phone", "phones")):
            there = person.get(many)
            there = [each for each in there if isinstance(each, dict)] if there else []
            known = {compared(name, str(each.get("value") or "")) for each in there}
            if said.get(name) and compared(name, str(said[name])) not in known:
                new = {"value": said[name], "primary": not there, "label": "work"}
                changes[many] = [*there, new]
        if said.get("name") and person.get("name") in {None, "", nameless(record)}:
            changes["name"] = said["name"]
        if organisation is not None and not person.get("org_id"):
            changes["org_id"] = organisation
        there = person.get("custom_fields") or {}
        wanted = {self._field(): record.key, **custom_fields_of(record)}
        if other := {code: value for code, value in wanted.items() if there.get(code) != value}:
            changes["custom_fields"] = other
        return changes

    # -- the lead and what we say of it

    def _lead(self, record: Upsert, person: str, organisation: int | None) -> str:
        found = self._ask("GET", "v1", "/leads", params={"person_id": person, "limit": "1"})
        for each in found if isinstance(found, list) else []:
            if isinstance(each, dict) and each.get("id"):
                return str(each["id"])
        made: dict[str, Any] = {"title": title_of(record), "person_id": int(person)}
        if organisation is not None:
            made["organization_id"] = organisation
        return str(id_of(self._ask("POST", "v1", "/leads", made)))

    def _note(self, record: Upsert, ids: Ids) -> str:
        content = note_content(record)
        note = ids.note or self._note_of(record, ids.lead)
        if note:
            try:
                path = f"/notes/{quote(note, safe='')}"
                return str(id_of(self._ask("PUT", "v1", path, {"content": content})))
            except Rejected as error:
                if error.status not in GONE:
                    raise
        made = {"content": content, "lead_id": ids.lead}
        return str(id_of(self._ask("POST", "v1", "/notes", made)))

    def _note_of(self, record: Upsert, lead: str) -> str:
        """Ours on this lead: its answer may have been lost."""
        found = self._ask("GET", "v1", "/notes", params={"lead_id": lead, "limit": "100"})
        for each in found if isinstance(found, list) else []:
            if isinstance(each, dict) and mark_of(record) in str(each.get("content") or ""):
                return str(id_of(each))
        return ""

    # -- asking

    def _field(self) -> str:
        """The code of the field with our key; made where this company has none yet."""
        if self._code:
            return self._code
        for each in self._person_fields():
            if each.get("field_name") == FIELD and each.get("field_code"):
                self._code = str(each["field_code"])
                return self._code
        body = {"field_name": FIELD, "field_type": "varchar"}
        self._code = str(self._ask("POST", "v2", "/personFields", body).get("field_code") or "")
        if not self._code:
            raise Unavailable("Pipedrive does not say what it calls our field.", code="no_field")
        return self._code

    def _person_fields(self) -> Iterator[dict[str, Any]]:
        """https://developers.pipedrive.com/docs/api/v1/PersonFields#getPersonFields"""
        cursor = ""
        for _page in range(PAGES):
            params = {"limit": str(PAGE), **({"cursor": cursor} if cursor else {})}
            answer = self._answer("GET", "v2", "/personFields", params=params)
            found = answer.get("data")
            yield from (one for one in found or [] if isinstance(one, dict))
            cursor = str((answer.get("additional_data") or {}).get("next_cursor") or "")
            if not cursor:
                return

    def _search(self, kind: str, term: str, field: str) -> int | None:
        """The one that is exactly this. https://developers.pipedrive.com/docs/api/v1/Persons#searchPersons"""
        params = {"term": term, "fields": field, "exact_match": "true", "limit": "1"}
        found = self._ask("GET", "v2", f"/{kind}/search", params=params)
        items = found.get("items") if isinstance(found, dict) else None
        for each in items if isinstance(items, list) else []:
            item = each.get("item") if isinstance(each, dict) else None
            if isinstance(item, dict) and item.get("id"):
                return int(item["id"])
        return None

    def _ask(
        self,
        method: str,
        version: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        answer = self._answer(method, version, path, body, params=params)
        found = answer.get("data")
        return {} if found is None else found

    def _answer(
        self,
        method: str,
        version: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The whole answer. Whatever was lost may be asked again: what was made is found."""
        response = http.exchange(
            method,
            self.roots[version] + path,
            json=body,
            params=params,
            headers=self._headers(),
            idempotent=True,
            named_by_company=bool(self.config.get("base_url")),
        )
        try:
            answer = http.answer_of(response)
        except RateLimited as error:
            reset = response.headers.get("x-ratelimit-reset", "")
            if error.retry_after is None and reset.isdecimal():
                error.retry_after = float(reset)
            raise
        return answer if isinstance(answer, dict) else {}

    def _headers(self) -> dict[str, str]:
        return {"x-api-token": needed(self.config, "token")}

    def request_id_of(self, error: ProviderError) -> str:
        return ""  # Pipedrive names none

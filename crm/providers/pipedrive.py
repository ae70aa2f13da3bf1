"""Pipedrive: a person, their organisation, a lead and a note. https://developers.pipedrive.com/docs/api/v1

Pipedrive has no upsert. A person of ours is found by a field of our own with our key in it, then
by e-mail or phone, exactly; only who is not found is made. What people typed there stays: an
address is added beside theirs, a name is only given to who had none of theirs. Ids are remembered
as ``person.lead.note``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from django import forms
from django.conf import settings

from channels_app import wire
from crm.providers.base import Changed, CrmProvider, Field, Found, Outcome, Property, Upsert
from tenants.plugins import http
from tenants.plugins.errors import ProviderError, RateLimited, Rejected, Unavailable

FIELD = "Leadwire id"
CHANGED_MOST = 200
GONE = {404, 410}
PAGES, PAGE = 10, 500  # of a company's fields
NAMED = (
    ("score", "Score"),
    ("tier", "Tier"),
    ("stage", "Stage"),
    ("interest", "Interest"),
    ("budget", "Budget"),
    ("timeline", "Timeline"),
    ("job_title", "Role"),
    ("merged_into", "Merged into"),
)


# Of these a person of Pipedrive's has no field: they stand in our note.
IN_NOTE = {name for name, _label in NAMED} | {"reasons", "organization"}
STANDARD = IN_NOTE | {"name", "email", "phone"}


@dataclass(slots=True)
class Ids:
    """What Pipedrive calls the three records of one lead; empty where it has none yet."""

    person: str = ""
    lead: str = ""
    note: str = ""

    @classmethod
    def of(cls, text: str) -> "Ids":
        parts = [*text.split("."), "", "", ""][:3]
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.person}.{self.lead}.{self.note}"


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
        made = [_described(row) for row in self._person_fields() if row.get("is_custom_field")]
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
                found[record.key] = _held(person, asked)
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
                found.append(Changed(str(person["id"]), at, _held(person, asked)))
        return found

    # -- the company

    def _organisation(self, name: str) -> int | None:
        if not name:
            return None
        found = self._search("organizations", name, "name")
        if found is not None:
            return found
        return int(_id(self._ask("POST", "v2", "/organizations", {"name": name})))

    # -- the person

    def _person(self, record: Upsert, known: str, organisation: int | None) -> str:
        person = self._there(known) if known else None
        if person is None:
            found = self._find(record)
            person = self._there(str(found)) if found is not None else None
        if person is None:
            return str(_id(self._ask("POST", "v2", "/persons", self._new(record, organisation))))
        identity = str(_id(person))
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
            "name": said.get("name") or _nameless(record),
            "custom_fields": {self._field(): record.key, **_custom(record)},
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
            known = {_compared(name, str(each.get("value") or "")) for each in there}
            if said.get(name) and _compared(name, str(said[name])) not in known:
                new = {"value": said[name], "primary": not there, "label": "work"}
                changes[many] = [*there, new]
        if said.get("name") and person.get("name") in {None, "", _nameless(record)}:
            changes["name"] = said["name"]
        if organisation is not None and not person.get("org_id"):
            changes["org_id"] = organisation
        there = person.get("custom_fields") or {}
        wanted = {self._field(): record.key, **_custom(record)}
        if other := {code: value for code, value in wanted.items() if there.get(code) != value}:
            changes["custom_fields"] = other
        return changes

    # -- the lead and what we say of it

    def _lead(self, record: Upsert, person: str, organisation: int | None) -> str:
        found = self._ask("GET", "v1", "/leads", params={"person_id": person, "limit": "1"})
        for each in found if isinstance(found, list) else []:
            if isinstance(each, dict) and each.get("id"):
                return str(each["id"])
        made: dict[str, Any] = {"title": _title(record), "person_id": int(person)}
        if organisation is not None:
            made["organization_id"] = organisation
        return str(_id(self._ask("POST", "v1", "/leads", made)))

    def _note(self, record: Upsert, ids: Ids) -> str:
        content = _content(record)
        note = ids.note or self._note_of(record, ids.lead)
        if note:
            try:
                path = f"/notes/{quote(note, safe='')}"
                return str(_id(self._ask("PUT", "v1", path, {"content": content})))
            except Rejected as error:
                if error.status not in GONE:
                    raise
        made = {"content": content, "lead_id": ids.lead}
        return str(_id(self._ask("POST", "v1", "/notes", made)))

    def _note_of(self, record: Upsert, lead: str) -> str:
        """Ours on this lead: its answer may have been lost."""
        found = self._ask("GET", "v1", "/notes", params={"lead_id": lead, "limit": "100"})
        for each in found if isinstance(found, list) else []:
            if isinstance(each, dict) and _mark(record) in str(each.get("content") or ""):
                return str(_id(each))
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
        return {"x-api-token": self.config["token"]}

    def request_id_of(self, error: ProviderError) -> str:
        return ""  # Pipedrive names none


def _custom(record: Upsert) -> dict[str, Any]:
    """What the company lets us write into fields of its own."""
    return {name: value for name, value in record.properties.items() if name not in STANDARD}


# https://pipedrive.readme.io/docs/core-api-concepts-custom-fields
TYPES = {
    "varchar": ("text", "text"),
    "text": ("long_text", "long_text"),
    "double": ("number", "integer"),
    "int": ("number", "integer"),
    "boolean": ("flag", "flag"),
    "date": ("day", "day"),
    "phone": ("phone", "phone"),
    "enum": ("choice", "coded_choice"),
}


def _described(row: Mapping[str, Any]) -> Property:
    """Options are sent by their number there, and read by their name."""
    type_, kind = TYPES.get(str(row.get("field_type")), ("other", "text"))
    options = [one for one in row.get("options") or [] if isinstance(one, dict)]
    return Property(
        str(row.get("field_code")),
        str(row.get("field_name")),
        type_,
        kind,
        tuple(str(one.get("label")) for one in options),
        tuple(f"{one.get('id')}|{one.get('label')}" for one in options),
    )


def _held(person: Mapping[str, Any], names: Sequence[str]) -> dict[str, Found]:
    """What a person's fields hold, by the names in which we write them."""
    at = wire.moment(person.get("update_time"))
    custom = person.get("custom_fields") or {}
    held = {"name": person.get("name"), **custom}
    for name, many in (("email", "emails"), ("phone", "phones")):
        values = [each for each in person.get(many) or [] if isinstance(each, dict)]
        first = [each for each in values if each.get("primary")] or values
        held[name] = first[0].get("value") if first else ""
    return {name: Found(str(held[name]), at) for name in names if held.get(name)}


def _id(record: Any) -> int | str:
    found = record.get("id") if isinstance(record, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | str) or found == "":
        raise Unavailable("Pipedrive's answer names no id.", code="no_result")
    return found


def _nameless(record: Upsert) -> str:
    return f"Lead {record.key}"


def _title(record: Upsert) -> str:
    said = record.properties
    who = said.get("name") or said.get("email") or _nameless(record)
    return f"{who}: {said['interest']}"[:255] if said.get("interest") else str(who)


def _mark(record: Upsert) -> str:
    return f"Leadwire {escape(record.key)}"


def _content(record: Upsert) -> str:
    """The note, as the HTML it is kept as: what we know, why this score, and whose it is."""
    said = record.properties
    lines = [
        f"<b>{label}</b>: {escape(str(said[name]))}" for name, label in NAMED if said.get(name)
    ]
    reasons = [escape(line) for line in str(said.get("reasons") or "").splitlines()]
    return "<br>".join([*lines, *reasons, f"<i>{_mark(record)}</i>"])


def _compared(name: str, value: str) -> str:
    if name == "phone":
        return "".join(each for each in value if each.isdigit())
    return value.strip().casefold()

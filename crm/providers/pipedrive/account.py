"""Pipedrive: a person, their organisation, a lead or a deal, and a note.

https://developers.pipedrive.com/docs/api/v1

Pipedrive has no upsert: what is there is looked for before anything is made. Ids are remembered
as ``person.lead.note``, those of the organisation and the deal beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.fields import StagesField
from crm.providers.base import Changed, CrmProvider, Field, Found, Outcome, Part, Property, Upsert
from crm.providers.pipedrive.persons import Persons
from crm.providers.pipedrive.records import (
    FIELD,
    IN_NOTE,
    Ids,
    described,
    held_of,
)
from crm.providers.pipedrive.sales import DEAL, STAGE, Sales
from crm.providers.pipedrive.wire import Look, Wire
from tenants.plugins.errors import ProviderError

COMPANY = "company"
DEALS = [
    ("qualified", _("A lead; a deal once it is qualified")),
    ("always", _("A deal from the first day")),
    ("never", _("A lead, no deals")),
]


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
    parts = {DEAL: (Field(STAGE, "stage", "text", 60),)}
    # A new lead costs about ten requests, one that becomes a deal fifteen; the smallest plan takes
    # twenty in two seconds. https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
    batch_size = 1
    rate = (2, 3.0)
    credentials = frozenset({"token", "base_url"})

    class ConfigForm(forms.Form):
        token = forms.CharField(
            label="API token",
            widget=forms.PasswordInput,
            help_text="In Pipedrive: Personal preferences, API.",
        )
        beside = forms.ChoiceField(
            choices=DEALS, required=False, label=_("Leads and deals"), initial="qualified"
        )
        pipeline = forms.CharField(
            required=False,
            max_length=100,
            label=_("Pipeline"),
            help_text=_("Where deals are made, by its name. Empty: the first one."),
        )
        stages = StagesField()
        base_url = forms.URLField(required=False, label="API address", assume_scheme="https")

    def __init__(
        self, config: Mapping[str, str], renew: Callable[[str], str] | None = None
    ) -> None:
        super().__init__(config, renew)
        self.wire = Wire(config, self.access)
        self._persons = Persons(self.wire)
        self._sales = Sales(self.wire, config)

    def push(self, records: Sequence[Upsert]) -> list[Outcome]:
        return [self._pushed(record) for record in records]

    def _pushed(self, record: Upsert) -> Outcome:
        said, ids = record.properties, Ids.of(record.external_id)
        organisation = self._persons.organisation(str(said.get("organization") or ""))
        ids.person = self._persons.bring(record, ids.person, organisation)
        deal = self._sales.bring(record, ids, organisation)
        ids.note = self._sales.note(record, ids, deal.id)
        parts = {DEAL: deal} if deal.id else {}
        if organisation is not None:
            parts[COMPANY] = Part(str(organisation))
        return Outcome(record.key, str(ids), 200, parts=parts)

    # -- what it has, and what it would say

    def schema(self) -> list[Property]:
        """A person's own fields, what our note says, and the fields that the company made."""
        own = [Property(one.name, one.name, one.kind, one.kind) for one in self.fields]
        made = [described(row) for row in self.wire.fields("person") if row.get("is_custom_field")]
        return [*own, *[one for one in made if one.label != FIELD]]

    def rehearsed(self, method: str, url: str, body: Any) -> Any:
        what = url.rsplit("/", 1)[1]
        if what == "search":
            return {"data": {"items": []}}
        if what in {"personFields", "dealFields"}:
            return {"data": [{"field_name": FIELD, "field_code": "<field of our key>"}]}
        if what in {"pipelines", "stages"}:
            return {"data": [{"id": 1, "name": "", "order_nr": 1}]}
        if method == "GET" and what in {"leads", "deals", "notes"}:
            return {"data": []}
        return {"data": {"id": 1, "deal_id": 1, "conversion_id": "<id of the conversion>"}}

    # -- what people there have

    def read(self, records: Sequence[Upsert], names: Sequence[str]) -> dict[str, dict[str, Found]]:
        """Of the person and of the deal's stage: what stands in our note is ours alone."""
        asked = [name for name in names if name not in IN_NOTE]
        found: dict[str, dict[str, Found]] = {}
        for record in records:
            known, deal = Ids.of(record.external_id).person, record.known.get(DEAL, Part()).id
            person = self._persons.there(known) if known and asked else None
            stage = self._sales.stage_there(deal) if deal and STAGE in names else None
            held = held_of(person, asked) if person is not None else {}
            if held := held | ({STAGE: stage} if stage is not None else {}):
                found[record.key] = held
        return found

    def changed(self, since: datetime, names: Sequence[str]) -> list[Changed]:
        """Persons, deals and leads, as far as each was told of; the oldest change first."""
        asked = [name for name in names if name not in IN_NOTE]
        look = Look(self.wire, since)
        told = [
            *self._persons.changed(look, asked),
            *self._sales.changed_deals(look, with_stage=STAGE in names),
            *self._sales.changed_leads(look),
        ]
        known = [one for one in told if look.until is None or one.at <= look.until]
        return sorted(known, key=lambda one: one.at)

    def owner_email(self, owner_id: str) -> str:
        return self.wire.email_of(owner_id)

    def account(self) -> str:
        """https://developers.pipedrive.com/docs/api/v1/Users#getCurrentUser"""
        return str(self.wire.ask("GET", "v1", "/users/me").get("company_id") or "")

    def request_id_of(self, error: ProviderError) -> str:
        return ""  # Pipedrive names none

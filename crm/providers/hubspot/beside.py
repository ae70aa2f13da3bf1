"""What stands beside a contact: its company, a deal, and one note that says what we know.

A company that people there have already is theirs: it is found by its name and only linked to.
What we make carries our key, so that made twice is one. Links are HubSpot's own default ones,
which may be set any number of times.
https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from hashlib import sha256
from typing import Any

from crm.deals import CLOSED, DEPTH, FROM
from crm.providers.base import Outcome, Part, Upsert
from crm.providers.hubspot.batches import MOST
from crm.providers.hubspot.wire import Wire
from tenants.plugins.errors import ProviderError

# A part's name, its kind of object there, and what it is linked with besides the contact.
COMPANY, DEAL, NOTE = "company", "deal", "note"
OBJECTS = {COMPANY: "companies", DEAL: "deals", NOTE: "notes"}


@dataclass(slots=True)
class Lead:
    """One lead of the batch, as far as it has got."""

    record: Upsert
    contact: str  # its id there
    parts: dict[str, Part]
    errors: list[ProviderError] = field(default_factory=list)

    def wants(self, part: str, told: str) -> bool:
        """Whether the part is to be told something it does not know."""
        return self.parts.get(part, Part()).told != told

    def id_of(self, part: str) -> str:
        return self.parts.get(part, Part()).id


class Beside:
    """Brings the parts of a batch of leads in, each kind of object in a few requests."""

    def __init__(self, wire: Wire, *, deals: str) -> None:
        self._wire = wire
        self._deals_from = FROM.get(deals, ())
        self._stages: dict[str, Any] = {}

    def bring(self, records: Sequence[Upsert], outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes, with what became of the parts of those whose contact was taken."""
        wanted = {record.key: record for record in records if record.parts}
        leads = {
            outcome.key: Lead(
                wanted[outcome.key], outcome.external_id, dict(wanted[outcome.key].known)
            )
            for outcome in outcomes
            if outcome.error is None and outcome.key in wanted
        }
        if leads:
            links = _Links()
            self._companies(list(leads.values()), links)
            self._deals(list(leads.values()), links)
            self._notes(list(leads.values()), links)
            for (here, there), pairs in links.pairs.items():
                self._link(OBJECTS[here], there, pairs)
        return [_with_parts(outcome, leads.get(outcome.key)) for outcome in outcomes]

    # -- the company

    def _companies(self, leads: Sequence[Lead], links: "_Links") -> None:
        asking: dict[str, list[Lead]] = {}
        for lead in leads:
            name = str(lead.record.parts.get(COMPANY, {}).get("name") or "")
            if name and lead.wants(COMPANY, _digest(name)):
                asking.setdefault(_company_key(lead.record, name), []).append(lead)
        if not asking:
            return
        names = {key: _company_of(some[0])["name"] for key, some in asking.items()}
        known = self._companies_named(set(names.values()))
        found = {
            key: known[name.casefold()] for key, name in names.items() if name.casefold() in known
        }
        new = {key: _company_of(some[0]) for key, some in asking.items() if key not in found}
        made, errors = self._wire.upsert_all(OBJECTS[COMPANY], new, ())
        for key, some in asking.items():
            for lead in some:
                identity = found.get(key) or made.get(key)
                if identity is None:
                    lead.errors.append(errors[key])
                    continue
                links.add(lead, COMPANY, identity)
                lead.parts[COMPANY] = Part(identity, _digest(names[key]))

    def _companies_named(self, names: set[str]) -> dict[str, str]:
        """Those that are there, by their names in small letters, as ``IN`` wants them."""
        wanted = sorted({name.casefold() for name in names})
        found: dict[str, str] = {}
        for start in range(0, len(wanted), MOST):
            rule = {
                "propertyName": "name",
                "operator": "IN",
                "values": wanted[start : start + MOST],
            }
            body = {
                "filterGroups": [{"filters": [rule]}],
                "properties": ["name"],
                "sorts": ["createdate"],
                "limit": MOST,
                "after": "0",
            }
            answer = self._wire.post(f"/crm/v3/objects/{OBJECTS[COMPANY]}/search", body)
            for each in answer.get("results") or []:
                name = str((each.get("properties") or {}).get("name") or "").casefold()
                if name in wanted:  # of two with one name the older
                    found.setdefault(name, str(each["id"]))
        return found

    # -- the deal

    def _deals(self, leads: Sequence[Lead], links: "_Links") -> None:
        wanted: dict[str, dict[str, Any]] = {}
        by_key: dict[str, Lead] = {}
        for lead in leads:
            properties = self._deal_of(lead)
            if properties:
                wanted[lead.record.key] = properties
                by_key[lead.record.key] = lead
        made, errors = self._wire.upsert_all(OBJECTS[DEAL], wanted, ())
        for key, lead in by_key.items():
            if key in errors:
                lead.errors.append(errors[key])
                continue
            links.add(lead, DEAL, made[key])
            if company := lead.id_of(COMPANY):
                links.of_parts(DEAL, made[key], OBJECTS[COMPANY], company)
            lead.parts[DEAL] = Part(made[key], _digest(_stage_of(lead)))

    def _deal_of(self, lead: Lead) -> dict[str, Any]:
        """A new deal whole; of one that is there only that it is won or lost: in between people
        move and rename it as they like."""
        said, stage = lead.record.parts.get(DEAL, {}), _stage_of(lead)
        if not said or not lead.wants(DEAL, _digest(stage)):
            return {}
        if lead.id_of(DEAL):
            return {"dealstage": self._stage_there(stage)} if stage in CLOSED else {}
        if stage not in self._deals_from:
            return {}
        made = {name: value for name, value in said.items() if name != "stage"}
        return {**made, "pipeline": self._pipeline()["id"], "dealstage": self._stage_there(stage)}

    def _pipeline(self) -> dict[str, Any]:
        """The first of the account's. https://developers.hubspot.com/docs/api-reference/crm-pipelines-v3/guide"""
        if not self._stages:
            answer, _status, _id = self._wire.ask("GET", "/crm/v3/pipelines/deals")
            found = sorted(answer.get("results") or [], key=_order)
            self._stages = found[0] if found else {"id": "default", "stages": []}
        return self._stages

    def _stage_there(self, stage: str) -> str:
        stages = sorted(self._pipeline().get("stages") or [], key=_order)
        chances = {str(each["id"]): _probability(each) for each in stages}
        if stage in CLOSED:
            wanted = 1.0 if stage == "won" else 0.0
            closing = [identity for identity, chance in chances.items() if chance == wanted]
            return closing[0] if closing else f"closed{stage}"
        still_open = [identity for identity, chance in chances.items() if 0.0 < chance < 1.0]
        depth = DEPTH.get(stage, len(still_open) - 1)
        return still_open[min(depth, len(still_open) - 1)] if still_open else "appointmentscheduled"

    # -- the note

    def _notes(self, leads: Sequence[Lead], links: "_Links") -> None:
        wanted: dict[str, dict[str, Any]] = {}
        by_key: dict[str, Lead] = {}
        for lead in leads:
            body = str(lead.record.parts.get(NOTE, {}).get("hs_note_body") or "")
            if body and lead.wants(NOTE, _digest(body)):
                at = lead.record.changed_at.astimezone(UTC)
                stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                wanted[lead.record.key] = {"hs_note_body": body, "hs_timestamp": stamp}
                by_key[lead.record.key] = lead
        made, errors = self._wire.upsert_all(OBJECTS[NOTE], wanted, ())
        for key, lead in by_key.items():
            if key in errors:
                lead.errors.append(errors[key])
                continue
            links.add(lead, NOTE, made[key])
            lead.parts[NOTE] = Part(made[key], _digest(wanted[key]["hs_note_body"]))

    # -- links

    def _link(self, here: str, there: str, pairs: Iterable[tuple[str, str]]) -> None:
        inputs = [{"from": {"id": one}, "to": {"id": other}} for one, other in pairs]
        path = f"/crm/v4/associations/{here}/{there}/batch/associate/default"
        for start in range(0, len(inputs), MOST):
            self._wire.post(path, {"inputs": inputs[start : start + MOST]})


@dataclass(slots=True)
class _Links:
    """What is to be linked with what, gathered by kind."""

    pairs: dict[tuple[str, str], dict[tuple[str, str], None]] = field(default_factory=dict)

    def add(self, lead: Lead, part: str, identity: str) -> None:
        """The part with its contact, unless that is so already."""
        if lead.id_of(part) != identity:
            self.of_parts(part, identity, "contacts", lead.contact)

    def of_parts(self, part: str, identity: str, there: str, other: str) -> None:
        self.pairs.setdefault((part, there), {})[identity, other] = None


def _with_parts(outcome: Outcome, lead: Lead | None) -> Outcome:
    if lead is None:
        return outcome
    error = next(iter(lead.errors), None)
    status = error.status if error is not None else outcome.status
    return replace(outcome, parts=lead.parts, error=error, status=status)


def _company_of(lead: Lead) -> dict[str, Any]:
    return dict(lead.record.parts[COMPANY])


def _company_key(record: Upsert, name: str) -> str:
    """The same company of several leads is one: its key is its name within ours."""
    whose = record.key.rpartition("-")[0]
    return f"{whose}-{_digest(name.casefold())}"


def _stage_of(lead: Lead) -> str:
    return str(lead.record.parts.get(DEAL, {}).get("stage") or "")


def _digest(content: Any) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _order(row: Mapping[str, Any]) -> int:
    found = row.get("displayOrder")
    return found if isinstance(found, int) else 0


def _probability(stage: Mapping[str, Any]) -> float:
    try:
        return float((stage.get("metadata") or {}).get("probability", 0.5))
    except (TypeError, ValueError):
        return 0.5

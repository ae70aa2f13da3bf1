"""Leads of ours that people in Salesforce have converted: an account, a contact, an opportunity.

A converted lead takes no change any more; what became of it does. Its stage and its owner are
those of the opportunity from then on, and our task hangs on the contact, where Salesforce moves it.
https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_lead.htm
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from channels_app import wire
from crm.deals import CLOSED, OPEN, Places, chosen_stages, places
from crm.providers.base import Changed, Found, Outcome, Part, Upsert
from crm.providers.salesforce.looks import Query, changed_rows
from crm.providers.salesforce.records import KEY, named, owner_of

Collection = Callable[[str, list[dict[str, Any]]], list[Any]]

REFUSED = "CANNOT_UPDATE_CONVERTED_LEAD"
STAGE = "Leadwire_Stage__c"
COMPANY, CONTACT, DEAL = "company", "contact", "deal"
BECAME = {COMPANY: "ConvertedAccountId", CONTACT: "ConvertedContactId"}
OPPORTUNITY = "ConvertedOpportunity"
# What of a lead's opportunity is asked along with the lead.
ASKED = ", ".join(
    f"{OPPORTUNITY}.{name}" for name in ("Id", "StageName", "IsClosed", "IsWon", "SystemModstamp")
)
OWNED = ", ".join(f"{OPPORTUNITY}.{name}" for name in ("OwnerId", "CreatedById", "Owner.Email"))


class Converted:
    def __init__(self, query: Query, collection: Collection, config: Mapping[str, str]) -> None:
        self._query, self._collection = query, collection
        self._chosen = str(config.get("stages") or "")
        self._places: Places | None = None

    def follow(self, records: Sequence[Upsert], outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes, where those refused as converted are told through what became of them."""
        told = {record.key: record for record in records}
        keys = [one.key for one in outcomes if one.error is not None and one.error.code == REFUSED]
        if not keys:
            return list(outcomes)
        rows = self._query(
            f"SELECT Id, {KEY}, {', '.join(BECAME.values())}, {ASKED} FROM Lead"  # noqa: S608
            f" WHERE {KEY} IN ({named(keys)})"
        )
        by_key = {str(row.get(KEY)): row for row in rows}
        moves = {key: self._move(told[key], row) for key, row in by_key.items()}
        changes = {key: change for key, change in moves.items() if change}
        taken = dict(zip(changes, self._collection("PATCH", list(changes.values())), strict=True))
        refused = {key for key, result in taken.items() if not result.get("success")}
        return [
            self._outcome(each, told[each.key], by_key[each.key])
            if each.key in by_key and each.key not in refused
            else each
            for each in outcomes
        ]

    def stage_of(self, row: Mapping[str, Any]) -> Found | None:
        """Which of our stages the lead's opportunity is in; None where none of ours is it."""
        deal = row.get(OPPORTUNITY)
        if not isinstance(deal, dict):
            return None
        stage = _closed(deal) or self._stages().stage_of(deal.get("StageName"))
        return Found(stage, wire.moment(deal.get("SystemModstamp"))) if stage else None

    def changed(self, stamp: str, names: Sequence[str], most: int) -> list[Changed]:
        """By the opportunity's own time: the lead's stands still."""
        by = f"{OPPORTUNITY}.SystemModstamp"
        soql = (
            f"SELECT Id, {ASKED}, {OWNED} FROM Lead WHERE {KEY} != null"  # noqa: S608
            f" AND {by} >= {stamp}"
        )
        rows = changed_rows(self._query, soql, by=by, most=most)
        found = []
        for row in rows:
            deal = row.get(OPPORTUNITY) or {}
            at = wire.moment(deal.get("SystemModstamp"))
            if at is None:
                continue
            stage = self.stage_of(row) if STAGE in names else None
            values = {STAGE: stage} if stage is not None else {}
            found.append(Changed(str(row.get("Id")), at, values, owner_of(deal)))
        return found

    def _move(self, record: Upsert, row: Mapping[str, Any]) -> dict[str, Any]:
        """What the opportunity is to be told of our stage; nothing where it is there already."""
        stage, deal = str(record.properties.get(STAGE) or ""), row.get(OPPORTUNITY)
        known = record.known.get(DEAL, Part())
        if not isinstance(deal, dict) or not stage or known.told == stage:
            return {}
        if not known.id and stage not in CLOSED:  # where people have put it when they made it
            return {}
        there = self._stages().id_of(stage)
        if there is None or there == deal.get("StageName"):
            return {}
        return {"attributes": {"type": "Opportunity"}, "id": deal.get("Id"), "StageName": there}

    def _outcome(self, each: Outcome, record: Upsert, row: Mapping[str, Any]) -> Outcome:
        parts = {name: Part(str(row[column])) for name, column in BECAME.items() if row.get(column)}
        deal = row.get(OPPORTUNITY)
        if isinstance(deal, dict) and deal.get("Id"):
            parts[DEAL] = Part(str(deal["Id"]), str(record.properties.get(STAGE) or ""))
        return Outcome(each.key, str(row.get("Id")), 200, parts=parts)

    def _stages(self) -> Places:
        """https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_opportunitystage.htm"""
        if self._places is None:
            rows = self._query(
                "SELECT ApiName, IsClosed, IsWon FROM OpportunityStage WHERE IsActive = true"
                " ORDER BY SortOrder"
            )
            still_open = [str(row["ApiName"]) for row in rows if not row.get("IsClosed")]
            found = places(
                [(name, name) for name in still_open],
                chosen=chosen_stages(self._chosen),
                stages=OPEN,
            )
            ends = {_closed(row): str(row["ApiName"]) for row in reversed(rows) if _closed(row)}
            self._places = Places({**found.ids, **ends})
        return self._places


def _closed(row: Mapping[str, Any]) -> str:
    """won or lost; "" while it is open."""
    return ("won" if row.get("IsWon") else "lost") if row.get("IsClosed") else ""

"""Pipedrive's deals: pipelines with their stages, what becomes of a lead, and who may own one.

https://developers.pipedrive.com/docs/api/v1/Deals
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from config.simulator.world import World

Record = dict[str, Any]
# As a new company finds them, in their order.
STAGES = ("Qualified", "Contact Made", "Demo Scheduled", "Proposal Made", "Negotiations Started")
PIPELINES = [{"id": 1, "name": "Pipeline", "order_nr": 0, "is_deleted": False}]
ME = 1  # whose token it is, whoever's it is
USERS: dict[str, Record] = {
    "1": {"id": ME, "name": "Api", "email": "api@pipedrive.example", "active_flag": True},
    "2": {"id": 2, "name": "Olga", "email": "owner@pipedrive.example", "active_flag": True},
}


def stages() -> list[Record]:
    return [
        {"id": number, "name": name, "order_nr": number, "pipeline_id": 1, "is_deleted": False}
        for number, name in enumerate(STAGES, start=1)
    ]


class Deals:
    """Kept beside the account's other records, and changed as people or we say."""

    def __init__(self, world: World) -> None:
        self.world = world

    def begun(self, body: Record) -> Record:
        """A deal as it is made: open, in the first stage, its maker's own."""
        stamp = now()
        return {
            "stage_id": 1,
            "pipeline_id": 1,
            "status": "open",
            "owner_id": ME,
            "creator_user_id": ME,
            "source_lead_id": None,
            "is_deleted": False,
            "custom_fields": {},
            "add_time": stamp,
            "stage_change_time": stamp,
            **body,
        }

    def moved(self, deal: Record, body: Record) -> None:
        """The times that go with a change of stage or status."""
        stamp = now()
        if body.get("stage_id") not in {None, deal.get("stage_id")}:
            deal["stage_change_time"] = stamp
        status = body.get("status")
        if status in {"won", "lost"} and status != deal.get("status"):
            deal[f"{status}_time"] = deal["close_time"] = stamp

    def convert(self, lead: Record, body: Record) -> str:
        """Begin a job that makes a deal of the lead; what hangs on it moves along."""
        store = self.world.store
        number = self.world.next_number("pipedrive:deals", start=1)
        deal = self.begun(
            {
                "title": lead.get("title"),
                "person_id": lead.get("person_id"),
                "org_id": lead.get("organization_id"),
                "owner_id": lead.get("owner_id", ME),
            }
        )
        deal |= {**body, "source_lead_id": lead["id"], "id": number, "writes": 1}
        deal["update_time"] = now()
        store.setdefault("pipedrive:deals", {})[str(number)] = deal
        for note in store.get("pipedrive:notes", {}).values():
            if note.get("lead_id") == lead["id"]:
                note |= {"lead_id": None, "deal_id": number}
        store["pipedrive:leads"].pop(lead["id"])
        job = str(uuid.uuid4())
        store.setdefault("pipedrive:jobs", {})[job] = number
        return job

    def job(self, identity: str) -> Record | None:
        deal = self.world.store.get("pipedrive:jobs", {}).get(identity)
        if deal is None:
            return None
        return {"conversion_id": identity, "status": "completed", "deal_id": deal}


def now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

"""What a HubSpot account has beside its objects: properties, pipelines, links and their past."""

from typing import Any

from config.simulator.world import World

# What a new portal has; anything else must be made first.
PROPERTIES = {
    "contacts": "email firstname lastname phone mobilephone company jobtitle city country website"
    " lifecyclestage hs_lead_status hubspot_owner_id hs_language address zip state message",
    "companies": "name domain phone city country industry website",
    "deals": "dealname amount dealstage pipeline closedate description",
    "notes": "hs_note_body hs_timestamp hubspot_owner_id",
}
OPTIONS = {
    "hs_lead_status": ("NEW", "OPEN", "IN_PROGRESS", "CONNECTED", "UNQUALIFIED"),
    "lifecyclestage": ("subscriber", "lead", "opportunity", "customer"),
}
STAGES = (
    ("appointmentscheduled", "0.2"),
    ("qualifiedtobuy", "0.4"),
    ("presentationscheduled", "0.6"),
    ("decisionmakerboughtin", "0.8"),
    ("contractsent", "0.9"),
    ("closedwon", "1.0"),
    ("closedlost", "0.0"),
)


class Portal:
    """One account's own; made things are kept by their kind of object."""

    def __init__(self, world: World) -> None:
        self.world = world

    def properties(self, kind: str) -> list[dict[str, Any]]:
        made = self.world.store.setdefault("properties", {}).get(kind, {})
        usual = [_usual(name) for name in PROPERTIES.get(kind, "").split()]
        return [*usual, *made.values()]

    def make_properties(self, kind: str, body: dict[str, Any]) -> str:
        """The name of one that was there already, else nothing."""
        kept = self.world.store.setdefault("properties", {}).setdefault(kind, {})
        for one in body.get("inputs") or [body]:
            if one.get("name") in kept:
                return str(one["name"])
            kept[one.get("name")] = {**one, "objectType": kind}
        return ""

    def make_group(self, kind: str, body: dict[str, Any]) -> str:
        kept: set[str] = self.world.store.setdefault("groups", {}).setdefault(kind, set())
        name = str(body.get("name", ""))
        if name in kept:
            return name
        kept.add(name)
        return ""

    def pipelines(self) -> list[dict[str, Any]]:
        stages = [
            {"id": name, "label": name, "displayOrder": n, "metadata": {"probability": chance}}
            for n, (name, chance) in enumerate(STAGES)
        ]
        return [{"id": "default", "label": "Sales", "displayOrder": 0, "stages": stages}]

    def link(self, kind: str, identity: str, other_kind: str, other: str) -> None:
        kept = self.world.store.setdefault("hubspot:associations", {})
        key = f"{kind}/{identity} {other_kind}/{other}"
        kept[key] = {"from": f"{kind}/{identity}", "to": f"{other_kind}/{other}"}

    def remember(self, kind: str, identity: str, written: dict[str, Any], at: str) -> None:
        past = self.world.store.setdefault("history", {}).setdefault((kind, identity), {})
        for name, value in written.items():
            entry = {"value": str(value), "timestamp": at, "sourceType": "INTEGRATION"}
            past.setdefault(name, []).insert(0, entry)

    def history(self, kind: str, identity: str, names: list[str]) -> dict[str, Any]:
        past = self.world.store.get("history", {}).get((kind, identity), {})
        return {name: past[name] for name in names if name in past}


def _usual(name: str) -> dict[str, Any]:
    options = [{"label": value, "value": value} for value in OPTIONS.get(name, ())]
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "enumeration" if options else "string",
        "fieldType": _look(name),
        "options": options,
        "modificationMetadata": {"readOnlyValue": False},
    }


def _look(name: str) -> str:
    if name in OPTIONS:
        return "select"
    return "phonenumber" if name.endswith("phone") else "text"

"""A lead's person in Pipedrive, and the organisation they work for.

A person of ours is found by a field of our own with our key in it, then by e-mail or phone,
exactly; only who is not found is made. What people typed there stays: an address is added beside
theirs, a name is only given to who had none of theirs.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from crm.providers.base import Changed, Upsert
from crm.providers.pipedrive.records import (
    GONE,
    compared,
    custom_fields_of,
    held_of,
    id_of,
    nameless,
)
from crm.providers.pipedrive.wire import Look, Wire
from tenants.plugins.errors import Rejected


class Persons:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def organisation(self, name: str) -> int | None:
        if not name:
            return None
        found = self._wire.search("organizations", name, "name")
        if found is not None:
            return found
        return int(id_of(self._wire.ask("POST", "v2", "/organizations", {"name": name})))

    def bring(self, record: Upsert, known: str, organisation: int | None) -> str:
        """The person's id, who knows by now what they did not."""
        person = self.there(known) if known else None
        if person is None:
            found = self._find(record)
            person = self.there(str(found)) if found is not None else None
        if person is None:
            made = self._wire.ask("POST", "v2", "/persons", self._new(record, organisation))
            return str(id_of(made))
        identity = str(id_of(person))
        if changes := self._changes(record, person, organisation):
            self._wire.ask("PATCH", "v2", f"/persons/{quote(identity, safe='')}", changes)
        return identity

    def there(self, identity: str) -> dict[str, Any] | None:
        """The person as they stand there; None where somebody deleted them."""
        try:
            found = self._wire.ask("GET", "v2", f"/persons/{quote(identity, safe='')}")
        except Rejected as error:
            if error.status in GONE:
                return None
            raise
        return None if found.get("is_deleted") else found

    def changed(self, look: Look, names: Sequence[str]) -> list[Changed]:
        """https://developers.pipedrive.com/docs/api/v1/Persons#getPersons"""
        return [
            Changed(str(person["id"]), at, held_of(person, names))
            for at, person in look.rows("v2", "/persons")
            if person.get("id")
        ]

    def _find(self, record: Upsert) -> int | None:
        """Whom we made before, else who has the same address or number."""
        ways = [(record.key, "custom_fields")]
        ways += [(str(record.properties.get(name) or ""), name) for name in ("email", "phone")]
        for term, field in ways:
            found = self._wire.search("persons", term, field) if term else None
            if found is not None:
                return found
        return None

    def _new(self, record: Upsert, organisation: int | None) -> dict[str, Any]:
        said = record.properties
        made: dict[str, Any] = {
            "name": said.get("name") or nameless(record),
            "custom_fields": {self._wire.code("person"): record.key, **custom_fields_of(record)},
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
        wanted = {self._wire.code("person"): record.key, **custom_fields_of(record)}
        if other := {code: value for code, value in wanted.items() if there.get(code) != value}:
            changes["custom_fields"] = other
        return changes

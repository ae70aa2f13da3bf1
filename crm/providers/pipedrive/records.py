"""What Pipedrive's records hold of a lead, and how they are written. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from channels_app import wire
from crm.providers.base import Found, Property, Upsert
from tenants.plugins.errors import Unavailable

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


def custom_fields_of(record: Upsert) -> dict[str, Any]:
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


def described(row: Mapping[str, Any]) -> Property:
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


def held_of(person: Mapping[str, Any], names: Sequence[str]) -> dict[str, Found]:
    """What a person's fields hold, by the names in which we write them."""
    at = wire.moment(person.get("update_time"))
    custom = person.get("custom_fields") or {}
    held = {"name": person.get("name"), **custom}
    for name, many in (("email", "emails"), ("phone", "phones")):
        values = [each for each in person.get(many) or [] if isinstance(each, dict)]
        first = [each for each in values if each.get("primary")] or values
        held[name] = first[0].get("value") if first else ""
    return {name: Found(str(held[name]), at) for name in names if held.get(name)}


def id_of(record: Any) -> int | str:
    found = record.get("id") if isinstance(record, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | str) or found == "":
        raise Unavailable("Pipedrive's answer names no id.", code="no_result")
    return found


def nameless(record: Upsert) -> str:
    return f"Lead {record.key}"


def title_of(record: Upsert) -> str:
    said = record.properties
    who = said.get("name") or said.get("email") or nameless(record)
    return f"{who}: {said['interest']}"[:255] if said.get("interest") else str(who)


def mark_of(record: Upsert) -> str:
    return f"Leadwire {escape(record.key)}"


def note_content(record: Upsert) -> str:
    """The note, as the HTML it is kept as: what we know, why this score, and whose it is."""
    said = record.properties
    lines = [
        f"<b>{label}</b>: {escape(str(said[name]))}" for name, label in NAMED if said.get(name)
    ]
    reasons = [escape(line) for line in str(said.get("reasons") or "").splitlines()]
    return "<br>".join([*lines, *reasons, f"<i>{mark_of(record)}</i>"])


def compared(name: str, value: str) -> str:
    if name == "phone":
        return "".join(each for each in value if each.isdigit())
    return value.strip().casefold()

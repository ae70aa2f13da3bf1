"""The properties of ours that an account of HubSpot's has to have.

https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
"""

from collections.abc import Iterator, Mapping
from typing import Any

from crm.providers.base import Field, Property
from crm.providers.hubspot.batches import KEY

GROUP = "leadwire"  # of companies, deals and notes; contacts have one that is everybody's
GROUPS = {"contacts": "contactinformation"}


def group_definition() -> dict[str, Any]:
    return {"name": GROUP, "label": "Leadwire", "displayOrder": -1}


def definitions(kind: str, fields: tuple[Field, ...]) -> Iterator[dict[str, Any]]:
    """Our key first: where it is there, the others were made with it."""
    yield _definition(kind, KEY, "Leadwire id") | {"hasUniqueValue": True}
    for one in fields:
        if one.name.startswith("leadwire_"):
            definition = _definition(kind, one.name, one.name.replace("_", " ").capitalize())
            if one.kind == "number":
                definition |= {"type": "number", "fieldType": "number"}
            elif one.kind == "long_text":
                definition |= {"fieldType": "textarea"}
            elif one.kind == "choice":
                definition |= {"type": "enumeration", "fieldType": "select"}
                definition["options"] = [
                    {"label": choice.title(), "value": choice, "displayOrder": n, "hidden": False}
                    for n, choice in enumerate(one.choices)
                ]
            yield definition


# HubSpot's type and the look of its field, and what that is to us: our type, and the shape in
# which we write it. https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
TYPES = {
    ("string", "textarea"): ("long_text", "long_text"),
    ("string", "html"): ("long_text", "long_text"),
    ("string", "phonenumber"): ("phone", "phone"),
    ("string", "text"): ("text", "text"),
    ("number", "number"): ("number", "number"),
    ("date", "date"): ("day", "day"),
    ("datetime", "date"): ("moment", "moment"),
    ("bool", "booleancheckbox"): ("flag", "flag_text"),
    ("enumeration", "booleancheckbox"): ("flag", "flag_text"),
    ("enumeration", "select"): ("choice", "choice"),
    ("enumeration", "radio"): ("choice", "choice"),
}


def described(row: Mapping[str, Any]) -> Property | None:
    """A property of the account; None for one that nobody may write, or that is our key."""
    name = str(row.get("name") or "")
    closed = (row.get("modificationMetadata") or {}).get("readOnlyValue") or row.get("calculated")
    if not name or name == KEY or closed or row.get("archived"):
        return None
    found = TYPES.get((str(row.get("type")), str(row.get("fieldType"))), ("other", "text"))
    type_, kind = ("email", "email") if name == "email" else found
    choices = tuple(str(one.get("value")) for one in row.get("options") or [])
    return Property(name, str(row.get("label") or name), type_, kind, choices)


def _definition(kind: str, name: str, label: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "groupName": GROUPS.get(kind, GROUP),
        "type": "string",
        "fieldType": "text",
    }

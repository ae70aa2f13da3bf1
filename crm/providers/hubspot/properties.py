"""The properties of ours that an account of HubSpot's has to have.

https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
"""

from collections.abc import Iterator
from typing import Any

from crm.providers.base import Field
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


def _definition(kind: str, name: str, label: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "groupName": GROUPS.get(kind, GROUP),
        "type": "string",
        "fieldType": "text",
    }

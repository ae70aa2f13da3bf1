"""The catalogue of events as a page for people: what each says, field by field, and an example."""

import json
from collections.abc import Iterator
from typing import Any

from django.utils import translation

from tenants.outgoing.events import EventType, catalogue, example_of

HEAD = """# Events of webhooks

Made by `manage.py webhook_events` from the catalogue itself; how they are sent, signed and tried
again stands in [webhooks.md](webhooks.md). The schemas are in [openapi.yaml](openapi.yaml) under
`webhooks`, and `GET /api/v1/webhooks/events/` answers with all of this as JSON.
"""


def as_markdown() -> str:
    """The whole page."""
    with translation.override("en"):
        return HEAD + "".join(_section(event) for event in catalogue())


def _section(event: EventType[Any]) -> str:
    example = json.dumps(example_of(event), ensure_ascii=False, indent=2)
    fields = "\n".join(f"| `{name}` | {kind} |" for name, kind in _fields(event))
    return (
        f"\n## `{event.name}`\n\n{event.text} Version {event.version}.\n\n"
        f"| `data` | |\n|---|---|\n{fields}\n\n```json\n{example}\n```\n"
    )


def _fields(event: EventType[Any]) -> Iterator[tuple[str, str]]:
    schema = event.shape.model_json_schema()
    named = schema.get("$defs", {})
    for name, field in schema["properties"].items():
        yield name, _kind(field)
        inner = field.get("$ref") or field.get("items", {}).get("$ref")
        if inner:
            mark = "[]" if "items" in field else ""
            shape = named[inner.rpartition("/")[2]]
            for part, each in shape["properties"].items():
                yield f"{name}{mark}.{part}", _kind(each)


def _kind(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_kind(each) for each in field["anyOf"])
    if "$ref" in field:
        return "object"
    if field["type"] == "array":
        return f"list of {_kind(field['items'])}s"
    return str(field.get("format") or field["type"])

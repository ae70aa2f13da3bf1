"""The ``webhooks`` of our OpenAPI description: each event with the shape of its body.

https://spec.openapis.org/oas/v3.1.0#fixed-fields (OpenAPI Object: webhooks)
"""

from typing import Any

from tenants.outgoing.events import EventType, catalogue, example_of

REF = "#/components/schemas/Webhook{model}"
HEADERS = (
    ("webhook-id", "The same for this event at this address, however often it is sent."),
    ("webhook-timestamp", "Seconds since 1970, of this try. Refuse what is older than 5 minutes."),
    ("webhook-signature", "`v1,` and base64 of an HMAC-SHA256; several, parted by blanks."),
)


def add_webhooks(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    schemas = result["components"].setdefault("schemas", {})
    result["webhooks"] = {event.name: _webhook(event, schemas) for event in catalogue()}
    return result


def body_schema(event: EventType[Any], *, ref: str = REF) -> tuple[dict[str, Any], dict[str, Any]]:
    """The JSON schema of a whole body, and the shapes it names."""
    shape = event.shape.model_json_schema(ref_template=ref, mode="serialization")
    shared = shape.pop("$defs", {})
    name = event.shape.__name__
    named = {f"Webhook{each}": said for each, said in {**shared, name: shape}.items()}
    body = {
        "type": "object",
        "properties": {
            "type": {"const": event.name},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it was."},
            "id": {"type": "string", "pattern": "^evt_[0-9a-f]{32}$"},
            "version": {"const": event.version},
            "sequence": {
                "type": "integer",
                "description": "Of two events about one thing the greater happened later.",
            },
            "company": {"type": "string"},
            "data": {"$ref": ref.format(model=name)},
        },
        "required": ["type", "timestamp", "id", "version", "sequence", "company", "data"],
        "additionalProperties": False,
    }
    return body, named


def _webhook(event: EventType[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    body, named = body_schema(event)
    for name, shape in named.items():
        if schemas.setdefault(name, shape) != shape:
            raise ValueError(f"Two shapes are called {name}.")
    return {
        "post": {
            "operationId": "webhook_" + event.name.replace(".", "_"),
            "summary": str(event.label),
            "description": event.text,
            "tags": ["webhooks"],
            "parameters": [
                {
                    "in": "header",
                    "name": name,
                    "schema": {"type": "string"},
                    "required": True,
                    "description": text,
                }
                for name, text in HEADERS
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": body, "example": example_of(event)}},
            },
            "responses": {
                "2XX": {"description": "Taken; anything else is tried again for a day."},
                "410": {"description": "Gone: nothing more is sent to this address."},
            },
        }
    }

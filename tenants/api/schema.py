"""What drf-spectacular cannot find out by itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import ChoiceField

from tenants.accounts.scopes import scope_of
from tenants.api.conditional import takes_if_match
from tenants.api.permissions import ConsolePermission, right_of

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; branch on this."},
        "detail": {"type": "string", "description": "One sentence for people."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "attr": {"type": ["string", "null"], "description": "The field, if any."},
                },
                "required": ["code", "detail", "attr"],
            },
        },
    },
    "required": ["type", "title", "status", "code", "detail"],
}


KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Up to 255 characters: sent again within a day, the deed is done once and"
    " answered alike. 422 where the rest of the request differs, 409 while the first still runs.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of what you saw: 412 where the resource says something else by now.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` you have: 304 where it is still the same.",
)
FIELDS = OpenApiParameter(
    "fields",
    str,
    description="Only these, parted by commas; of a list, of each row. 400 for one there is not.",
)


TIME_OF_DAY = r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"


class ApiSchema(AutoSchema):
    """What every operation takes because of what it is, and the scope it needs."""

    def get_override_parameters(self) -> list[Any]:
        given = list(super().get_override_parameters())
        action = getattr(self.view, "action", None) or ""
        if self.method == "POST":
            given.append(KEY)
        if takes_if_match(self.view, self.method, action):
            given.append(IF_MATCH)
        if self.method == "GET":
            given.append(FIELDS)
            if not self._is_list_view():
                given.append(IF_NONE_MATCH)
        return given

    def _map_serializer_field(self, field: Any, *args: Any, **kwargs: Any) -> Any:
        """A choice that nobody has made yet is shown as empty, which DRF forgets of what is
        only read."""
        model = getattr(getattr(field.parent, "Meta", None), "model", None)
        if isinstance(field, ChoiceField) and field.read_only and model is not None:
            known = {each.name: each for each in model._meta.fields}
            field.allow_blank = getattr(known.get(field.source), "blank", False)
        return super()._map_serializer_field(field, *args, **kwargs)  # type: ignore[no-untyped-call]

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        scope = self._scope()
        operation["x-required-scope"] = scope
        if scope:
            said = operation.get("description", "").rstrip()
            operation["description"] = f"{said}\n\nScope: `{scope}`".strip()
        self._tell_the_tag(operation)
        return operation

    def _scope(self) -> str:
        """Empty where whoever got in is answered."""
        if ConsolePermission not in self.view.permission_classes:
            return ""
        return scope_of(right_of(self.view, getattr(self.view, "action", None) or ""))

    def _tell_the_tag(self, operation: dict[str, Any]) -> None:
        answer = operation["responses"].get("200")
        if self.method == "GET" and answer and not self._is_list_view():
            text = "Of this resource as it stands; for If-Match and If-None-Match."
            answer["headers"] = {"ETag": {"description": text, "schema": {"type": "string"}}}
            operation["responses"]["304"] = {"description": "Nothing new."}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tenants.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A company's API key: `Authorization: Bearer lw_…`, or a short-lived"
            " token (JWT) made by `POST /api/v1/tokens/`.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tenants.api.authentication.ConsoleSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def add_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Every operation may answer with a problem."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {
        "description": "A problem",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"].setdefault("default", answer)
    _say_times_as_they_are(result["components"]["schemas"])
    return result


def _say_times_as_they_are(node: Any) -> None:
    """A time of day has no offset, which JSON Schema's ``time`` (RFC 3339) would demand."""
    if isinstance(node, list):
        for item in node:
            _say_times_as_they_are(item)
    elif isinstance(node, dict):
        if node.get("format") == "time":
            del node["format"]
            node["pattern"] = TIME_OF_DAY
        for item in node.values():
            _say_times_as_they_are(item)

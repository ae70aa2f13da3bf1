"""What every answer under /api/ has, whoever gave it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.response import Response

from tenants.api.conditional import edit_if_unchanged, is_one_resource, names, tag_of
from tenants.api.exceptions import MEDIA_TYPE, plain_problem, problem
from tenants.api.idempotency import begin, finish
from tenants.api.sparse import FIELDS, UnknownField, only

CODES = {
    400: ("bad_request", "The request cannot be read."),
    403: ("permission_denied", "This is not allowed."),
    404: ("not_found", "Nothing lives at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("too_large", "The request is too large."),
}
UNKNOWN = ("error", "Something went wrong; the request id names it in our logs.")


class ApiMiddleware:
    """Errors as problem+json, also where no view was found; how much room a limit still has;
    fewer fields where fewer were asked for; tags, and edits that name one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        attempt = getattr(request, "idempotent_attempt", None)
        if attempt is not None:
            finish(attempt, response)
        if not request.path_info.startswith("/api/"):
            return response
        if response.status_code >= 400 and "json" not in response.headers.get("Content-Type", ""):
            code, detail = CODES.get(response.status_code, UNKNOWN)
            response = plain_problem(response.status_code, code, detail)
        for name, value in getattr(request, "rate_limit_headers", {}).items():
            response[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Answer a POST that was sent before as it was answered then; edit what was seen."""
        if not request.path_info.startswith("/api/"):
            return None
        begun = begin(request)
        if isinstance(begun, HttpResponse):
            return begun
        request.idempotent_attempt = begun  # type: ignore[attr-defined]
        return edit_if_unchanged(request, view, args, kwargs)

    def process_template_response(self, request: HttpRequest, response: Any) -> Any:
        """What is read: with its tag, only if it is new to the reader, and no more than asked."""
        if not isinstance(response, Response) or request.method not in {"GET", "HEAD"}:
            return response
        if response.status_code != 200 or not isinstance(response.data, dict | list):
            return response
        if "json" not in (response.accepted_media_type or ""):
            return response  # the schema, the docs page
        if is_one_resource(response.data):
            response["ETag"] = tag = tag_of(response.data)
            if names(request.headers.get("If-None-Match", ""), tag, weakly=True):
                response.status_code, response.data = 304, None
                return response
        try:
            response.data = only(response.data, request.GET.get(FIELDS, ""))
        except UnknownField as error:
            refused = problem(400, "unknown_field", str(error))
            response.data, response.status_code = refused.data, 400
            response.content_type = MEDIA_TYPE
        return response

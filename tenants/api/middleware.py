"""What every answer under /api/ has, whoever gave it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from tenants.api.exceptions import plain_problem
from tenants.api.idempotency import begin, finish

CODES = {
    400: ("bad_request", "The request cannot be read."),
    403: ("permission_denied", "This is not allowed."),
    404: ("not_found", "Nothing lives at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    413: ("too_large", "The request is too large."),
}
UNKNOWN = ("error", "Something went wrong; the request id names it in our logs.")


class ApiMiddleware:
    """Errors as problem+json, also where no view was found; how much room a limit still has."""

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
        """Answer a POST that was sent before as it was answered then."""
        if not request.path_info.startswith("/api/"):
            return None
        begun = begin(request)
        if isinstance(begun, HttpResponse):
            return begun
        request.idempotent_attempt = begun  # type: ignore[attr-defined]
        return None

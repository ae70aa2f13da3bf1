"""One error shape for every API response: RFC 9457 problem details."""

from typing import Any

from drf_standardized_errors.handler import exception_handler as standardized
from rest_framework.response import Response

from tenants.plugins.errors import ProviderError

MEDIA_TYPE = "application/problem+json"


def handle(error: Exception, context: Any) -> Response | None:
    """Turn any error DRF or a service raises into problem+json with a stable ``code``."""
    if isinstance(error, ProviderError):
        return problem(502, type(error).__name__, str(error))
    response = standardized(error, context)
    if response is None:
        return None
    errors = response.data["errors"]
    return problem(
        response.status_code,
        errors[0]["code"],
        errors[0]["detail"],
        headers=dict(response.items()),
        errors=errors,
    )


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    """A problem+json response; ``errors`` lists each field's own, where there are several."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail, **more}
    kept = {k: v for k, v in (headers or {}).items() if k.lower() != "content-type"}
    return Response(body, status=status, content_type=MEDIA_TYPE, headers=kept)

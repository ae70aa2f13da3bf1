"""One error shape for every API response: RFC 9457 problem details."""

import json
from http import HTTPStatus
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.exceptions import ValidationError as ServiceValidationError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_standardized_errors.handler import exception_handler as standardized
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.response import Response

from tenants.plugins.errors import ProviderError
from tenants.told import told

MEDIA_TYPE = "application/problem+json"


def handle(error: Exception, context: Any) -> Response | None:
    """Turn any error DRF or a service raises into problem+json with a stable ``code``."""
    if isinstance(error, ProviderError):
        return problem(502, type(error).__name__, str(error))
    if isinstance(error, ServiceValidationError):
        error = ValidationError(
            error.message_dict if hasattr(error, "error_dict") else error.messages
        )
    if isinstance(error, SuspiciousOperation):  # Django stops reading at a thousand fields
        error = ParseError("It has more fields, files or bytes than we read.")
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
    """A problem+json response; ``errors`` lists each field's own, where there are several.

    ``detail`` is told in the language that was asked for; programs branch on ``code``.
    """
    kept = {k: v for k, v in (headers or {}).items() if k.lower() != "content-type"}
    return Response(
        _body(status, code, told(detail), **more),
        status=status,
        content_type=MEDIA_TYPE,
        headers=kept,
    )


def plain_problem(status: int, code: str, detail: str) -> HttpResponse:
    """The same for answers that never reach a view of the API."""
    body = json.dumps(_body(status, code, detail))
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE)


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """For every address under /api/ that is none of ours."""
    return plain_problem(404, "not_found", "Nothing lives here; our addresses end with a slash.")


def _body(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }

"""What the doors for visitors of websites share: nobody signs in, and anybody may knock."""

import json
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError

from tenants.limits import Rate, take

PREFLIGHT_SECONDS = "600"


@dataclass(slots=True, eq=False)
class Refusal(Exception):
    """Why something is not taken, for the website's script to read."""

    status: int
    code: str
    detail: str
    attr: str = ""
    retry_after: int = 0


def refused(refusal: Refusal) -> HttpResponse:
    kind = "validation_error" if refusal.status == 422 else "client_error"
    error = {"code": refusal.code, "detail": refusal.detail, "attr": refusal.attr or None}
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
    return HttpResponse(
        json.dumps({"type": kind, "errors": [error]}),
        status=refusal.status,
        content_type="application/json",
        headers=headers,
    )


def caller_of(request: HttpRequest) -> str:
    """The visitor's address: each proxy of ours has added the one before it at the end.

    What stands further left anybody may have written.
    """
    count = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    named = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",")]
    if count and len(named) >= count and named[-count]:
        return named[-count][:64]
    return str(request.META.get("REMOTE_ADDR", ""))


def check_rates(*limits: tuple[str, Rate]) -> None:
    """Take room under each of the limits; raises Refusal where one is used up."""
    for name, rate in limits:
        verdict = take(name, rate)
        if not verdict.allowed:
            wait = int(verdict.wait_seconds) + 1
            raise Refusal(429, "throttled", f"Try again in {wait} seconds.", retry_after=wait)


def body_of(request: HttpRequest, *, at_most: int) -> bytes:
    """The raw body; raises Refusal for one that is too large or breaks off."""
    too_large = Refusal(413, "too_large", f"At most {at_most // 1024} KB.")
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > at_most:
            raise too_large
        return request.body
    except RequestDataTooBig as error:
        raise too_large from error
    except (ValueError, UnreadablePostError) as error:
        raise Refusal(400, "unreadable", "The request could not be read.") from error


def preflight(*, is_allowed: bool, methods: str, headers: str) -> HttpResponse:
    """The answer to a browser's question whether its website may do this.

    https://fetch.spec.whatwg.org/#cors-preflight-fetch
    """
    if not is_allowed:
        raise Refusal(403, "origin", "This website is not on the list.")
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": headers,
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        },
    )

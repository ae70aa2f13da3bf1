"""Where a visitor's form knocks: ``/forms/<key>/`` on the public host.

Nobody signs in and no cookie is set, so that nothing of a visitor's is at risk and no token is
needed. A browser must come from a website on the connection's list; a server signs instead.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from channels_app import wire
from channels_app.providers.form import WebForm, origins
from channels_app.providers.values import InboundMessage, Unsupported
from channels_app.services import ring_events, store
from channels_app.services.routing import Address, Route, address
from tenants import context
from tenants.limits import Rate, take
from tenants.plugins.errors import PayloadRejected, SignatureMismatch

logger = logging.getLogger("leadwire.webhooks")

MAX_BYTES = 64 * 1024
PER_VISITOR = Rate(10, 60)
PER_FORM = Rate(120, 60, burst=60)
HONEYPOT = "website_url"
PREFLIGHT_SECONDS = "600"


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """Why a submission is not taken, for the website's script to read."""

    status: int
    code: str
    detail: str
    attr: str = ""
    retry_after: int = 0


@csrf_exempt
def submission(request: HttpRequest, key: str) -> HttpResponse:
    """One submission, or a browser's question whether its website may post here."""
    context.leave()
    asked = address(platform="form", token=key)
    if asked is None or asked.route is None or not isinstance(asked.provider, WebForm):
        return _refused(Refusal(404, "not_found", "There is no such form."))
    origin = request.headers.get("Origin", "").strip().lower()
    is_allowed = origin in origins(asked.provider.config.get("allowed_origins"))
    try:
        response = _answer(request, asked, asked.route, is_allowed=is_allowed)
    except Refusal as refusal:
        response = _refused(refusal)
    except DatabaseTrouble:
        logger.exception("a form's submission could not be kept")
        response = _refused(Refusal(503, "unavailable", "Not taken; please try again."))
    finally:
        context.leave()
    if is_allowed:
        response["Access-Control-Allow-Origin"] = origin
    response["Vary"] = "Origin"
    return response


def _answer(
    request: HttpRequest, asked: Address, route: Route, *, is_allowed: bool
) -> HttpResponse:
    if request.method == "OPTIONS":
        return _preflight(is_allowed=is_allowed)
    if request.method != "POST":
        raise Refusal(405, "method_not_allowed", "Post to this address.")
    _limit(request, route)
    body = _body(request)
    if not is_allowed:
        _check_signature(asked, request, body)
    fields = _fields(request, body)
    if _is_machine(asked, fields):
        _keep(route, fields, rejected="The hidden field was filled in: a machine did that.")
    else:
        _check(asked, fields)
        _keep(route, fields)
    return _thanks(request, asked, fields)


def _preflight(*, is_allowed: bool) -> HttpResponse:
    if not is_allowed:
        raise Refusal(403, "origin", "This website is not on the form's list.")
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        },
    )


def _limit(request: HttpRequest, route: Route) -> None:
    """Per visitor and per form; counted before anything is read."""
    form = f"form:{route.schema}:{route.connection_id}"
    visitor = request.META.get("REMOTE_ADDR", "")
    for name, rate in ((f"{form}:{visitor}", PER_VISITOR), (form, PER_FORM)):
        verdict = take(name, rate)
        if not verdict.allowed:
            wait = int(verdict.wait_seconds) + 1
            raise Refusal(429, "throttled", f"Try again in {wait} seconds.", retry_after=wait)


def _body(request: HttpRequest) -> bytes:
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
            raise Refusal(413, "too_large", f"At most {MAX_BYTES // 1024} KB.")
        return request.body
    except RequestDataTooBig as error:
        raise Refusal(413, "too_large", f"At most {MAX_BYTES // 1024} KB.") from error
    except (ValueError, UnreadablePostError) as error:
        raise Refusal(400, "unreadable", "The request could not be read.") from error


def _check_signature(asked: Address, request: HttpRequest, body: bytes) -> None:
    try:
        asked.provider.verify(request.headers, body)
    except SignatureMismatch as error:
        raise Refusal(
            403, "origin", "This website is not on the form's list, and the post is not signed."
        ) from error


def _fields(request: HttpRequest, body: bytes) -> dict[str, Any]:
    if request.content_type == "application/json":
        try:
            return wire.load_object(body)
        except PayloadRejected as error:
            raise Refusal(400, "unreadable", str(error)) from error
    if request.content_type not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        raise Refusal(415, "unsupported_media_type", "Post JSON or a form.")
    try:
        lists = dict(request.POST.lists())
    except (MultiPartParserError, SuspiciousOperation, BadRequest, ValueError) as error:
        raise Refusal(400, "unreadable", "The form could not be read.") from error
    return {name: values[0] if len(values) == 1 else values for name, values in lists.items()}


def _is_machine(asked: Address, fields: Mapping[str, Any]) -> bool:
    name = str(asked.provider.config.get("honeypot") or HONEYPOT)
    return bool(str(fields.get(name) or "").strip())


def _check(asked: Address, fields: Mapping[str, Any]) -> None:
    body = wire.dumps(fields)
    [meant] = asked.provider.read("submission", body)
    if isinstance(meant, Unsupported):
        raise Refusal(422, "required", "Fill in something first.")
    email = next((value for name, value in fields.items() if name.lower() == "email"), "")
    has_none = isinstance(meant, InboundMessage) and not meant.sender.email
    if isinstance(email, str) and email.strip() and has_none:
        raise Refusal(422, "invalid", "That is no e-mail address.", attr="email")


def _keep(route: Route, fields: Mapping[str, Any], rejected: str = "") -> None:
    provider = WebForm({})
    items = list(provider.split(wire.dumps(fields)))
    context.enter(route.schema)
    stored = store(connection_id=route.connection_id, items=items, rejected=rejected)
    if stored and not rejected:
        ring_events(stored)


def _thanks(request: HttpRequest, asked: Address, fields: Mapping[str, Any]) -> HttpResponse:
    """On to the website's own page where the form names one that is really its own."""
    wanted = fields.get("_redirect")
    if request.content_type != "application/json" and isinstance(wanted, str):
        parts = urlsplit(wire.web_address(wanted))
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        if origin in origins(asked.provider.config.get("allowed_origins")):
            return HttpResponseRedirect(wanted, status=303)
    return JsonResponse({"ok": True}, status=202)


def _refused(refusal: Refusal) -> HttpResponse:
    kind = "validation_error" if refusal.status == 422 else "client_error"
    error = {"code": refusal.code, "detail": refusal.detail, "attr": refusal.attr or None}
    headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
    return HttpResponse(
        json.dumps({"type": kind, "errors": [error]}),
        status=refusal.status,
        content_type="application/json",
        headers=headers,
    )

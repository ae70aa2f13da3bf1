"""Where a visitor's form knocks: ``/forms/<key>/`` on the public host.

Nobody signs in and no cookie is set, so that nothing of a visitor's is at risk and no token is
needed. A browser must come from a website on the connection's list; a server signs instead.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt

from channels_app import wire
from channels_app.media.services import MediaRefused, as_attachment, uploaded
from channels_app.origins import origins
from channels_app.providers.form import ONE_CLICK, WebForm, with_files
from channels_app.providers.values import InboundMessage, Unsupported
from channels_app.services import came_lately, ring_events, store
from channels_app.services.routing import Address, Route, address
from channels_app.strangers import Refusal, body_of, caller_of, check_rates, preflight, refused
from tenants import context
from tenants.limits import Rate
from tenants.plugins.errors import PayloadRejected, SignatureMismatch

logger = logging.getLogger("leadwire.webhooks")

MAX_BYTES = 64 * 1024
MAX_WITH_FILES = 10 * 1024 * 1024
MAX_FILES = 5
PER_VISITOR = Rate(10, 60)
PER_FORM = Rate(120, 60, burst=60)
HONEYPOT = "website_url"


@csrf_exempt
def submission(request: HttpRequest, key: str) -> HttpResponse:
    """One submission, or a browser's question whether its website may post here."""
    context.leave()
    asked = address(platform="form", token=key)
    if asked is None or asked.route is None or not isinstance(asked.provider, WebForm):
        return refused(Refusal(404, "not_found", "There is no such form."))
    origin = request.headers.get("Origin", "").strip().lower()
    is_allowed = origin in origins(asked.provider.config.get("allowed_origins"))
    try:
        response = _answer(request, asked, asked.route, is_allowed=is_allowed)
    except Refusal as refusal:
        response = refused(refusal)
    except DatabaseTrouble:
        logger.exception("a form's submission could not be kept")
        response = refused(Refusal(503, "unavailable", "Not taken; please try again."))
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
        return preflight(is_allowed=is_allowed, methods="POST", headers="Content-Type")
    if request.method != "POST":
        raise Refusal(405, "method_not_allowed", "Post to this address.")
    check_rates(*_limits(request, route))
    has_files = request.content_type == "multipart/form-data"
    body = body_of(request, at_most=MAX_WITH_FILES if has_files else MAX_BYTES)
    if not is_allowed:
        _check_signature(asked, request, body)
    fields = _fields(request, body)
    if _is_machine(asked, fields):
        _keep(route, fields, rejected="The hidden field was filled in: a machine did that.")
    else:
        _check(asked, fields)
        _keep(route, fields, files=_files(request) if has_files else ())
    return _thanks(request, asked, fields)


def _limits(request: HttpRequest, route: Route) -> tuple[tuple[str, Rate], ...]:
    """Per visitor and per form; counted before anything is read."""
    form = f"form:{route.schema}:{route.connection_id}"
    return (f"{form}:{caller_of(request)}", PER_VISITOR), (form, PER_FORM)


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


def _files(request: HttpRequest) -> list[UploadedFile]:
    """What was chosen; an input that was left empty is posted as a file without a name."""
    chosen = [each for _, several in request.FILES.lists() for each in several]
    if len(chosen) > MAX_FILES:
        raise Refusal(422, "too_many_files", f"At most {MAX_FILES} files.")
    return [each for each in chosen if each.name and each.size]


def _keep(
    route: Route,
    fields: Mapping[str, Any],
    *,
    rejected: str = "",
    files: Sequence[UploadedFile] = (),
) -> None:
    body = wire.dumps(fields)
    [item] = WebForm({}).split(body)
    context.enter(route.schema)
    try:
        # A click before a span's end and another behind it are two clicks all the same.
        if came_lately(
            connection_id=route.connection_id,
            key=WebForm.submission(body, spans_ago=1).key,
            within=timedelta(seconds=ONE_CLICK),
        ):
            raise Duplicate
        with uploaded(files) as kept:
            if kept:
                item = with_files(item, [as_attachment(media) for media in kept])
            stored = store(connection_id=route.connection_id, items=[item], rejected=rejected)
            if not stored:
                raise Duplicate
    except MediaRefused as error:
        raise Refusal(422, error.code, str(error.text)) from error
    except Duplicate:
        return
    if not rejected:
        ring_events(stored)


class Duplicate(Exception):
    """The same submission came before: what came with this copy is not kept."""


def _thanks(request: HttpRequest, asked: Address, fields: Mapping[str, Any]) -> HttpResponse:
    """On to the website's own page where the form names one that is really its own."""
    wanted = fields.get("_redirect")
    if request.content_type != "application/json" and isinstance(wanted, str):
        parts = urlsplit(wire.web_address(wanted))
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        if origin in origins(asked.provider.config.get("allowed_origins")):
            return HttpResponseRedirect(wanted, status=303)
    return JsonResponse({"ok": True}, status=202)

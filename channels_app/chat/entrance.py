"""The door frame of the web chat: whose chat, which website, how often, and the answer."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt

from channels_app import wire
from channels_app.origins import host_of, origins
from channels_app.providers.webchat import WebChat
from channels_app.services.routing import Address, Route, address
from channels_app.strangers import Refusal, body_of, caller_of, check_rates, preflight, refused
from tenants import context
from tenants.hosts import company_of_host
from tenants.limits import Rate
from tenants.plugins.errors import PayloadRejected

logger = logging.getLogger("leadwire.webhooks")

PLATFORM = "webchat"
MAX_BYTES = 64 * 1024
SLACK = 4 * 1024  # what a form writes around its file
PER_ADDRESS = Rate(300, 60, burst=120)
PER_CHAT = Rate(3_000, 60, burst=600)
HEADERS = "Authorization, Content-Type"

Said = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chat:
    """One request to one company's chat; we are in its schema."""

    request: HttpRequest
    provider: WebChat
    route: Route
    origin: str

    @property
    def bearer(self) -> str:
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def identity_secret(self) -> str:
        """What the company's own server signs identities with; empty where it does not."""
        return str(self.provider.config.get("identity_secret") or "")

    def upload(self) -> UploadedFile:
        """The one file of a form; raises Refusal."""
        try:
            if int(self.request.META.get("CONTENT_LENGTH") or 0) > settings.MEDIA_MAX_BYTES + SLACK:
                raise Refusal(413, "too_large", "This file is too large.")
            found = self.request.FILES.get("file")
        except (MultiPartParserError, SuspiciousOperation, BadRequest, ValueError) as error:
            raise Refusal(400, "unreadable", "The form could not be read.") from error
        if not isinstance(found, UploadedFile):
            raise Refusal(422, "required", "Choose a file.", attr="file")
        return found

    def json(self) -> dict[str, Any]:
        body = body_of(self.request, at_most=MAX_BYTES)
        if self.request.content_type != "application/json":
            raise Refusal(415, "unsupported_media_type", "Post JSON.")
        try:
            return wire.load_object(body)
        except PayloadRejected as error:
            raise Refusal(400, "unreadable", str(error)) from error


def chat_address(request: HttpRequest, key: str) -> Address | None:
    """The chat behind a key; on a company's own host, only that company's."""
    asked = address(platform=PLATFORM, token=key)
    if asked is None or asked.route is None:
        return None
    company = getattr(request, "company", None)
    if company is not None and company.schema_name != asked.route.schema:
        return None
    return asked


def chat_door(
    method: str,
) -> Callable[[Callable[[HttpRequest, Chat], Said]], Callable[..., HttpResponse]]:
    """Let a visitor's page in, and say what came of it as JSON that it may read."""

    def decorate(deed: Callable[[HttpRequest, Chat], Said]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(deed)
        def door(request: HttpRequest, key: str) -> HttpResponse:
            context.leave()
            try:
                return _answer(request, key, method, deed)
            finally:
                context.leave()
                company = getattr(request, "company", None)
                if company is not None:  # the middleware around us is in there
                    context.enter_company(company)

        return door

    return decorate


def _answer(
    request: HttpRequest, key: str, method: str, deed: Callable[[HttpRequest, Chat], Said]
) -> HttpResponse:
    asked = chat_address(request, key)
    if asked is None or asked.route is None or not isinstance(asked.provider, WebChat):
        return refused(Refusal(404, "not_found", "There is no such chat."))
    origin = request.headers.get("Origin", "").strip().lower()
    is_allowed = _may_come_from(origin, request, asked.provider, asked.route)
    try:
        if request.method == "OPTIONS":
            response = preflight(is_allowed=is_allowed, methods=method, headers=HEADERS)
        else:
            chat = Chat(request, asked.provider, asked.route, origin)
            response = _let_in(chat, method, deed, is_allowed=is_allowed)
    except Refusal as refusal:
        response = refused(refusal)
    except DatabaseTrouble:
        logger.exception("a visitor's chat could not be served")
        response = refused(Refusal(503, "unavailable", "Not taken; please try again."))
    if is_allowed and origin:
        response["Access-Control-Allow-Origin"] = origin
    response["Vary"] = "Origin"
    response["Cache-Control"] = "no-store"
    return response


def _let_in(
    chat: Chat, method: str, deed: Callable[[HttpRequest, Chat], Said], *, is_allowed: bool
) -> HttpResponse:
    if not is_allowed:
        raise Refusal(403, "origin", "This website is not on the chat's list.")
    if chat.request.method != method:
        raise Refusal(405, "method_not_allowed", f"Send {method} to this address.")
    context.enter(chat.route.schema)
    caller = caller_of(chat.request)
    check_rates(
        (f"chat:{chat.route.connection_id}:from:{caller}", PER_ADDRESS),
        (f"chat:{chat.route.connection_id}", PER_CHAT),
    )
    return JsonResponse(deed(chat.request, chat))


def _may_come_from(origin: str, request: HttpRequest, provider: WebChat, route: Route) -> bool:
    """A website on the list, or the company's own console, where the chat is tried out.

    Browsers name no origin when a page of the very same origin only reads.
    """
    if not origin:
        return request.method == "GET"
    if origin in origins(provider.config.get("allowed_origins")):
        return True
    company = company_of_host(host_of(origin))
    return company is not None and company.schema_name == route.schema

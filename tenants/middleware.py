"""Who is asked, and under which number the request goes into the logs."""

import re
import time
import uuid
from collections.abc import Callable
from contextlib import nullcontext

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.request import split_domain_port
from prometheus_client import Histogram

from tenants import cards, context
from tenants.hosts import company_of_host

logger = structlog.get_logger("leadwire.request")

GetResponse = Callable[[HttpRequest], HttpResponse]
SECONDS = Histogram("leadwire_request_seconds", "Time to answer a request", ["method", "status"])
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


class RequestContextMiddleware:
    """A request id in, out and on every log line; one line a request, without its data."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        claimed = request.headers.get("X-Request-ID", "")
        request_id = claimed if REQUEST_ID.match(claimed) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id
            self._note(request, response.status_code, time.perf_counter() - started)
        finally:
            structlog.contextvars.clear_contextvars()
        return response

    def _note(self, request: HttpRequest, status: int, seconds: float) -> None:
        method = request.method if request.method in METHODS else "other"
        SECONDS.labels(method, f"{status // 100}xx").observe(seconds)
        company = getattr(request, "company", None)
        # The route, not the path: paths carry tokens (webhooks, password resets).
        route = request.resolver_match.route if request.resolver_match else ""
        logger.info(
            "request",
            schema=company.schema_name if company else context.PUBLIC,
            method=method,
            route=f"/{route}" if route else "none",
            status=status,
            milliseconds=round(seconds * 1000, 1),
        )


class CompanyMiddleware:
    """The host name selects the schema; a host that is nobody's gets 404."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        context.leave()
        host, _port = split_domain_port(request.get_host())
        if host in settings.PUBLIC_HOSTS:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            return self.get_response(request)
        company = company_of_host(host)
        if company is None:
            return HttpResponseNotFound(b"No company lives at this address.\n", "text/plain")
        if company.is_suspended:
            return HttpResponse(b"This workspace is suspended.\n", "text/plain", status=403)
        request.company = company  # type: ignore[attr-defined]
        context.enter_company(company)
        response = None
        # What changes something tells of the company as it is afterwards, asked anew.
        looks = cards.one_page() if request.method == "GET" else nullcontext()
        try:
            with looks:
                response = self.get_response(request)
        finally:
            # A streamed body is made while it is sent, after this returns: it still needs the
            # schema. The next request on this thread chooses its own before anything else.
            if response is None or not response.streaming:
                context.leave()
        return response

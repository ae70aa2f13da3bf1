"""Requests of an operator who visits a company."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from tenants import context
from tenants.audit.acting import acting
from tenants.operators.visiting import is_kept_out, visit_of


class VisitMiddleware:
    """Ends a visit in time, keeps it out of what is the member's own, and signs its deeds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.visit = None  # type: ignore[attr-defined]
        # To look into the session would say of every answer that it depends on a cookie.
        has_session = settings.SESSION_COOKIE_NAME in request.COOKIES
        visit = visit_of(request) if has_session and context.schema() != context.PUBLIC else None
        if visit is None:
            return self.get_response(request)
        if visit.is_over:
            logout(request)
            return redirect(settings.LOGIN_URL)
        if is_kept_out(request.path):
            return render(request, "operators/kept_out.html", {"visit": visit}, status=403)
        request.visit = visit  # type: ignore[attr-defined]
        with acting(visit.operator):
            return self.get_response(request)

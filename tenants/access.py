"""Who may open a page: the role table, asked in one place."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache

from tenants import context
from tenants.accounts.http import AuthenticatedRequest

P = ParamSpec("P")
Page = Callable[Concatenate[AuthenticatedRequest, P], HttpResponseBase]
Guarded = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def needs(
    permission: str, *, change: str = "", may_be_kept: bool = False
) -> Callable[[Page[P]], Guarded[P]]:
    """Open the page to members holding ``permission``; POST asks for ``change`` where given.

    Strangers are sent to the sign-in. Times on the page are in the person's zone, or else
    the company's. ``may_be_kept``: the answer says itself how long a browser may keep it.
    """

    def decorate(page: Page[P]) -> Guarded[P]:
        @wraps(page)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            asked = change if change and request.method != "GET" else permission
            if not request.user.has_perm(asked):
                raise PermissionDenied
            with timezone.override(zone_of(request)):
                return page(cast("AuthenticatedRequest", request), *args, **kwargs)

        kept = cast("Guarded[P]", guarded)
        door = kept if may_be_kept else never_cache(kept)
        door.permission = permission  # type: ignore[attr-defined]
        door.change_permission = change or permission  # type: ignore[attr-defined]
        return door

    return decorate


def zone_of(request: HttpRequest) -> ZoneInfo:
    """The person's own time zone, else the company's."""
    named = getattr(request.user, "time_zone", "") or context.current_company().time_zone
    try:
        return ZoneInfo(named)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    answer = redirect_to_login(request.get_full_path())
    if request.headers.get("HX-Request"):
        # A fragment must not be replaced by a sign-in page: the whole page goes there.
        return HttpResponse(status=204, headers={"HX-Redirect": answer.url})
    return answer


def member_may(request: HttpRequest, permission: str) -> bool:
    """For templates: whether to show a button at all."""
    user: Any = request.user
    return bool(user.is_authenticated and user.has_perm(permission))

"""``ETag``, ``If-None-Match`` and ``If-Match``: nobody overwrites what they have not seen.

Every GET of one resource carries a strong tag of what it says. An edit that names a tag in
``If-Match`` happens only while the resource still says that; row and tag are looked at and
changed in one transaction. https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
"""

import copy
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.renderers import JSONRenderer

from tenants import context
from tenants.api.exceptions import plain_problem

EDITS = frozenset({"PUT", "PATCH", "DELETE"})
BODY_HEADERS = ("CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")


def tag_of(data: Any) -> str:
    """The tag of a resource's representation."""
    return f'"{sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'


def is_one_resource(data: Any) -> bool:
    """Whether an answer is one thing, rather than a page or a list of them."""
    return isinstance(data, dict) and "results" not in data


def names(header: str, tag: str, *, weakly: bool = False) -> bool:
    """Whether a header's tags hold this one; weak tags count for reading only."""
    given = [each.strip() for each in header.split(",")]
    if weakly:
        given = [each.removeprefix("W/") for each in given]
    return header.strip() == "*" or tag in given


def takes_if_match(view: Any, method: str, action: str) -> bool:
    """Whether a route is an edit of what GET shows at it, or a deed done to that."""
    return method in EDITS or action in getattr(view, "guarded", ())


def edit_if_unchanged(
    request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]
) -> HttpResponse | None:
    """Do a conditional edit and answer it; None where the request is no such thing."""
    cls = getattr(view, "cls", None)
    action = getattr(view, "actions", {}).get((request.method or "").lower(), "")
    if cls is None or not takes_if_match(cls, request.method or "", action):
        return None
    wanted = request.headers.get("If-Match", "")
    look = _looking(cls, view)
    if look is None:
        return None
    if not wanted:
        needed = settings.API_REQUIRES_IF_MATCH
        return _say(428, "if_match_required", "Send If-Match with the resource's ETag.", needed)
    with transaction.atomic():
        _hold(cls, kwargs)
        seen: Any = look(_reading(request), *args, **kwargs)
        if seen.status_code == 200 and not names(wanted, tag := tag_of(seen.data)):
            changed = plain_problem(412, "changed_meanwhile", "It is not what you saw any more.")
            changed["ETag"] = tag
            return changed
        answer: HttpResponse = view(request, *args, **kwargs)
        if answer.status_code >= 400:
            transaction.set_rollback(True)
        return answer


def _say(status: int, code: str, detail: str, needed: bool) -> HttpResponse | None:
    return plain_problem(status, code, detail) if needed else None


def _looking(cls: Any, view: Any) -> Any:
    """The view that shows what is edited; None where nothing shows it."""
    here = (getattr(view, "actions", None) or {}).get("get")
    if here and here != "list":  # shown at the very address, one's own settings for example
        return cls.as_view({"get": here}, **view.initkwargs)
    if hasattr(cls, "retrieve"):
        return cls.as_view({"get": "retrieve"})
    return view if hasattr(cls, "get") else None


def _hold(cls: Any, kwargs: dict[str, Any]) -> None:
    """Nobody changes it after we have looked: no other conditional edit of this kind of thing,
    and, where it is one row, nobody at all."""
    with context.connection.cursor() as cursor:
        named = f"{context.schema()}:{cls.__name__}:{sorted(kwargs.items())}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [named])
    model = getattr(getattr(cls, "queryset", None), "model", None)
    if model is None:
        return
    field = getattr(cls, "lookup_field", "pk")
    row = {field: kwargs[field]} if field in kwargs else {}
    try:
        model._base_manager.filter(**row).select_for_update().values_list("pk").first()
    except (ValueError, ValidationError):
        return  # no such id can be; the view says so


def _reading(request: HttpRequest) -> HttpRequest:
    """The same caller, looking only."""
    looking = copy.copy(request)
    looking.method = "GET"
    looking.META = {k: v for k, v in request.META.items() if k not in BODY_HEADERS}
    looking.META["REQUEST_METHOD"] = "GET"
    looking.is_looking_up = True  # type: ignore[attr-defined]
    return looking

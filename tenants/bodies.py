"""Raw bodies of requests whose sender signed every byte of them."""

import io
from typing import Any

from django.http import HttpRequest
from django.http.request import UnreadablePostError


def raw_body(request: HttpRequest, *, at_most: int) -> bytes | None:
    """The raw bytes; None if there are more of them than we take, or they break off."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > at_most:
            return None
        body = _stream(request).read(at_most + 1)
    except (ValueError, UnreadablePostError):
        return None
    return bytes(body) if len(body) <= at_most else None


def _stream(request: HttpRequest) -> Any:
    """Where the body is read from; ``request.body`` would put its own limit before ours.

    A body that comes in chunks does not say how long it is, and Django would read none of it.
    """
    if "CONTENT_LENGTH" in request.META:
        return request
    is_chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    return request.META["wsgi.input"] if is_chunked else io.BytesIO()

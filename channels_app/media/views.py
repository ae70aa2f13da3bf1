"""Where files are handed out: to members on the company's host, by public link on ours."""

import re
from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header, parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from channels_app.media import fetching, links, services, sniffing
from channels_app.models import Media
from tenants import context
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

# One range, as players ask for it: "bytes=0-", "bytes=100-199", "bytes=-500" (RFC 9110, 14.1.2).
RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})\Z")
# Whatever the file is, it runs nothing, loads nothing and stands in nobody's frame.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@needs("channels_app.view_message", may_be_kept=True)
@require_safe
def member_file(request: AuthenticatedRequest, token: str) -> HttpResponseBase:
    """A file for somebody who is signed in at the company it belongs to."""
    try:
        linked = links.opened(token, audience="member", schema=context.schema())
    except links.BadLink as error:
        raise Http404(str(error)) from error
    media = get_object_or_404(Media.objects.stored(), pk=linked.media_id)
    return _answer(request, media, is_download=linked.is_download)


@csrf_exempt
@require_safe
def public_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """A file for whoever was given its link: a network that we send it through, a visitor."""
    try:
        linked = links.opened(token, audience="public")
    except links.BadLink as error:
        raise Http404(str(error)) from error
    company = context.company_of_schema(linked.schema)
    if company is None or company.is_suspended:
        raise Http404("No such company (any more).")
    with context.inside(company):
        media = get_object_or_404(Media.objects.stored(), pk=linked.media_id)
        response = _answer(request, media, is_download=linked.is_download)
    # Looked at in a web chat on the company's website, whatever site that is.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@needs("channels_app.change_media")
@require_POST
def fetch_again(request: AuthenticatedRequest, pk: UUID) -> HttpResponse:
    """Try once more to bring in a file that could not be had."""
    media = get_object_or_404(Media.objects.select_related("message"), pk=pk, message__isnull=False)
    if fetching.try_again(media=media):
        messages.success(request, _("We ask the network for it once more."))
    assert media.message is not None  # noqa: S101 (asked for above)
    return redirect("channels_app:conversation", media.message.conversation_id)


def _answer(request: HttpRequest, media: Media, *, is_download: bool) -> HttpResponseBase:
    etag = f'"{media.sha256}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return _dressed(HttpResponseNotModified(), media, is_download=is_download)
    asked = request.headers.get("Range", "")
    if request.headers.get("If-Range", etag) != etag:
        asked = ""
    span = _span(asked, media.size)
    if span is None:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{media.size}"})
        return _dressed(response, media, is_download=is_download)
    start, length = span
    body: Iterator[bytes] = iter(())
    if request.method != "HEAD":
        body = services.read(media, start=start, length=length)
    answer = StreamingHttpResponse(body, status=206 if length < media.size else 200)
    answer["Content-Length"] = str(length)
    if length < media.size:
        answer["Content-Range"] = f"bytes {start}-{start + length - 1}/{media.size}"
    context.release()
    return _dressed(answer, media, is_download=is_download)


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """Start and length of what is asked for; None where there is nothing of that."""
    found = RANGE.match(asked)
    if not found or found.group() == "bytes=-":
        return 0, size  # no range, or a form we may ignore
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, length) if length else None
    start, stop = int(first), min(int(last) + 1 if last else size, size)
    return (start, stop - start) if start < stop else None


def _dressed(response: HttpResponseBase, media: Media, *, is_download: bool) -> HttpResponseBase:
    """With every header that keeps a stranger's file from doing anything but being looked at."""
    inside = sniffing.is_harmless_inside(media.mime, media.width, media.height)
    response["Content-Type"] = sniffing.served_as(media.mime)
    response["Content-Disposition"] = (
        content_disposition_header(is_download or not inside, media.name) or "inline"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cross-Origin-Resource-Policy"] = "same-site"
    response["Referrer-Policy"] = "no-referrer"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = f'"{media.sha256}"'
    patch_cache_control(response, private=True, max_age=links.MEMBER_SECONDS, immutable=True)
    return response

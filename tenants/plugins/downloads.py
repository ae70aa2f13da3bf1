"""Bringing a file from somebody else's server: as a stream, never more than we asked for.

The same client, guard and errors as every other request (``http``). Beyond them: the body is
read as it comes and is not unpacked, for a small packed answer may hold gigabytes; it ends at
the limit, and in time. Redirects are followed only for who asks for them, are guarded as the
first address was, and do not get to see the credentials.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from urllib.parse import urljoin, urlsplit

from tenants.plugins import http
from tenants.plugins.errors import ProviderError, Rejected, Unavailable, kind_of

MAX_SECONDS = 120.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class TooMuch(Rejected):
    """The file is larger than we take in; reading stopped there."""


class Download(AbstractContextManager["Download"]):
    """A file on its way: ``chunks`` may be read once, inside the ``with``.

    ``name`` and ``mime`` are what its server calls it; ``sha256`` is what it must come to,
    where the network said so.
    """

    def __init__(
        self, chunks: Iterator[bytes], *, mime: str = "", name: str = "", sha256: str = ""
    ) -> None:
        self.chunks, self.mime, self.name, self.sha256 = chunks, mime, name, sha256
        self.closes = ExitStack()

    def __exit__(self, *error: object) -> None:
        self.closes.close()


def download(
    url: str,
    *,
    limit: int,
    headers: Mapping[str, str] | None = None,
    named_by_company: bool = False,
    redirects: int = 0,
    seconds: float = MAX_SECONDS,
) -> Download:
    """Ask for a file; raises a ProviderError, also while its ``chunks`` are read.

    ``named_by_company`` as in ``http.request``. An answer that is no file raises by its status.
    """
    until = time.monotonic() + seconds
    with ExitStack() as stack:
        stack.enter_context(http.meaning_of_errors(urlsplit(url).hostname, idempotent=True))
        response = _asked(stack, url, dict(headers or {}), redirects, named_by_company)
        _check(response, limit)
        found = Download(
            _body(response, limit, until),
            mime=response.headers.get("content-type", "").partition(";")[0].strip().lower()[:100],
        )
        found.closes = stack.pop_all()
        return found


def _asked(
    stack: ExitStack, url: str, headers: dict[str, str], redirects: int, named_by_company: bool
) -> Any:
    """The answer, behind as many redirects as are allowed; still open."""
    while True:
        asked = {**headers, "Accept-Encoding": "identity"}
        hop = http.opened("GET", url, headers=asked, named_by_company=named_by_company)
        with ExitStack() as closes:
            response = closes.enter_context(hop)
            if response.status_code not in REDIRECTS or not redirects:
                stack.push(closes.pop_all())
                return response
            url = urljoin(url, response.headers.get("location", ""))
            headers, redirects = {}, redirects - 1


def _check(response: Any, limit: int) -> None:
    """Refuse before the first byte of the body what is no file, or too much of one."""
    host = response.url.host
    status = response.status_code
    if status != 200:
        raise kind_of(status)(
            f"{host}: HTTP {status} instead of a file.",
            code=str(status),
            status=status,
            retry_after=http.retry_after(response.headers),
        )
    if response.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
        raise Rejected(f"{host}: the file came packed, though we asked for it as it is.")
    said = response.headers.get("content-length", "")
    if said.isdecimal() and int(said) > limit:
        raise TooMuch(f"{host}: the file has {said} bytes; we take {limit}.")


def _body(response: Any, limit: int, until: float) -> Iterator[bytes]:
    host = response.url.host
    size = 0
    with http.meaning_of_errors(host, idempotent=True):
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > limit:
                raise TooMuch(f"{host}: the file is larger than {limit} bytes.")
            if time.monotonic() > until:
                raise Unavailable(f"{host}: the file did not come in time.")
            yield chunk


def of_bytes(content: bytes, *, mime: str = "", name: str = "") -> Download:
    """A file that is here already, inside what the network sent."""
    return Download(iter([content]), mime=mime, name=name)


def gone(error: ProviderError) -> bool:
    """Whether a server's answer means that the file is not there (any more)."""
    return error.status in {403, 404, 410}

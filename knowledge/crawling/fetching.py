"""One page from somebody else's server: guarded at every hop, bounded in bytes and in time.

A small packed answer may hold gigabytes: it is unpacked piece by piece, up to the limit.
"""

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from knowledge.crawling.addresses import joined
from knowledge.crawling.robots import AGENT
from tenants.plugins import http
from tenants.plugins.downloads import REDIRECTS, TooMuch
from tenants.plugins.errors import Rejected, Unavailable

MOST_HOPS = 5
PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of any status; ``address`` is where it came from, redirects followed.

    ``content`` is empty unless the status is 200.
    """

    address: str
    status: int
    headers: Mapping[str, str]
    content: bytes = b""

    @property
    def mime(self) -> str:
        said = self.headers.get("content-type", "")
        return said.partition(";")[0].strip().lower()[:100]

    @property
    def charset(self) -> str:
        """As the server says it (RFC 9110 section 8.3.2); empty where it does not."""
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                return value.strip(" \t\"'").lower()[:40]
        return ""


def fetch(
    address: str,
    *,
    most_bytes: int,
    seconds: float,
    etag: str = "",
    last_modified: str = "",
    may_visit: Callable[[str], bool] = lambda _: True,
) -> Fetched:
    """Ask for a page; raises a ProviderError where no answer came, or one too large.

    ``may_visit`` is asked before each further hop; one it refuses ends the way there, and the
    redirect itself is the answer.
    """
    until = time.monotonic() + seconds
    asked = {"User-Agent": f"{AGENT}/1", "Accept-Encoding": "gzip", "Accept-Language": "*"}
    if etag:
        asked["If-None-Match"] = etag
    if last_modified:
        asked["If-Modified-Since"] = last_modified
    for _ in range(MOST_HOPS):
        answer, onward = _hop(address, asked, most_bytes, until)
        if not onward or not may_visit(onward):
            return answer
        address = onward
    raise Rejected(f"{urlsplit(address).hostname}: more than {MOST_HOPS} redirects.")


def _hop(
    address: str, headers: dict[str, str], most_bytes: int, until: float
) -> tuple[Fetched, str]:
    """One answer, and where it leads on to."""
    left = until - time.monotonic()
    if left <= 0:
        raise Unavailable(f"{urlsplit(address).hostname}: no answer in time.")
    with (
        http.meaning_of_errors(urlsplit(address).hostname, idempotent=True),
        http.opened(
            "GET", address, headers=headers, timeout=min(left, 10.0), named_by_company=True
        ) as response,
    ):
        status = response.status_code
        heard = {name.lower(): value for name, value in response.headers.items()}
        if status in REDIRECTS:
            onward = joined(address, heard.get("location", ""))
            if not onward:
                raise Rejected(f"{response.url.host}: a redirect that leads nowhere.")
            return Fetched(onward, status, heard), onward
        content = b"".join(_body(response, most_bytes, until)) if status == 200 else b""
        return Fetched(address, status, heard, content), ""


def _body(response: Any, most_bytes: int, until: float) -> Iterator[bytes]:
    host = response.url.host
    size = 0
    for piece in _unpacked(response):
        size += len(piece)
        if size > most_bytes:
            raise TooMuch(f"{host}: the page is larger than {most_bytes // 1024} KB.")
        if time.monotonic() > until:
            raise Unavailable(f"{host}: the page did not come in time.")
        yield piece


def _unpacked(response: Any) -> Iterator[bytes]:
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing in {"", "identity"}:
        yield from response.iter_raw()
        return
    if packing not in {"gzip", "x-gzip", "deflate"}:
        raise Rejected(f"{response.url.host}: the page is packed in a way we did not ask for.")
    yield from unpacked(response.iter_raw())


def unpacked(packed: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip or zlib packed, in pieces of bounded size."""
    packer = zlib.decompressobj(wbits=47)  # either of the two, told by the first bytes
    try:
        for chunk in packed:
            yield packer.decompress(chunk, PIECE)
            while packer.unconsumed_tail:
                yield packer.decompress(packer.unconsumed_tail, PIECE)
    except zlib.error as error:
        raise Rejected("The page is packed badly.") from error

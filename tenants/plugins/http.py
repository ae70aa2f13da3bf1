"""Every outbound request leaves through here: one patience, one guard, one error vocabulary.

No redirect is followed. A name that leads to a private, loopback or otherwise reserved address
is refused, and the address that was checked is the one that is dialled, so that a second DNS
answer cannot slip in between. The vendors' base URLs in the settings are the operator's own
choice and may lie anywhere (that is how a simulator stands in); an address that a company named
is not excused for being the same one.
"""

import ipaddress
import json as jsonlib
import math
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings
from django.utils import timezone

from tenants import context
from tenants.plugins import rehearsal, sandbox
from tenants.plugins.errors import AnswerLost, ProviderError, Rejected, Unavailable, kind_of

TIMEOUT = httpx.Timeout(20, connect=5)
# What reading an answer's body may raise, for those to whom its status says enough.
BROKEN_BODY = (httpx.TransportError, httpx.DecodingError)
LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=50)
MAX_ANSWER_BYTES = 20 * 1024 * 1024
MAX_ANSWER_SECONDS = 60.0  # for a body that trickles in, each read of it in time
MAX_ADDRESSES = 3
LONGEST_PAUSE = 7 * 86_400.0  # seconds
TRUSTED_SETTINGS = (
    "PUBLIC_URL",
    "DOOR_URL",
    "META_GRAPH_URL",
    "INSTAGRAM_GRAPH_URL",
    "INSTAGRAM_TOKEN_URL",
    "TELEGRAM_API_URL",
    "HUBSPOT_API_URL",
    "VAPI_API_URL",
    "CALENDLY_API_URL",
    "PIPEDRIVE_API_URL",
    "PIPEDRIVE_LOGIN_URL",
    "SALESFORCE_LOGIN_URL",
    "SALESFORCE_SANDBOX_LOGIN_URL",
    "RESEND_API_URL",
    "X_API_URL",
    "LINKEDIN_API_URL",
    "LINKEDIN_AUTH_URL",
    "TIKTOK_API_URL",
    "GOOGLE_TOKEN_URL",
    "MICROSOFT_LOGIN_URL",
    "TWILIO_API_URL",
    "OPENAI_BASE_URL",
    "ANTHROPIC_BASE_URL",
    "COMPATIBLE_BASE_URL",
)


class ForbiddenAddress(Rejected):
    """The URL leads to a place inside our own network, or is no http(s) URL at all."""


def request(
    method: str,
    url: str,
    *,
    json: Any = None,
    content: bytes | None = None,
    data: Mapping[str, str] | None = None,
    files: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    idempotent: bool = False,
    timeout: float | None = None,
    named_by_company: bool = False,
) -> Any:
    """Return the decoded JSON body (``None`` if empty), or raise a ProviderError.

    Say ``idempotent=True`` where asking twice does no harm: a lost answer is then
    ``Unavailable`` (tried again) instead of ``AnswerLost`` (reconciled).
    Say ``named_by_company=True`` where the address is not the operator's own setting.
    ``timeout`` is in seconds, for the whole of each phase. ``data`` and ``files`` make a form.
    """
    response = exchange(
        method,
        url,
        json=json,
        content=content,
        data=data,
        files=files,
        headers=headers,
        params=params,
        idempotent=idempotent,
        timeout=timeout,
        named_by_company=named_by_company,
    )
    return answer_of(response)


def answer_of(response: httpx.Response) -> Any:
    """What ``request`` makes of an answer, for those who need its headers too."""
    payload = _decoded(response)
    if response.status_code >= 300:
        raise _error_of(response, payload)
    if payload is None and response.content.strip():
        raise AnswerLost(
            f"HTTP {response.status_code} with a body that is not JSON.",
            status=response.status_code,
        )
    return payload


def exchange(
    method: str,
    url: str,
    *,
    idempotent: bool = False,
    timeout: float | None = None,
    named_by_company: bool = False,
    **kwargs: Any,
) -> httpx.Response:
    """Send a request and return the answer whatever its status; raise only if none came."""
    host = urlsplit(url).hostname
    with (
        meaning_of_errors(host, idempotent=idempotent),
        opened(method, url, timeout=timeout, named_by_company=named_by_company, **kwargs) as answer,
    ):
        return _read(answer, seconds=timeout or MAX_ANSWER_SECONDS)


@contextmanager
def opened(
    method: str,
    url: str,
    *,
    timeout: float | None = None,
    named_by_company: bool = False,
    **kwargs: Any,
) -> Iterator[httpx.Response]:
    """An answer whose body is still to be read; keep it inside ``meaning_of_errors``."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ForbiddenAddress(f"Not an http(s) address: {url[:200]!r}")
    context.release()  # never hold a database connection while somebody else thinks
    patience = TIMEOUT if timeout is None else timeout
    client = _pretended() or _client(trusting=not named_by_company)
    with client.stream(method, url, timeout=patience, **kwargs) as response:
        yield response


@contextmanager
def meaning_of_errors(host: str | None, *, idempotent: bool) -> Iterator[None]:
    """Turn what goes wrong on the wire into our own errors."""
    try:
        yield
    except AnswerTooLarge as error:
        raise (Rejected if idempotent else AnswerLost)(f"{host}: {error}") from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        if isinstance(error.__cause__, ForbiddenHost) or isinstance(error, ForbiddenHost):
            raise ForbiddenAddress(str(error)) from error
        raise Unavailable(f"{host}: {str(error) or type(error).__name__}") from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
            raise ForbiddenAddress(str(error)) from error
        lost = Unavailable if idempotent else AnswerLost
        raise lost(f"{host}: {str(error) or type(error).__name__}") from error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a Retry-After header (RFC 9110 section 10.2.3), in either of its forms.

    ``LONGEST_PAUSE`` at most: nobody means years, and a date so far away is none.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - timezone.now()).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return None
    return None if math.isnan(seconds) else min(max(0.0, seconds), LONGEST_PAUSE)


NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What Python's registry calls global, or did in one of its versions, and is somebody's inside:
# clouds keep their metadata at the first and the last.
INSIDE = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "64:ff9b:1::/48", "fec0::/10", "168.63.129.16/32"))
)


def is_public(address: str) -> bool:
    """Whether an IP address lies on the open internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return is_public(str(ip.ipv4_mapped))
        # These carry an IPv4 address that a gateway may turn into one of our own.
        if ip in NAT64 or ip.sixtofour or ip.teredo:
            return False
    if any(ip in network for network in INSIDE):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class AnswerTooLarge(httpx.TransportError):
    """The body grew past MAX_ANSWER_BYTES, unpacked; reading stopped there."""


class ForbiddenHost(httpcore.ConnectError):
    """Raised while connecting, before a byte is sent."""


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves a name itself, refuses addresses inside, and dials the addresses it checked."""

    def __init__(self, *, trusting: bool) -> None:
        self._trusting = trusting  # the operator's own settings
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        *others, last = self._vetted(host, port)
        for address in others:
            try:
                return self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the name has more addresses
        return self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    def _vetted(self, host: str, port: int) -> list[str]:
        if self._trusting and (host, port) in trusted():
            return [host]
        try:
            return vetted_addresses(host, port)
        except ForbiddenAddress as error:
            raise ForbiddenHost(str(error)) from error
        except Unavailable as error:
            raise httpcore.ConnectError(str(error)) from error


def vetted_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host that a company named, each on the open internet.

    Raises ForbiddenAddress if one is not, Unavailable if there is none.
    """
    if settings.ALLOW_PRIVATE_ADDRESSES:
        return [host]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{host} has no address") from error
    addresses = [str(info[4][0]).partition("%")[0] for info in found]
    if not addresses or not all(map(is_public, addresses)):
        raise ForbiddenAddress(f"{host} leads to an address that is not public")
    return list(dict.fromkeys(addresses))[:MAX_ADDRESSES]


def dial(host: str, port: int, seconds: float) -> socket.socket:
    """A TCP connection for protocols other than HTTP, guarded the same way."""
    if sandbox.pretended():
        raise ForbiddenAddress("A sandbox speaks to nobody outside.")
    context.release()  # as in exchange
    error: OSError | None = None
    for address in vetted_addresses(host, port):
        try:
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as refused:
            error = refused
    raise Unavailable(f"{host}: {error or 'no address'}") from error


def trusted() -> set[tuple[str, int]]:
    """Host and port of every vendor base URL in the settings."""
    hosts = set()
    for name in TRUSTED_SETTINGS:
        parts = urlsplit(getattr(settings, name))
        if parts.hostname:
            hosts.add((parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)))
    return hosts


@lru_cache(maxsize=2)  # two pools: a connection opened in trust serves no other address
def _client(*, trusting: bool) -> httpx.Client:
    transport = httpx.HTTPTransport(limits=LIMITS, trust_env=False)
    # httpx has no public way to name the network backend; httpcore, beneath it, has.
    transport._pool = httpcore.ConnectionPool(
        ssl_context=httpx.create_ssl_context(),
        max_connections=LIMITS.max_connections,
        max_keepalive_connections=LIMITS.max_keepalive_connections,
        keepalive_expiry=30,
        network_backend=GuardedBackend(trusting=trusting),
    )
    return httpx.Client(
        transport=transport,
        follow_redirects=False,
        headers={"User-Agent": "Leadwire/1"},
    )


def _pretended() -> httpx.Client | None:
    """Where nothing is to leave: who stands in for whoever is asked."""
    if rehearsal.current() is not None:
        return httpx.Client(transport=Staged(), follow_redirects=False)
    return _inward() if sandbox.pretended() else None


def _inward() -> httpx.Client:
    """Reaches those who stand in for the networks, and nobody else."""
    return httpx.Client(transport=Inward(), follow_redirects=False)


class Staged(httpx.BaseTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        stage = rehearsal.current()
        if stage is None:
            raise RuntimeError("Nothing is rehearsed.")
        said = stage.answer(
            request.method,
            str(request.url),
            kind=request.headers.get("content-type", ""),
            content=request.read(),
        )
        return httpx.Response(200, json=said)


class Inward(httpx.BaseTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        account = sandbox.pretended()
        if account is None:
            raise RuntimeError("Nobody is pretended to be.")
        try:
            answered = sandbox.vendors().answer(
                account,
                method=request.method,
                url=str(request.url),
                headers=request.headers,
                body=request.read(),
            )
        except sandbox.NobodyThere as error:
            raise httpx.ConnectError(str(error)) from ForbiddenHost(str(error))
        return httpx.Response(answered.status, headers=answered.headers, content=answered.content)


def _read(response: httpx.Response, *, seconds: float) -> httpx.Response:
    """Take the body in, but neither more of it nor longer than we can bear."""
    until = time.monotonic() + seconds
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise AnswerTooLarge(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
        if time.monotonic() > until:
            raise httpx.ReadTimeout(f"the answer was not complete after {seconds:.0f} s")
        chunks.append(chunk)
    response._content = b"".join(chunks)  # what response.read() does, without a limit
    return response


def _decoded(response: httpx.Response) -> Any:
    try:
        return jsonlib.loads(response.content) if response.content.strip() else None
    except (ValueError, RecursionError):
        return None


def _error_of(response: httpx.Response, payload: Any) -> ProviderError:
    status = response.status_code
    return kind_of(status)(
        f"HTTP {status}: {response.text[:500]}",
        code=str(status),
        retry_after=retry_after(response.headers),
        status=status,
        payload=payload,
    )

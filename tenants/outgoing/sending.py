"""One try at one address: what we said and what we heard, without secrets. Knows no row."""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tenants.outgoing.signing import signed_headers
from tenants.plugins import http
from tenants.plugins.errors import ProviderError, legible

TIMEOUT = 10.0  # seconds; a receiver should store and answer, not work
READ_BYTES = 8_192  # of an answer: more is of no use to anybody
KEPT_CHARACTERS = 2_000
KEPT_HEADERS = 30
HIDDEN = "•••"
GONE = 410
# What opens something for whoever reads the log.
SECRET_HEADERS = frozenset(
    {
        *("authorization", "proxy-authorization", "cookie", "set-cookie", "webhook-signature"),
        *("x-api-key", "www-authenticate", "proxy-authenticate", "authentication-info"),
    }
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a try. ``status`` is None where nobody answered."""

    at: datetime
    milliseconds: int
    request_headers: dict[str, str]
    status: int | None = None
    error_code: str = ""
    error_text: str = ""
    retry_after: float | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == GONE

    @property
    def concerns_all(self) -> bool:
        """Whether the next delivery would meet the same: nobody answers, or not now."""
        return self.status is None or self.status in {401, 403, 404, 429} or self.status >= 500


def try_once(
    *, url: str, keys: Iterable[str], delivery_id: str, body: bytes, at: datetime
) -> Tried:
    """Post the body, signed; never raises for what the other side does."""
    keys = list(keys)
    headers = {
        "content-type": "application/json",
        **signed_headers(keys=keys, delivery_id=delivery_id, at=at, body=body),
    }
    shown = _without_secrets(headers)
    secrets = [*keys, *headers["webhook-signature"].split(), _query_of(url)]
    began = time.monotonic()
    try:
        status, heard, content = _exchange(url, headers, body, began)
    except ProviderError as error:
        code = "forbidden_address" if isinstance(error, http.ForbiddenAddress) else "no_answer"
        text = _hide(str(error), secrets)[:300]
        return Tried(at, _since(began), shown, error_code=code, error_text=text)
    taken = 200 <= status < 300
    return Tried(
        at,
        _since(began),
        shown,
        status=status,
        error_code="" if taken else str(status),
        error_text="" if taken else _meaning(status),
        retry_after=http.retry_after(heard),
        headers={
            name: _hide(value, secrets)
            for name, value in list(_without_secrets(heard).items())[:KEPT_HEADERS]
        },
        body=_hide(legible(content.decode("utf-8", "replace")), secrets)[:KEPT_CHARACTERS],
    )


def _exchange(
    url: str, headers: dict[str, str], body: bytes, began: float
) -> tuple[int, dict[str, str], bytes]:
    with (
        # Sent again under the same id: a receiver that took it knows it by that.
        http.meaning_of_errors(urlsplit(url).hostname, idempotent=True),
        http.opened(
            "POST", url, content=body, headers=headers, timeout=TIMEOUT, named_by_company=True
        ) as answer,
    ):
        heard = {name.lower(): legible(value)[:500] for name, value in answer.headers.items()}
        return answer.status_code, heard, _beginning(answer, began)


def _beginning(answer: Any, began: float) -> bytes:
    """The first of an answer's body. What it is matters less than its status: one that breaks
    off, or is packed in a way that nobody can unpack, is an answer all the same."""
    content = b""
    with suppress(*http.BROKEN_BODY):
        for chunk in answer.iter_bytes(READ_BYTES):
            content += chunk
            if len(content) >= READ_BYTES or time.monotonic() - began > TIMEOUT:
                break
    return content[:READ_BYTES]


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: HIDDEN if name.lower() in SECRET_HEADERS else value for name, value in headers.items()
    }


def _hide(text: str, secrets: Iterable[str]) -> str:
    """An answer may be an echo of what we sent."""
    for secret in filter(None, secrets):
        for shape in (secret, secret.removeprefix("whsec_"), secret.removeprefix("v1,")):
            text = text.replace(shape, HIDDEN)
    return text


def _query_of(url: str) -> str:
    """Where some services keep a key of theirs."""
    return urlsplit(url).query


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _meaning(status: int) -> str:
    if status == GONE:
        return "The address says that it is gone."
    if 300 <= status < 400:
        return "It redirects; redirects are not followed."
    return f"It answered with {status}."

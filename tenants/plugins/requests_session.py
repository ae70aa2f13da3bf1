"""For libraries that bring ``requests`` along: our guarded client in the clothes of its session."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import requests
from django.conf import settings

from tenants.plugins import http
from tenants.plugins.errors import ProviderError


class GuardedSession:
    """What allauth uses of a session, where a company names the addresses asked."""

    def __enter__(self) -> "GuardedSession":
        return self

    def __exit__(self, *error: object) -> None:
        """Connections are the client's to keep."""

    def get(self, url: str, **kwargs: Any) -> httpx.Response:
        return self.request("GET", url, **kwargs)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: requests.auth.HTTPBasicAuth | None = None,
    ) -> httpx.Response:
        """Raises requests' own error, which allauth tells people about."""
        if urlsplit(url).scheme != "https" and not settings.ALLOW_PRIVATE_ADDRESSES:
            # Whoever we ask is believed because of the line alone: no signature is looked at.
            raise requests.ConnectionError(f"Not over https: {url[:200]}")
        signed = httpx.BasicAuth(auth.username, auth.password) if auth else None
        try:
            return http.exchange(
                method,
                url,
                params=params,
                data=data,
                headers={"Accept": "application/json", **(headers or {})},
                auth=signed,
                idempotent=True,
                named_by_company=True,
            )
        except ProviderError as error:
            raise requests.ConnectionError(str(error)) from error

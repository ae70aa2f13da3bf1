"""A token instead of a password: SASL XOAUTH2, and the token's renewal.

https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
https://learn.microsoft.com/en-us/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from tenants.plugins import http
from tenants.plugins.errors import CredentialsRejected, Rejected


def initial_response(user: str, token: str) -> str:
    """Before base64, which the protocols' libraries add."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


def answers(user: str, token: str) -> Callable[[bytes | None], str]:
    """What is said when the server asks: first the token, then nothing.

    A token it does not take is answered with a second question that holds the reason; only an
    empty answer to that brings its final no.
    """
    said = False

    def answer(challenge: bytes | None = None) -> str:
        nonlocal said
        if said:
            return ""
        said = True
        return initial_response(user, token)

    return answer


def renew(config: Mapping[str, Any]) -> Any:
    """The token endpoint's answer to a refresh token (RFC 6749 section 6)."""
    urls = {
        "google": f"{settings.GOOGLE_TOKEN_URL}/token",
        "microsoft": f"{settings.MICROSOFT_LOGIN_URL}/oauth2/v2.0/token",
    }
    form = {
        "grant_type": "refresh_token",
        "refresh_token": str(config.get("refresh_token") or ""),
        "client_id": str(config.get("client_id") or ""),
        "client_secret": str(config.get("client_secret") or ""),
    }
    try:
        return http.request(
            "POST",
            urls[str(config["oauth"])],
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    except Rejected as error:  # invalid_grant: revoked, or a password was changed
        raise CredentialsRejected(str(error), code=error.code, status=error.status) from error

"""Signing in at a network, by OAuth 2 (``tenants.plugins.oauth``).

A sign-in knows where people consent, how the code becomes tokens, and which accounts come with
them. It knows no company, no row and no request.
"""

import base64
import binascii
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from tenants.plugins.credentials import AppCredentials
from tenants.plugins.oauth import Grant, OAuthClient, grant_of, origin

# What the sign-ins take from here beside the base.
__all__ = [
    "Account",
    "Grant",
    "MailboxSignIn",
    "SignIn",
    "claims_of",
    "grant_of",
    "mailbox",
    "origin",
    "profile_account",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account that came with a sign-in, ready to be connected.

    ``scopes`` is what we hold for it; ``config`` goes into the connection as it is. ``formerly``
    is the id we knew it by before the network told us one that stays.
    """

    platform: str
    account_id: str
    name: str
    config: Mapping[str, Any]
    scopes: tuple[str, ...] = ()
    seconds: int = 0
    note: str = ""
    formerly: str = ""


class SignIn(OAuthClient, ABC):
    """One network's sign-in.

    To add one, implement ``authorize_url``, ``grant`` and ``accounts`` and give it a line in
    ``sign_ins/__init__.py``; what its platforms need permission for stands in ``scopes.py``.
    """

    app: ClassVar[str]  # which of our apps: a key of tenants.platform_apps
    platforms: ClassVar[tuple[str, ...]]
    uses_pkce: ClassVar[bool] = True
    # A tick of the platform's own form that nobody may make for the company: its name there.
    terms: ClassVar[str] = ""
    # Why the network may be asked by us and yet not show everything.
    hint: ClassVar[str] = ""

    @classmethod
    @abstractmethod
    def consent_origin(cls) -> str:
        """``https://www.facebook.com``: where the person's browser is sent."""

    @classmethod
    def issuer(cls) -> str:
        """What the network calls itself in ``iss`` (RFC 9207); empty if it says nothing."""
        return ""

    @abstractmethod
    def authorize_url(
        self, *, platform: str, state: str, redirect_uri: str, verifier: str, again: bool
    ) -> str:
        """Where the person consents; ``again`` asks for what they refused before."""

    @abstractmethod
    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        """Trade the code, once; raises a ProviderError."""

    @abstractmethod
    def accounts(self, grant: Grant) -> list[Account]:
        """What this person may connect, best first; raises a ProviderError."""

    @classmethod
    def config_of(cls, app: AppCredentials) -> dict[str, str]:
        """What a connection made this way reads from our app, by the names in its config."""
        return {}

    def revoke(self, config: Mapping[str, Any]) -> bool:
        """Give back the access of one account (RFC 7009); False where others hang on its token."""
        return False


class MailboxSignIn(SignIn):
    """Where people give us their mailbox: the connection renews its tokens by itself."""

    platforms = ("email",)

    @classmethod
    @abstractmethod
    def token_url(cls) -> str:
        """Where the code is traded."""

    @classmethod
    def config_of(cls, app: AppCredentials) -> dict[str, str]:
        return {"client_id": app.oauth_id, "client_secret": app.oauth_secret}

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        return grant_of(
            self.trade(self.token_url(), code=code, redirect_uri=redirect_uri, verifier=verifier)
        )


def profile_account(grant: Grant, *, platform: str, account_id: str, name: str) -> Account:
    """The one account a grant opens where the network gives both tokens; ``name`` is its handle."""
    return Account(
        platform=platform,
        account_id=account_id,
        name=f"@{name}"[:100] if name else account_id,
        config={"access_token": grant.access_token, "refresh_token": grant.refresh_token},
        scopes=grant.scopes,
        seconds=grant.seconds,
    )


def mailbox(
    grant: Grant, *, vendor: str, address: str, servers: Mapping[str, Any], subject: str = ""
) -> Account:
    """An e-mail connection that a token opens instead of a password.

    ``subject``: what the vendor knows the person by for good, where an address may pass to others.
    """
    lasting = {"subject": subject, "address": address.lower()} if subject else {}
    return Account(
        platform="email",
        account_id=subject or address.lower(),
        formerly=address.lower() if subject else "",
        name=address.lower()[:100],
        config={
            **servers,
            **lasting,
            "oauth": vendor,
            "imap_user": address,
            "smtp_user": address,
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
        },
        scopes=grant.scopes,
        seconds=grant.seconds,
    )


def claims_of(id_token: Any, *, audience: str) -> dict[str, Any]:
    """What an ID token says of the person.

    It came straight from the token endpoint over TLS, which stands in for its signature
    (OpenID Connect Core, section 3.1.3.7); that it was made for us is checked.
    """
    parts = id_token.split(".") if isinstance(id_token, str) else []
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    if not isinstance(claims, dict) or claims.get("aud") != audience:
        return {}
    return claims

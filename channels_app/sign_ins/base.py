"""Signing in at a network: OAuth 2, the authorization code grant (RFC 6749, RFC 7636, RFC 9700).

A sign-in knows where people consent, how the code becomes tokens, and which accounts come with
them. It knows no company, no row and no request; the protocol's own requests are Authlib's, the
wire is ``tenants.plugins.http``.
"""

import base64
import binascii
import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from channels_app import wire
from tenants.plugins import http
from tenants.plugins.credentials import AppCredentials
from tenants.plugins.errors import AnswerLost, CredentialsRejected, Rejected

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a code was traded for. ``seconds``: how long the access lasts, 0 for good."""

    access_token: str
    refresh_token: str = ""
    seconds: int = 0
    scopes: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)


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


class SignIn(ABC):
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

    def __init__(self, app: AppCredentials) -> None:
        self.credentials = app

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

    # -- the protocol

    def give_back(self, url: str, token: str, *, client: str = "client_secret_post") -> None:
        body = f"token={quote(token, safe='')}"
        auth = ClientAuth(self.credentials.oauth_id, self.credentials.oauth_secret, client)
        url, headers, body = auth.prepare(  # type: ignore[no-untyped-call]
            "POST", url, {"Content-Type": FORM}, body
        )
        http.request("POST", url, content=body.encode(), headers=headers, idempotent=True)

    def consent(
        self,
        url: str,
        *,
        state: str,
        redirect_uri: str,
        scopes: Collection[str] = (),
        verifier: str = "",
        separator: str = " ",
        **more: str | None,
    ) -> str:
        if verifier:
            more["code_challenge"] = create_s256_code_challenge(verifier)  # type: ignore[no-untyped-call]
            more["code_challenge_method"] = "S256"
        built: str = prepare_grant_uri(
            url,
            self.credentials.oauth_id,
            "code",
            redirect_uri=redirect_uri,
            scope=separator.join(scopes) or None,
            state=state,
            **more,
        )
        return built

    def trade(
        self,
        url: str,
        *,
        code: str,
        redirect_uri: str,
        verifier: str = "",
        client: str = "client_secret_post",
    ) -> dict[str, Any]:
        """The token request (RFC 6749 section 4.1.3), the client named as ``client`` says."""
        body = prepare_token_request(
            "authorization_code",
            redirect_uri=redirect_uri,
            code=code,
            **({"code_verifier": verifier} if verifier else {}),
        )
        auth = ClientAuth(self.credentials.oauth_id, self.credentials.oauth_secret, client)
        url, headers, body = auth.prepare(  # type: ignore[no-untyped-call]
            "POST", url, {"Content-Type": FORM}, body
        )
        try:
            answer = http.request("POST", url, content=body.encode(), headers=headers)
        except Rejected as error:
            raise refused(error) from error
        if not isinstance(answer, dict):
            raise AnswerLost("The network answered something else than a token.")
        return answer


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


def refused(error: Rejected) -> Rejected:
    """invalid_grant and its like (RFC 6749 section 5.2): this code is worth nothing (any more)."""
    payload = error.payload if isinstance(error.payload, dict) else {}
    said = payload.get("error_description") or payload.get("error_message") or payload.get("error")
    text = said if isinstance(said, str) else str(error)
    return CredentialsRejected(
        text[:300], code="invalid_grant", status=error.status, payload=error.payload
    )


def grant_of(answer: Mapping[str, Any], *, separator: str = " ") -> Grant:
    """A token answer (RFC 6749 section 5.1) as a grant."""
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise AnswerLost("The answer holds no access token.")
    refresh = answer.get("refresh_token")
    scope = answer.get("scope")
    scopes = scope.replace(",", " ").split() if isinstance(scope, str) else ()
    return Grant(
        access_token=token,
        refresh_token=refresh if isinstance(refresh, str) else "",
        seconds=wire.number(dict(answer), "expires_in"),
        scopes=tuple(scopes),
        raw=answer,
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


def origin(url: str) -> str:
    """``https://www.facebook.com`` of ``https://www.facebook.com/v25.0``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

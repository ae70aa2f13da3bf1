"""OAuth 2, the authorization code grant (RFC 6749, RFC 7636, RFC 9700), as a vendor's client.

The protocol's own requests are Authlib's, the wire is ``tenants.plugins.http``. It knows no
company, no row and no request.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlsplit

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from tenants.plugins import http
from tenants.plugins.credentials import AppCredentials
from tenants.plugins.errors import AnswerLost, CredentialsRejected, Rejected, Unavailable

FORM = "application/x-www-form-urlencoded"
# RFC 6749 section 5.2: it is our app that is not known (any more), and nobody's consent is over.
APPS_FAULT = frozenset({"invalid_client", "unauthorized_client"})


class Answer(Protocol):
    """As much of an HTTP answer as tells whether a token was taken."""

    @property
    def status_code(self) -> int: ...


A = TypeVar("A", bound=Answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a code was traded for. ``seconds``: how long the access lasts, 0 for good."""

    access_token: str
    refresh_token: str = ""
    seconds: int = 0
    scopes: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)


class OAuthClient:
    """Our app at one vendor: where people consent, how a code becomes tokens, and those others."""

    def __init__(self, app: AppCredentials) -> None:
        self.credentials = app

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
        return self._ask_for_tokens(url, body, client)

    def trade_again(
        self, url: str, refresh_token: str, *, client: str = "client_secret_post"
    ) -> dict[str, Any]:
        """A refresh token for the next access (RFC 6749 section 6).

        Raises CredentialsRejected where it is worth nothing any more, Unavailable where that is
        not said: then it may be asked again, for it either still counts or the vendor says so.
        """
        body = prepare_token_request("refresh_token", refresh_token=refresh_token)
        try:
            return self._ask_for_tokens(url, body, client, idempotent=True)
        except CredentialsRejected as error:
            said = error.payload.get("error") if isinstance(error.payload, dict) else None
            if said in APPS_FAULT or error.status not in {400, 401}:
                text = f"Our app was refused: {error}"
                raise Unavailable(text, code=str(said or ""), status=error.status) from error
            raise
        except AnswerLost as error:
            raise Unavailable(str(error), status=error.status) from error

    def give_back(self, url: str, token: str, *, client: str = "client_secret_post") -> None:
        """End a token before its time (RFC 7009)."""
        url, headers, body = self._named(url, f"token={quote(token, safe='')}", client)
        http.request("POST", url, content=body.encode(), headers=headers, idempotent=True)

    def _ask_for_tokens(
        self, url: str, body: str, client: str, *, idempotent: bool = False
    ) -> dict[str, Any]:
        url, headers, body = self._named(url, body, client)
        try:
            answer = http.request(
                "POST", url, content=body.encode(), headers=headers, idempotent=idempotent
            )
        except Rejected as error:
            raise refused(error) from error
        if not isinstance(answer, dict):
            raise AnswerLost("The network answered something else than a token.")
        return answer

    def _named(self, url: str, body: str, client: str) -> tuple[str, dict[str, str], str]:
        auth = ClientAuth(self.credentials.oauth_id, self.credentials.oauth_secret, client)
        named: tuple[str, dict[str, str], str] = auth.prepare(  # type: ignore[no-untyped-call]
            "POST", url, {"Content-Type": FORM}, body
        )
        return named


class Access:
    """A token, and who makes a new one where the vendor does not take it any more.

    One is shared by all requests of a plug-in; ``renew`` is told which token was refused.
    """

    def __init__(self, token: str, renew: Callable[[str], str] | None = None) -> None:
        self.token = token
        self._renew = renew

    def exchange(self, ask: Callable[[str], A]) -> A:
        """Ask with the token; where it has ended, once more with the next one."""
        response = ask(self.token)
        if response.status_code != 401 or self._renew is None:
            return response
        return ask(self.next())

    def next(self) -> str:
        """The token after this one; raises CredentialsRejected where there is none."""
        if self._renew is None:
            raise CredentialsRejected("Our access has ended.", status=401)
        self.token = self._renew(self.token)
        return self.token


def refused(error: Rejected) -> Rejected:
    """invalid_grant and its like (RFC 6749 section 5.2): this code is worth nothing (any more)."""
    payload = error.payload if isinstance(error.payload, dict) else {}
    said = payload.get("error_description") or payload.get("error_message") or payload.get("error")
    text = said if isinstance(said, str) else str(error)
    return CredentialsRejected(
        text[:300], code="invalid_grant", status=error.status, payload=error.payload
    )


def grant_of(answer: Mapping[str, Any]) -> Grant:
    """A token answer (RFC 6749 section 5.1) as a grant."""
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise AnswerLost("The answer holds no access token.")
    refresh = answer.get("refresh_token")
    return Grant(
        access_token=token,
        refresh_token=refresh if isinstance(refresh, str) else "",
        seconds=_seconds(answer.get("expires_in")),
        scopes=_scopes(answer),
        raw=answer,
    )


def origin(url: str) -> str:
    """``https://www.facebook.com`` of ``https://www.facebook.com/v25.0``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _seconds(said: Any) -> int:
    try:
        return max(0, int(said or 0))
    except (TypeError, ValueError, OverflowError):
        return 0


def _scopes(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """``scope``, parted by spaces or commas; HubSpot lists ``scopes``."""
    said = answer.get("scope") or answer.get("scopes")
    if isinstance(said, str):
        return tuple(said.replace(",", " ").split())
    return tuple(each for each in said if isinstance(each, str)) if isinstance(said, list) else ()

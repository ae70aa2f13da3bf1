"""Signing in at a CRM, by OAuth 2 (``tenants.plugins.oauth``).

A sign-in knows where people consent, how the code becomes access, which account that is for, and
how the access is made to last. It knows no company, no row and no request.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from tenants.plugins.errors import CredentialsRejected
from tenants.plugins.oauth import Grant, OAuthClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The CRM account that one consented for. ``config`` is what its plug-in asks with:
    ``access_token``, ``refresh_token`` and, where accounts live at addresses of their own,
    ``api_url``. ``seconds``: how long that lasts, 0 where the CRM does not say."""

    account_id: str
    name: str
    config: Mapping[str, str]
    scopes: tuple[str, ...] = ()
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Renewed:
    """Fresh values for the config, and for how many seconds they last; 0: nobody says."""

    config: Mapping[str, str]
    seconds: int = 0


class CrmSignIn(OAuthClient, ABC):
    """One CRM's sign-in. To add one, fill in what is abstract and give it a line in
    ``sign_ins/__init__.py``."""

    app: ClassVar[str]  # which of our apps: a key of tenants.platform_apps
    crm: ClassVar[str]  # a kind of crm.providers.CRMS
    uses_pkce: ClassVar[bool] = False
    # Without one of these, leads cannot be kept in step.
    scopes: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def issuer(cls) -> str:
        """What the CRM calls itself in ``iss`` (RFC 9207); empty if it says nothing."""
        return ""

    @abstractmethod
    def authorize_url(self, *, state: str, redirect_uri: str, verifier: str) -> str:
        """Where the person consents."""

    @abstractmethod
    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        """Trade the code, once; raises a ProviderError."""

    @abstractmethod
    def account(self, grant: Grant) -> Account:
        """Whose account it is; may ask over HTTP; raises a ProviderError."""

    @abstractmethod
    def renew(self, config: Mapping[str, Any]) -> Renewed:
        """Access after this one. Raises CredentialsRejected where the consent was taken back."""

    def revoke(self, config: Mapping[str, Any]) -> bool:
        """End the consent from our side; False where the vendor has no way to."""
        return False

    def checked(self, grant: Grant) -> Grant:
        """A grant that will do; raises CredentialsRejected with the code ``scopes``."""
        lacks = sorted(set(self.scopes) - set(grant.scopes)) if grant.scopes else []
        if lacks:
            raise CredentialsRejected(", ".join(lacks), code="scopes")
        if not grant.refresh_token:
            raise CredentialsRejected("refresh_token", code="scopes")
        return grant


def tokens_of(grant: Grant, **more: str) -> dict[str, str]:
    """A grant as a plug-in's config. A vendor that rotates no refresh tokens sends none again."""
    refresh = {"refresh_token": grant.refresh_token} if grant.refresh_token else {}
    return {"access_token": grant.access_token, **refresh, **more}

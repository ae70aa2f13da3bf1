"""Salesforce: consent at one login host for all orgs, the API at the org's own address.

https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_refresh_token_flow.htm

No answer says how long access lasts: that is the org's session setting, so the next one is asked
for when this one is refused. An app whose refresh tokens rotate sends the next one along.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from crm.sign_ins.base import Account, CrmSignIn, Renewed, tokens_of
from tenants.plugins.errors import Rejected
from tenants.plugins.oauth import Grant, grant_of


class SalesforceSignIn(CrmSignIn):
    app = crm = "salesforce"
    uses_pkce = True
    scopes = ("refresh_token",)  # and ``api``, which an org may call ``full``

    @classmethod
    def login_url(cls) -> str:
        return str(settings.SALESFORCE_LOGIN_URL)

    def authorize_url(self, *, state: str, redirect_uri: str, verifier: str) -> str:
        """``consent`` each time: so one sees which org it is, and may change it."""
        return self.consent(
            f"{self.login_url()}/services/oauth2/authorize",
            state=state,
            redirect_uri=redirect_uri,
            scopes=["api", *self.scopes],
            verifier=verifier,
            prompt="login consent",
        )

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        answer = self.trade(
            self._url("token"), code=code, redirect_uri=redirect_uri, verifier=verifier
        )
        return self.checked(grant_of(answer))

    def account(self, grant: Grant) -> Account:
        """``id`` is an address that ends in the org's id and the user's."""
        path = urlsplit(str(grant.raw.get("id") or "")).path.split("/")
        if len(path) < 2 or not path[-2].startswith("00D"):
            raise Rejected("Salesforce did not say whose org it is.", code="no_account")
        address = _instance_url(grant)
        return Account(
            account_id=path[-2],
            name=(urlsplit(address).hostname or "Salesforce")[:100],
            config=tokens_of(grant, api_url=address),
            scopes=grant.scopes,
        )

    def renew(self, config: Mapping[str, Any]) -> Renewed:
        grant = grant_of(self.trade_again(self._url("token"), config["refresh_token"]))
        return Renewed(tokens_of(grant, api_url=_instance_url(grant)))

    def revoke(self, config: Mapping[str, Any]) -> bool:
        self.give_back(self._url("revoke"), str(config.get("refresh_token") or ""))
        return True

    def _url(self, what: str) -> str:
        return f"{self.login_url()}/services/oauth2/{what}"


class SalesforceSandboxSignIn(SalesforceSignIn):
    """The orgs in which companies try things out have a login host of their own."""

    @classmethod
    def login_url(cls) -> str:
        return str(settings.SALESFORCE_SANDBOX_LOGIN_URL)


def _instance_url(grant: Grant) -> str:
    address = str(grant.raw.get("instance_url") or "").rstrip("/")
    if not address:
        raise Rejected("Salesforce did not say where this org's API is.", code="no_account")
    return address

"""HubSpot: access for half an hour, renewed by a refresh token that stays the same.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth
https://developers.hubspot.com/docs/api-reference/legacy/authentication/oauth-tokens/v1/migration-guide
(``/oauth/v1`` ends on 16 February 2027; secrets travel in the body.)
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from crm.sign_ins.base import Account, CrmSignIn, Renewed, tokens_of
from tenants.plugins.errors import Rejected
from tenants.plugins.oauth import Grant, grant_of

VERSION = "2026-03"


class HubSpotSignIn(CrmSignIn):
    app = crm = "hubspot"
    # Our properties are made in the schemas; notes go with the right to write contacts.
    scopes = (
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.companies.read",
        "crm.objects.companies.write",
        "crm.objects.deals.read",
        "crm.objects.deals.write",
        "crm.objects.owners.read",
        "crm.schemas.contacts.read",
        "crm.schemas.contacts.write",
        "crm.schemas.companies.read",
        "crm.schemas.companies.write",
        "crm.schemas.deals.read",
        "crm.schemas.deals.write",
    )

    def authorize_url(self, *, state: str, redirect_uri: str, verifier: str) -> str:
        return self.consent(
            f"{settings.HUBSPOT_LOGIN_URL}/oauth/authorize",
            state=state,
            redirect_uri=redirect_uri,
            scopes=["oauth", *self.scopes],
        )

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        return self.checked(
            grant_of(self.trade(self._url("token"), code=code, redirect_uri=redirect_uri))
        )

    def account(self, grant: Grant) -> Account:
        portal = str(grant.raw.get("hub_id") or "")
        if not portal.isdecimal():
            raise Rejected("HubSpot did not say whose account it is.", code="no_account")
        return Account(
            account_id=portal,
            name=f"HubSpot {portal}",
            config=tokens_of(grant),
            scopes=grant.scopes,
            seconds=grant.seconds,
        )

    def renew(self, config: Mapping[str, Any]) -> Renewed:
        grant = grant_of(self.trade_again(self._url("token"), config["refresh_token"]))
        return Renewed(tokens_of(grant), grant.seconds)

    def revoke(self, config: Mapping[str, Any]) -> bool:
        self.give_back(self._url("token/revoke"), str(config.get("refresh_token") or ""))
        return True

    def _url(self, what: str) -> str:
        return f"{settings.HUBSPOT_API_URL.rstrip('/')}/oauth/{VERSION}/{what}"

"""Pipedrive: access for an hour, at an address of the company's own; each renewal brings the next
refresh token, which ends after sixty days without use.

https://pipedrive.readme.io/docs/marketplace-oauth-authorization
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from channels_app import wire
from crm.sign_ins.base import Account, CrmSignIn, Renewed, tokens_of
from tenants.plugins import http
from tenants.plugins.errors import Rejected
from tenants.plugins.oauth import Grant, grant_of

BASIC = "client_secret_basic"


class PipedriveSignIn(CrmSignIn):
    app = crm = "pipedrive"
    # Ticked at the app itself, in the Developer Hub; they are not asked for by address.
    # https://pipedrive.readme.io/docs/marketplace-scopes-and-permissions-explanations
    scopes = (
        *("contacts:full", "contact-fields:full", "deals:full", "deal-fields:full", "leads:full"),
        "users:read",  # whose a lead or deal is, by their e-mail address
    )

    def authorize_url(self, *, state: str, redirect_uri: str, verifier: str) -> str:
        address = f"{settings.PIPEDRIVE_LOGIN_URL}/oauth/authorize"
        return self.consent(address, state=state, redirect_uri=redirect_uri)

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        answer = self.trade(_token_url(), code=code, redirect_uri=redirect_uri, client=BASIC)
        return self.checked(grant_of(answer))

    def account(self, grant: Grant) -> Account:
        """https://developers.pipedrive.com/docs/api/v1/Users#getCurrentUser"""
        address = _api_url(grant)
        answer = http.request(
            "GET",
            f"{address}/v1/users/me",
            headers={"Authorization": f"Bearer {grant.access_token}"},
            idempotent=True,
        )
        user = wire.get_object(answer if isinstance(answer, dict) else {}, "data")
        company = wire.get_id(user, "company_id")
        return Account(
            account_id=company,
            name=(wire.label(user, "company_name") or f"Pipedrive {company}")[:100],
            config=tokens_of(grant, api_url=address),
            scopes=grant.scopes,
            seconds=grant.seconds,
        )

    def renew(self, config: Mapping[str, Any]) -> Renewed:
        """With the address, which may have become another."""
        grant = grant_of(self.trade_again(_token_url(), config["refresh_token"], client=BASIC))
        return Renewed(tokens_of(grant, api_url=_api_url(grant)), grant.seconds)

    def revoke(self, config: Mapping[str, Any]) -> bool:
        address = f"{settings.PIPEDRIVE_LOGIN_URL}/oauth/revoke"
        self.give_back(address, str(config.get("refresh_token") or ""), client=BASIC)
        return True


def _token_url() -> str:
    return f"{settings.PIPEDRIVE_LOGIN_URL}/oauth/token"


def _api_url(grant: Grant) -> str:
    address = str(grant.raw.get("api_domain") or "").rstrip("/")
    if not address:
        raise Rejected("Pipedrive did not say where this company's API is.", code="no_account")
    return address

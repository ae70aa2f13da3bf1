"""LinkedIn: three-legged OAuth, and the pages the person administers.

https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow
https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-access-control-by-role
"""

from typing import Any
from urllib.parse import quote

from django.conf import settings

from channels_app import wire
from channels_app.scopes import scopes_of
from channels_app.sign_ins import base
from channels_app.sign_ins.base import Account, Grant
from tenants.plugins import http
from tenants.plugins.credentials import AppCredentials
from tenants.plugins.errors import ProviderError

VERSION = "202607"
ORGANIZATION = "urn:li:organization:"


class LinkedInSignIn(base.SignIn):
    app = "linkedin"
    platforms = ("linkedin",)
    uses_pkce = False  # for native clients only, by LinkedIn's word
    terms = "accepts_terms"
    hint = "Sign in as an administrator of the page."

    @classmethod
    def consent_origin(cls) -> str:
        return base.origin(settings.LINKEDIN_AUTH_URL)

    @classmethod
    def config_of(cls, app: AppCredentials) -> dict[str, str]:
        return {"app_secret": app.oauth_secret, "client_id": app.oauth_id}

    def authorize_url(
        self, *, platform: str, state: str, redirect_uri: str, verifier: str, again: bool
    ) -> str:
        return self.consent(
            f"{settings.LINKEDIN_AUTH_URL}/oauth/v2/authorization",
            state=state,
            redirect_uri=redirect_uri,
            scopes=[each.name for each in scopes_of(platform)],
        )

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        return base.grant_of(
            self.trade(
                f"{settings.LINKEDIN_AUTH_URL}/oauth/v2/accessToken",
                code=code,
                redirect_uri=redirect_uri,
            )
        )

    def accounts(self, grant: Grant) -> list[Account]:
        asked = {"q": "roleAssignee", "role": "ADMINISTRATOR", "state": "APPROVED"}
        answer = _get(grant, "organizationAcls", asked)
        found = []
        for each, _ in wire.objects(answer.get("elements")):
            if each and (number := _organization(each)):
                found.append(self._account(grant, number))
        return found

    def _account(self, grant: Grant, number: str) -> Account:
        try:
            page = _get(grant, f"organizations/{quote(number, safe='')}", {})
        except ProviderError:
            page = {}  # it can be connected by its number, too
        return Account(
            platform="linkedin",
            account_id=number,
            name=wire.label(page, "localizedName", 100) or number,
            config={"access_token": grant.access_token, "refresh_token": grant.refresh_token},
            scopes=grant.scopes,
            seconds=grant.seconds,
        )


def _organization(element: dict[str, Any]) -> str:
    urn = wire.label(element, "organization") or wire.label(element, "organizationTarget")
    number = urn.removeprefix(ORGANIZATION)
    return number if number.isascii() and number.isdigit() else ""


def _get(grant: Grant, path: str, params: dict[str, str]) -> dict[str, Any]:
    answer = http.request(
        "GET",
        f"{settings.LINKEDIN_API_URL}/rest/{path}",
        params=params,
        headers={
            "Authorization": f"Bearer {grant.access_token}",
            "LinkedIn-Version": VERSION,
            "X-Restli-Protocol-Version": "2.0.0",
        },
        idempotent=True,
    )
    return answer if isinstance(answer, dict) else {}

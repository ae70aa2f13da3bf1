"""X: OAuth 2.0 with PKCE.

https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from channels_app import wire
from channels_app.scopes import scopes_of
from channels_app.sign_ins import base
from channels_app.sign_ins.base import Account, Grant
from tenants.plugins import http
from tenants.plugins.credentials import AppCredentials


class XSignIn(base.SignIn):
    app = "x"
    platforms = ("x",)

    @classmethod
    def consent_origin(cls) -> str:
        return base.origin(settings.X_LOGIN_URL)

    @classmethod
    def config_of(cls, app: AppCredentials) -> dict[str, str]:
        return {
            "app_secret": app.secret,
            "client_id": app.oauth_id,
            "client_secret": app.oauth_secret,
            "bearer_token": app.bearer_token,
        }

    def authorize_url(
        self, *, platform: str, state: str, redirect_uri: str, verifier: str, again: bool
    ) -> str:
        return self.consent(
            f"{settings.X_LOGIN_URL}/i/oauth2/authorize",
            state=state,
            redirect_uri=redirect_uri,
            scopes=[each.name for each in scopes_of(platform)],
            verifier=verifier,
        )

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        return base.grant_of(
            self.trade(
                f"{settings.X_API_URL}/2/oauth2/token",
                code=code,
                redirect_uri=redirect_uri,
                verifier=verifier,
                client="client_secret_basic",
            )
        )

    def revoke(self, config: Mapping[str, Any]) -> bool:
        """https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token"""
        url = f"{settings.X_API_URL}/2/oauth2/revoke"
        self.give_back(url, str(config.get("access_token") or ""), client="client_secret_basic")
        return True

    def accounts(self, grant: Grant) -> list[Account]:
        answer = http.request(
            "GET",
            f"{settings.X_API_URL}/2/users/me",
            headers={"Authorization": f"Bearer {grant.access_token}"},
            idempotent=True,
        )
        user = wire.get_object(answer if isinstance(answer, dict) else {}, "data")
        account_id, name = wire.get_id(user, "id"), wire.label(user, "username")
        return [base.profile_account(grant, platform="x", account_id=account_id, name=name)]

"""TikTok business accounts: consent at tiktok.com, tokens from the API for Business.

https://business-api.tiktok.com/portal/docs?id=1832183871604753
https://business-api.tiktok.com/portal/docs?id=1738084387220481
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
from tenants.plugins.errors import CredentialsRejected


class TikTokSignIn(base.SignIn):
    app = "tiktok"
    platforms = ("tiktok",)
    uses_pkce = False
    hint = "For business accounts outside Europe and the United Kingdom."

    @classmethod
    def consent_origin(cls) -> str:
        return base.origin(settings.TIKTOK_LOGIN_URL)

    @classmethod
    def config_of(cls, app: AppCredentials) -> dict[str, str]:
        return {"app_secret": app.oauth_secret, "client_key": app.oauth_id}

    def authorize_url(
        self, *, platform: str, state: str, redirect_uri: str, verifier: str, again: bool
    ) -> str:
        return self.consent(
            f"{settings.TIKTOK_LOGIN_URL}/v2/auth/authorize/",
            state=state,
            redirect_uri=redirect_uri,
            scopes=[each.name for each in scopes_of(platform)],
            separator=",",
            client_key=self.credentials.oauth_id,
        )

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        """JSON instead of a form, and the code is called ``auth_code``."""
        body = {
            "client_id": self.credentials.oauth_id,
            "client_secret": self.credentials.oauth_secret,
            "grant_type": "authorization_code",
            "auth_code": code,
            "redirect_uri": redirect_uri,
        }
        url = f"{settings.TIKTOK_API_URL}/tt_user/oauth2/token/"
        return base.grant_of(_data(http.request("POST", url, json=body)))

    def revoke(self, config: Mapping[str, Any]) -> bool:
        """https://business-api.tiktok.com/portal/docs?id=1832183871604753"""
        body = {
            "client_id": self.credentials.oauth_id,
            "client_secret": self.credentials.oauth_secret,
            "access_token": str(config.get("access_token") or ""),
        }
        url = f"{settings.TIKTOK_API_URL}/tt_user/oauth2/revoke/"
        _data(http.request("POST", url, json=body, idempotent=True))
        return True

    def accounts(self, grant: Grant) -> list[Account]:
        account_id = wire.get_id(dict(grant.raw), "open_id")
        answer = http.request(
            "GET",
            f"{settings.TIKTOK_API_URL}/business/get/",
            params={"business_id": account_id, "fields": '["username","display_name"]'},
            headers={"Access-Token": grant.access_token},
            idempotent=True,
        )
        about = _data(answer)
        name = wire.label(about, "username") or wire.label(about, "display_name")
        return [base.profile_account(grant, platform="tiktok", account_id=account_id, name=name)]


def _data(answer: Any) -> dict[str, Any]:
    """TikTok answers 200 to nearly everything; ``code`` says what it means."""
    found = answer if isinstance(answer, dict) else {}
    if found.get("code") != 0:
        text = wire.label(found, "message", 300) or "TikTok gave no token."
        raise CredentialsRejected(text, code=str(found.get("code", ""))[:64])
    return wire.get_object(found, "data")

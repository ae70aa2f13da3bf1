"""Instagram API with Instagram Login: an account without a Facebook page.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
"""

from typing import Any

from django.conf import settings

from channels_app import graph, wire
from channels_app.scopes import scopes_of
from channels_app.sign_ins import base
from channels_app.sign_ins.base import Account, Grant
from tenants.plugins.credentials import AppCredentials


class InstagramLogin(base.SignIn):
    app = "instagram"
    platforms = ("instagram",)
    uses_pkce = False
    hint = "For professional accounts; no Facebook page is needed."

    @classmethod
    def consent_origin(cls) -> str:
        return base.origin(settings.INSTAGRAM_LOGIN_URL)

    @classmethod
    def config_of(cls, app: AppCredentials) -> dict[str, str]:
        return {"app_id": app.app_id, "app_secret": app.secret, "verify_token": app.verify_token}

    def authorize_url(
        self, *, platform: str, state: str, redirect_uri: str, verifier: str, again: bool
    ) -> str:
        return self.consent(
            f"{settings.INSTAGRAM_LOGIN_URL}/oauth/authorize",
            state=state,
            redirect_uri=redirect_uri,
            scopes=[each.name for each in scopes_of("instagram", "instagram")],
            separator=",",
            force_reauth="true" if again else None,
        )

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        """A token of an hour, with the permissions in it, traded for one of sixty days."""
        answer = self.trade(
            f"{settings.INSTAGRAM_TOKEN_URL}/oauth/access_token",
            code=code.removesuffix("#_"),
            redirect_uri=redirect_uri,
        )
        first = _first(answer)
        short = base.grant_of(first)
        asked = {
            "grant_type": "ig_exchange_token",
            "client_secret": self.credentials.oauth_secret,
            "access_token": short.access_token,
        }
        long = base.grant_of(
            graph.get("access_token", short.access_token, asked, base=settings.INSTAGRAM_GRAPH_URL)
        )
        return Grant(
            access_token=long.access_token, seconds=long.seconds, scopes=_permissions(first)
        )

    def accounts(self, grant: Grant) -> list[Account]:
        me = graph.get(
            "me",
            grant.access_token,
            {"fields": "user_id,username,account_type"},
            base=settings.INSTAGRAM_GRAPH_URL,
        )
        # user_id is the professional account's id, which webhooks name; id is the app's own.
        account_id = wire.get_id(me, "user_id" if me.get("user_id") else "id")
        username = wire.label(me, "username")
        return [
            Account(
                platform="instagram",
                account_id=account_id,
                name=f"@{username}"[:100] if username else account_id,
                config={"page_token": grant.access_token, "login": "instagram"},
                scopes=grant.scopes,
                seconds=grant.seconds,
            )
        ]


def _first(answer: dict[str, Any]) -> dict[str, Any]:
    """Documented as ``{"data": [{…}]}``, and seen without the list."""
    for each, _ in wire.objects(answer.get("data")):
        if each:
            return each
    return answer


def _permissions(answer: dict[str, Any]) -> tuple[str, ...]:
    told = answer.get("permissions")
    words = told.split(",") if isinstance(told, str) else told if isinstance(told, list) else []
    return tuple(str(each).strip() for each in words if str(each).strip())

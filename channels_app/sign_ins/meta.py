"""Meta's dialog and its tokens, for every sign-in that begins at facebook.com."""

from django.conf import settings

from channels_app.scopes import scopes_of
from channels_app.sign_ins import base
from channels_app.sign_ins.base import Grant
from tenants.plugins.credentials import AppCredentials


class MetaSignIn(base.SignIn):
    uses_pkce = False  # Facebook's dialog knows none for confidential clients

    @classmethod
    def consent_origin(cls) -> str:
        return base.origin(settings.META_DIALOG_URL)

    @classmethod
    def config_of(cls, app: AppCredentials) -> dict[str, str]:
        return {
            "app_id": app.app_id,
            "app_secret": app.secret,
            "verify_token": app.verify_token,
        }

    def authorize_url(
        self, *, platform: str, state: str, redirect_uri: str, verifier: str, again: bool
    ) -> str:
        """A configuration of the app lists the permissions itself; else we name them."""
        configuration = self.credentials.configuration_id
        return self.consent(
            f"{settings.META_DIALOG_URL}/dialog/oauth",
            state=state,
            redirect_uri=redirect_uri,
            scopes=() if configuration else [each.name for each in scopes_of(platform)],
            separator=",",
            config_id=configuration or None,
            override_default_response_type="true" if configuration else None,
            auth_type="rerequest" if again else None,
        )

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        return base.grant_of(
            self.trade(
                f"{settings.META_GRAPH_URL}/oauth/access_token",
                code=code,
                redirect_uri=redirect_uri,
            )
        )

"""Outlook.com and Microsoft 365: IMAP and SMTP with a token instead of a password.

https://learn.microsoft.com/en-us/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from django.conf import settings

from channels_app import wire
from channels_app.scopes import scopes_of
from channels_app.sign_ins import base
from channels_app.sign_ins.base import Account, Grant
from tenants.plugins.credentials import AppCredentials
from tenants.plugins.errors import Rejected

SERVERS = {
    "inbound": "imap",
    "imap_host": "outlook.office365.com",
    "imap_port": 993,
    "imap_security": "tls",
    "outbound": "smtp",
    "smtp_host": "smtp.office365.com",
    "smtp_port": 587,
    "smtp_security": "starttls",
}


class Microsoft(base.SignIn):
    app = "microsoft"
    platforms = ("email",)

    @classmethod
    def consent_origin(cls) -> str:
        return base.origin(settings.MICROSOFT_LOGIN_URL)

    @classmethod
    def config_of(cls, app: AppCredentials) -> dict[str, str]:
        return {"client_id": app.oauth_id, "client_secret": app.oauth_secret}

    def authorize_url(
        self, *, platform: str, state: str, redirect_uri: str, verifier: str, again: bool
    ) -> str:
        mail = [each.name for each in scopes_of("email", "microsoft")]
        return self.consent(
            f"{settings.MICROSOFT_LOGIN_URL}/oauth2/v2.0/authorize",
            state=state,
            redirect_uri=redirect_uri,
            scopes=["offline_access", "openid", "email", *mail],
            verifier=verifier,
            prompt="consent" if again else "select_account",
        )

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        return base.grant_of(
            self.trade(
                f"{settings.MICROSOFT_LOGIN_URL}/oauth2/v2.0/token",
                code=code,
                redirect_uri=redirect_uri,
                verifier=verifier,
            )
        )

    def accounts(self, grant: Grant) -> list[Account]:
        claims = base.claims_of(grant.raw.get("id_token"), audience=self.credentials.oauth_id)
        address = wire.label(claims, "email") or wire.label(claims, "preferred_username")
        if "@" not in address:
            raise Rejected("Microsoft did not say whose mailbox it is.", code="no_address")
        return [base.mailbox(grant, vendor="microsoft", address=address, servers=SERVERS)]

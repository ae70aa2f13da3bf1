"""Gmail and Google Workspace: IMAP and SMTP with a token instead of a password.

https://developers.google.com/identity/protocols/oauth2/web-server
https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from channels_app import wire
from channels_app.scopes import scopes_of
from channels_app.sign_ins import base
from channels_app.sign_ins.base import Account, Grant
from tenants.plugins.errors import Rejected

# https://developers.google.com/workspace/gmail/imap/imap-smtp
SERVERS = {
    "inbound": "imap",
    "imap_host": "imap.gmail.com",
    "imap_port": 993,
    "imap_security": "tls",
    "outbound": "smtp",
    "smtp_host": "smtp.gmail.com",
    "smtp_port": 465,
    "smtp_security": "tls",
    "trusted_server": "mx.google.com",
}


class Google(base.MailboxSignIn):
    app = "google"

    @classmethod
    def consent_origin(cls) -> str:
        return base.origin(settings.GOOGLE_LOGIN_URL)

    @classmethod
    def issuer(cls) -> str:
        return str(settings.GOOGLE_LOGIN_URL)

    @classmethod
    def token_url(cls) -> str:
        return f"{settings.GOOGLE_TOKEN_URL}/token"

    def authorize_url(
        self, *, platform: str, state: str, redirect_uri: str, verifier: str, again: bool
    ) -> str:
        """``consent`` each time: only then comes a refresh token for somebody known already."""
        mail = [each.name for each in scopes_of("email", "google")]
        return self.consent(
            f"{settings.GOOGLE_LOGIN_URL}/o/oauth2/v2/auth",
            state=state,
            redirect_uri=redirect_uri,
            scopes=["openid", "email", *mail],
            verifier=verifier,
            access_type="offline",
            prompt="consent",
        )

    def revoke(self, config: Mapping[str, Any]) -> bool:
        """https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke"""
        url = f"{settings.GOOGLE_TOKEN_URL}/revoke"
        self.give_back(url, str(config.get("refresh_token") or config.get("access_token") or ""))
        return True

    def accounts(self, grant: Grant) -> list[Account]:
        claims = base.claims_of(grant.raw.get("id_token"), audience=self.credentials.oauth_id)
        address = wire.label(claims, "email").lower()
        if not address:
            raise Rejected("Google did not say whose mailbox it is.", code="no_address")
        return [base.mailbox(grant, vendor="google", address=address, servers=SERVERS)]

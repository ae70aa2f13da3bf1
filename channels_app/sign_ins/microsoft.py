"""Outlook.com and Microsoft 365: IMAP and SMTP with a token instead of a password.

https://learn.microsoft.com/en-us/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from typing import Any

from django.conf import settings

from channels_app import wire
from channels_app.scopes import scopes_of
from channels_app.sign_ins import base
from channels_app.sign_ins.base import Account, Grant
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


class Microsoft(base.MailboxSignIn):
    app = "microsoft"

    @classmethod
    def consent_origin(cls) -> str:
        return base.origin(settings.MICROSOFT_LOGIN_URL)

    @classmethod
    def token_url(cls) -> str:
        return f"{settings.MICROSOFT_LOGIN_URL}/oauth2/v2.0/token"

    def authorize_url(
        self, *, platform: str, state: str, redirect_uri: str, verifier: str, again: bool
    ) -> str:
        mail = [each.name for each in scopes_of("email", "microsoft")]
        return self.consent(
            f"{settings.MICROSOFT_LOGIN_URL}/oauth2/v2.0/authorize",
            state=state,
            redirect_uri=redirect_uri,
            scopes=["offline_access", "openid", "email", "profile", *mail],
            verifier=verifier,
            prompt="consent" if again else "select_account",
        )

    def accounts(self, grant: Grant) -> list[Account]:
        claims = base.claims_of(grant.raw.get("id_token"), audience=self.credentials.oauth_id)
        address = wire.label(claims, "email") or wire.label(claims, "preferred_username")
        if "@" not in address:
            raise Rejected("Microsoft did not say whose mailbox it is.", code="no_address")
        return [
            base.mailbox(
                grant,
                vendor="microsoft",
                address=address,
                servers=SERVERS,
                subject=_subject(claims),
            )
        ]


def _subject(claims: dict[str, Any]) -> str:
    """Who it is for good: names and addresses "might change over time", and may pass to others.

    https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference
    """
    tenant = wire.plain(claims.get("tid"), 64)
    person = wire.plain(claims.get("oid"), 64) or wire.plain(claims.get("sub"), 64)
    if not tenant or not person:
        raise Rejected("Microsoft did not say who signed in.", code="no_subject")
    return f"{tenant}:{person}"

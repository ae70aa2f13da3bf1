"""Sign-in by a company's own identity provider, where the company has set one.

allauth speaks OpenID Connect; here stand the company's settings, who comes in as whom, and the
guard: a company names the addresses we then ask (discovery, token, userinfo).
"""

from collections.abc import Mapping
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.http import HttpRequest
from django.shortcuts import render

from tenants import context
from tenants.accounts.models import SingleSignOn, User
from tenants.accounts.roles import Role
from tenants.audit.services import record
from tenants.plugins.requests_session import GuardedSession

PROVIDER_ID = "company"


def must_use_sso(user: User) -> bool:
    """Whether this member may come in by the company's own sign-in only."""
    if user.role == Role.ADMIN or context.schema() == context.PUBLIC:
        return False
    return SingleSignOn.objects.filter(is_active=True, is_required=True).exists()


def forget_identities() -> None:
    """Who is who at the provider: another provider's numbers may be other people's."""
    SocialAccount.objects.all().delete()


class SsoAdapter(DefaultSocialAccountAdapter):
    """How allauth meets a company's identity provider."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The company's one provider, as allauth knows providers; its row is never allauth's."""
        sso = SingleSignOn.current() if context.schema() != context.PUBLIC else None
        if sso is None or provider not in {None, "openid_connect", PROVIDER_ID}:
            return []
        return [
            SocialApp(
                provider="openid_connect",
                provider_id=PROVIDER_ID,
                name=sso.name,
                client_id=sso.client_id,
                secret=sso.client_secret,
                settings={"server_url": sso.issuer, "oauth_pkce_enabled": True},
            )
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the member whose address the provider vouches for; nobody else comes in."""
        sso = SingleSignOn.current()
        if sociallogin.is_existing or sso is None:
            return
        email = _vouched_address(sociallogin, sso)
        member = User.objects.filter(email__iexact=email).first() if email else None
        if member is not None:
            sociallogin.connect(request, member)
        elif not (email and sso.new_role and sso.answers_for(email)):
            shown = {"email": sociallogin.user.email, "name": sso.name}
            raise ImmediateHttpResponse(
                render(request, "account/no_member.html", shown, status=403)
            )

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Whoever got this far is from a domain whose people become members."""
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """A new member, with the role that the company gives to people of its domain."""
        sso = SingleSignOn.objects.get()
        sociallogin.user.role = sso.new_role
        user: User = super().save_user(request, sociallogin, form)
        details = {"role": user.role, "by": "sso"}
        record(action="user.joined", subject=user.actor, actor=user.actor, details=details)
        return user

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: Mapping[str, Any]
    ) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or "").strip()[:120]
        return user

    def get_requests_session(self) -> GuardedSession:
        return GuardedSession()


def _vouched_address(sociallogin: SocialLogin, sso: SingleSignOn) -> str:
    """An address that is theirs by the provider's word: said to be verified, or of a domain that
    the company says the provider answers for. Not every provider says ``email_verified``."""
    for address in sociallogin.email_addresses:
        if address.verified or sso.answers_for(address.email):
            return str(address.email).lower()
    email = str(sociallogin.user.email or "").lower()
    return email if email and sso.answers_for(email) else ""

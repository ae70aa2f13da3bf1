"""How allauth behaves on a company's host."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from tenants import crypto
from tenants.accounts.models import User
from tenants.accounts.sso import must_use_sso

MFA_COLUMN = "mfa_authenticator.data"


class AccountAdapter(DefaultAccountAdapter):
    """People join a company by invitation; only a company itself signs up, on the public host."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(
        self,
        request: HttpRequest,
        user: User,
        *,
        signal_kwargs: dict[str, Any] | None = None,
        **how: Any,
    ) -> HttpResponse | None:
        """Where the company requires its own sign-in, members come in by that only."""
        stopped: HttpResponse | None = super().pre_login(
            request, user, signal_kwargs=signal_kwargs, **how
        )
        if stopped or "sociallogin" in (signal_kwargs or {}) or not must_use_sso(user):
            return stopped
        clear_login(request)
        messages.error(request, _("Your company signs in by its own service."))
        return redirect("account_login")


class MfaAdapter(DefaultMFAAdapter):
    """Second factors' secrets lie under the company's key, like every other secret."""

    def encrypt(self, text: str) -> str:
        sealed = crypto.encrypt(text.encode(), column=MFA_COLUMN)
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(base64.b64decode(encrypted_text), column=MFA_COLUMN).decode()

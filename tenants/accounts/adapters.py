"""How allauth behaves on a company's host."""

import base64

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from tenants import crypto

MFA_COLUMN = "mfa_authenticator.data"


class AccountAdapter(DefaultAccountAdapter):
    """People join a company by invitation; only a company itself signs up, on the public host."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MfaAdapter(DefaultMFAAdapter):
    """Second factors' secrets lie under the company's key, like every other secret."""

    def encrypt(self, text: str) -> str:
        sealed = crypto.encrypt(text.encode(), column=MFA_COLUMN)
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(base64.b64decode(encrypted_text), column=MFA_COLUMN).decode()

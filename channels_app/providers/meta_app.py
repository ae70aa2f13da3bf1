"""What every product of a Meta app has in common: its two secrets, signature and handshake.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

import secrets
from collections.abc import Mapping

from django import forms

from channels_app import signatures
from channels_app.providers import base


class MetaAppForm(forms.Form):
    app_secret = forms.CharField(
        label="App secret", widget=forms.PasswordInput, max_length=200, required=False
    )
    verify_token = forms.CharField(
        label="Verify token", widget=forms.PasswordInput, max_length=200, required=False
    )


class MetaAppChannel(base.ChannelProvider):
    """Webhooks of all accounts come to the app; the body says whose each item is."""

    has_shared_address = True

    @classmethod
    def new_secret(cls, name: str) -> str:
        return secrets.token_urlsafe(24)

    @property
    def account_id(self) -> str:
        return str(self.config.get("account_id") or "")

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        secret = base.strict_config(self.config, "app_secret")
        signatures.check_hub_signature(headers.get("X-Hub-Signature-256", ""), secret, body)

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "app_secret")
        return {"X-Hub-Signature-256": f"sha256={signatures.hex_hmac(secret, body)}"}

    def handshake(self, query: Mapping[str, str]) -> str:
        return signatures.hub_challenge(dict(query), str(self.config.get("verify_token") or ""))

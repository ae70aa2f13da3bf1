"""What every product of a Meta app has in common: its two secrets, signature and handshake.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started
"""

import secrets
from collections.abc import Mapping

from django import forms

from channels_app import graph, signatures, wire
from channels_app.findings import Finding, finding
from channels_app.providers import base
from channels_app.providers.access import Probed
from tenants.plugins.errors import SignatureMismatch


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
        """The verify token is ours to choose; Meta hands out the app secret and every token."""
        return secrets.token_urlsafe(24) if name == "verify_token" else ""

    @property
    def account_id(self) -> str:
        return str(self.config.get("account_id") or "")

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        try:
            secret = base.strict_config(self.config, "app_secret")
            signatures.check_hub_signature(headers, secret, body)
        except SignatureMismatch:
            if not self.config.get("second_secret"):
                raise
            second = base.strict_config(self.config, "second_secret")
            signatures.check_hub_signature(headers, second, body)

    def signed(self, body: bytes) -> dict[str, str]:
        secret = base.strict_config(self.config, "app_secret")
        return {"X-Hub-Signature-256": signatures.hub_signature(secret, body)}

    def about_token(self, token: str) -> Probed:
        """What Meta says of a token: whether it is valid, what for, until when.

        https://developers.facebook.com/docs/graph-api/reference/debug_token/: our app may ask
        about any token; where we do not know the app, a token asks about itself.
        """
        app_id = str(self.config.get("app_id") or "")
        secret = str(self.config.get("app_secret") or "")
        asking = f"{app_id}|{secret}" if app_id and secret else token
        data = wire.get_object(graph.get("debug_token", asking, {"input_token": token}), "data")
        found: tuple[Finding, ...] = ()
        if not data.get("is_valid"):
            said = wire.label(wire.get_object(data, "error"), "message") or "not valid"
            found = (finding("credentials", said=said),)
        scopes = [each for each in wire.get_list(data, "scopes") if isinstance(each, str)]
        return Probed(
            found,
            scopes=tuple(scopes) or None,
            token_ends_at=wire.moment(data.get("expires_at") or None),
            data_access_ends_at=wire.moment(data.get("data_access_expires_at") or None),
        )

    def handshake(self, query: Mapping[str, str]) -> str:
        return signatures.hub_challenge(dict(query), str(self.config.get("verify_token") or ""))

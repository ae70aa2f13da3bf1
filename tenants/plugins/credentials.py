"""What our own app at a vendor is known by there. Plain values: plug-ins are handed them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCredentials:
    """One app, as far as we were told; ``can_sign_in`` says whether that is enough for OAuth 2."""

    platform: str
    app_id: str = ""
    secret: str = ""
    verify_token: str = ""
    client_id: str = ""
    client_secret: str = ""
    configuration_id: str = ""
    bearer_token: str = ""

    @property
    def oauth_id(self) -> str:
        return self.client_id or self.app_id

    @property
    def oauth_secret(self) -> str:
        return self.client_secret or ("" if self.client_id else self.secret)

    @property
    def can_sign_in(self) -> bool:
        return bool(self.oauth_id and self.oauth_secret)

"""WhatsApp Embedded Signup: a business account and its numbers.

https://developers.facebook.com/docs/whatsapp/embedded-signup
https://developers.facebook.com/docs/whatsapp/embedded-signup/onboarding-customers-as-a-tech-provider
"""

from typing import Any

from django.conf import settings

from channels_app import graph, wire
from channels_app.scopes import scopes_of
from channels_app.sign_ins import base
from channels_app.sign_ins.base import Account, Grant
from tenants.plugins.credentials import AppCredentials
from tenants.plugins.errors import Rejected

NUMBER_FIELDS = "id,display_phone_number,verified_name,status,code_verification_status"
MANAGEMENT = "whatsapp_business_management"


class WhatsAppSignUp(base.SignIn):
    app = "whatsapp"
    platforms = ("whatsapp",)
    uses_pkce = False
    hint = "Meta leads you through your business, its WhatsApp account and the number."

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
        """The business's own token: it lasts until somebody revokes it."""
        return base.grant_of(
            self.trade(
                f"{settings.META_GRAPH_URL}/oauth/access_token",
                code=code,
                redirect_uri=redirect_uri,
            )
        )

    def accounts(self, grant: Grant) -> list[Account]:
        """The token itself says which business accounts were shared, the newest first."""
        ours = f"{self.credentials.oauth_id}|{self.credentials.oauth_secret}"
        answer = graph.get("debug_token", ours, {"input_token": grant.access_token})
        data = wire.get_object(answer, "data")
        if not data.get("is_valid"):
            raise Rejected("Meta says that the access it gave us is not valid.", code="not_valid")
        scopes = tuple(each for each in wire.get_list(data, "scopes") if isinstance(each, str))
        found: list[Account] = []
        for business in _businesses(data):
            found += self._numbers(business, grant, scopes)
        return found

    def _numbers(self, business: str, grant: Grant, scopes: tuple[str, ...]) -> list[Account]:
        path, token = f"{graph.segment(business)}/phone_numbers", grant.access_token
        answer = graph.get(path, token, {"fields": NUMBER_FIELDS})
        return [
            Account(
                platform="whatsapp",
                account_id=wire.get_id(number, "id"),
                name=_name_of(number),
                config={"access_token": token, "business_account_id": business},
                scopes=scopes,
                seconds=grant.seconds,
            )
            for number, _ in wire.objects(answer.get("data"))
            if number
        ]


def _businesses(data: dict[str, Any]) -> list[str]:
    for granular, _ in wire.objects(data.get("granular_scopes")):
        if granular and granular.get("scope") == MANAGEMENT:
            return [str(each) for each in wire.get_list(granular, "target_ids")][:20]
    return []


def _name_of(number: dict[str, Any]) -> str:
    shown = wire.label(number, "display_phone_number")
    verified = wire.label(number, "verified_name")
    return " · ".join(filter(None, [verified, shown]))[:100] or wire.get_id(number, "id")

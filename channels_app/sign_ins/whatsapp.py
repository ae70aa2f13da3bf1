"""WhatsApp Embedded Signup: a business account and its numbers.

https://developers.facebook.com/docs/whatsapp/embedded-signup
https://developers.facebook.com/docs/whatsapp/embedded-signup/onboarding-customers-as-a-tech-provider
"""

from typing import Any

from channels_app import graph, wire
from channels_app.sign_ins.base import Account, Grant
from channels_app.sign_ins.meta import MetaSignIn
from tenants.plugins.errors import Rejected

NUMBER_FIELDS = "id,display_phone_number,verified_name,status,code_verification_status"
MANAGEMENT = "whatsapp_business_management"


class WhatsAppSignUp(MetaSignIn):
    """The token is the business's own: it lasts until somebody revokes it."""

    app = "whatsapp"
    platforms = ("whatsapp",)
    hint = "Meta leads you through your business, its WhatsApp account and the number."

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

"""The sign-ins of CRMs: consent, codes, access that ends, refresh tokens that may work once.

https://developers.hubspot.com/docs/api-reference/auth-oauth-v3/guide
https://pipedrive.readme.io/docs/marketplace-oauth-authorization
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_refresh_token_flow.htm
"""

import secrets
from typing import Any, ClassVar

from config.simulator.consent import Desk, Grant, Refusal, form_of
from config.simulator.wire import Answer, Request
from config.simulator.world import World

HALF_HOUR, HOUR = 1_800, 3_600


class CrmLogin:
    """One CRM's authorisation server. ``/_sim/oauth`` says how it is: ``rotates`` (each refresh
    token works once), ``seconds``, ``client_secret``; ``/_sim/grants`` ends what was given."""

    vendor: ClassVar[str]
    seconds: ClassVar[int] = 0
    rotates: ClassVar[bool] = False
    pkce: ClassVar[bool] = False
    separator: ClassVar[str] = " "

    def __init__(self, world: World) -> None:
        self.world = world
        self.desk = Desk(world, self.vendor, pkce=self.pkce)

    def answer(self, request: Request, what: str) -> Answer:
        """``what`` is the last word of the address: authorize, token, revoke."""
        if what == "authorize":
            return self.desk.answer(request)
        form = form_of(request)
        if what == "revoke":
            self.desk.revoke(form.get("token", ""))
            return Answer({})
        try:
            return Answer(self._traded(form), kind="token", note={"grant": form.get("grant_type")})
        except Refusal as refusal:
            return Answer(self.refused(refusal), 400)

    def takes(self, token: str) -> bool:
        """Whether a bearer opens anything: one of ours that has ended does not."""
        return token not in self.desk.grants or self.desk.grant_of(token) is not None

    def account_of(self, token: str) -> dict[str, Any]:
        """Whose token it is, as its person ticked."""
        grant = self.desk.grant_of(token)
        chosen = self.desk.chosen(grant) if grant else []
        return chosen[0] if chosen else {}

    def described(self, account: dict[str, Any], grant: Grant) -> dict[str, Any]:
        """What a token answer says beside the tokens."""
        return {"scope": self.separator.join(grant.scopes)}

    def refused(self, refusal: Refusal) -> dict[str, Any]:
        return dict(refusal.body)

    def _traded(self, form: dict[str, str]) -> dict[str, Any]:
        if form.get("grant_type") != "refresh_token":
            grant = self.desk.redeem(form).grant
            if not grant.accounts:
                raise Refusal("invalid_grant", "No account was chosen.")
            return self._answered(grant, self._refresh_token(grant))
        given = form.get("refresh_token", "")
        if not self.desk.is_secret(form):
            raise Refusal("invalid_client", "client identifier invalid")
        grant = self.desk.grants.get(given, Grant(self.vendor, [], [], is_valid=False))
        if not grant.is_valid:
            raise Refusal("invalid_grant", "expired access/refresh token")
        if not self.desk.told.get("rotates", self.rotates):
            return self._answered(grant, "")
        self.desk.revoke(given)  # it has worked, and does not again
        return self._answered(grant, self._refresh_token(grant))

    def _refresh_token(self, grant: Grant) -> str:
        made = f"refresh-{self.vendor}-{secrets.token_urlsafe(12)}"
        self.desk.grants[made] = Grant(grant.vendor, list(grant.scopes), list(grant.accounts))
        return made

    def _answered(self, grant: Grant, refresh: str) -> dict[str, Any]:
        seconds = self.desk.told.get("seconds", self.seconds)
        told = {
            "access_token": self.desk.token(grant, seconds=seconds),
            "token_type": "bearer",
            **({"refresh_token": refresh} if refresh else {}),
            **({"expires_in": seconds} if seconds else {}),
        }
        accounts = self.desk.chosen(grant)
        return told | self.described(accounts[0] if accounts else {}, grant)


class HubSpotLogin(CrmLogin):
    vendor = "hubspot"
    seconds = HALF_HOUR

    def described(self, account: dict[str, Any], grant: Grant) -> dict[str, Any]:
        return {"hub_id": int(account.get("id", 0)), "scopes": grant.scopes}

    def refused(self, refusal: Refusal) -> dict[str, Any]:
        """With the fields of before beside those of the RFC."""
        known = {"invalid_grant": "BAD_REFRESH_TOKEN"}
        status = known.get(refusal.error, "BAD_CLIENT_ID")
        return {**refusal.body, "status": status, "message": refusal.description}


class PipedriveLogin(CrmLogin):
    vendor = "pipedrive"
    seconds = HOUR
    rotates = True
    separator = ","

    def described(self, account: dict[str, Any], grant: Grant) -> dict[str, Any]:
        """The scopes are those of the app, whatever the address says."""
        return {
            "scope": self.separator.join(self.desk.told.get("scopes", PIPEDRIVE_SCOPES)),
            "api_domain": f"{self.world.base}/pipedrive",
        }


PIPEDRIVE_SCOPES = [
    *("base", "contacts:full", "contact-fields:full", "deals:full", "deal-fields:full"),
    *("leads:full", "users:read"),
]


class SalesforceLogin(CrmLogin):
    vendor = "salesforce"
    pkce = True

    def described(self, account: dict[str, Any], grant: Grant) -> dict[str, Any]:
        return {
            "scope": self.separator.join(grant.scopes),
            "instance_url": f"{self.world.base}/salesforce",
            "id": f"{self.world.base}/salesforce/id/{account.get('id')}/005000000000001AAA",
            "issued_at": "1760000000000",
            "signature": "c2ltdWxhdGVk",
        }

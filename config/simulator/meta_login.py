"""Facebook Login for Business and WhatsApp Embedded Signup, as far as our sign-ins need them.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
https://developers.facebook.com/docs/graph-api/reference/debug_token/
"""

import time
from typing import Any

from config.simulator.consent import Desk, Grant, Refusal, form_of
from config.simulator.graph_errors import graph_error
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, World

HOUR, SIXTY_DAYS = 3_600, 60 * 86_400
PERMISSIONS = {
    "messenger": [
        "pages_show_list",
        "pages_messaging",
        "pages_manage_metadata",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_manage_engagement",
    ],
    "instagram": [
        "pages_show_list",
        "instagram_basic",
        "instagram_manage_messages",
        "instagram_manage_comments",
        "pages_manage_metadata",
    ],
    "whatsapp": ["whatsapp_business_management", "whatsapp_business_messaging"],
}


class MetaLogin:
    """The dialog, the tokens, and what Graph says of them and of the webhooks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.desk = Desk(world, "meta", separator=",")

    def answer(self, request: Request, path: list[str], token: str) -> Answer | None:
        """What is asked of sign-ins; None if it is about something else."""
        if path == ["dialog", "oauth"]:
            return self.desk.answer(request)
        if path == ["oauth", "access_token"]:
            is_code = request.method == "POST"
            return self._trade(request) if is_code else self._lengthen(request.query)
        return self._told(request, path, token)

    def _told(self, request: Request, path: list[str], token: str) -> Answer | None:
        match request.method, path:
            case "GET", ["debug_token"]:
                return self._debug(request.query.get("input_token", ""), token)
            case "GET", ["me", "permissions"]:
                return self._permissions(token)
            case "GET", ["me", "accounts"]:
                return self._pages(token)
            case "GET", [business, "phone_numbers"]:
                return self._numbers(business, token)
            case _, [account_id, "subscribed_apps"]:
                return self._subscriptions(request, account_id, token)
        return None

    def grant_of(self, token: str) -> Grant | None:
        """What a token allows; one that was only told to us allows everything its account needs."""
        known = self.desk.grants.get(token)
        if known is not None:
            return self.desk.grant_of(token)
        for platform, scopes in PERMISSIONS.items():
            owner = self.world.by_token(platform, token)
            if owner is not None:
                grant = Grant("meta", list(scopes), [owner.account_id])
                self.desk.grants[token] = grant
                return grant
        return None

    # -- tokens

    def _trade(self, request: Request) -> Answer:
        try:
            code = self.desk.redeem(form_of(request))
        except Refusal as refusal:
            return graph_error(100, refusal.description, subcode=36009)
        is_whatsapp = any(scope.startswith("whatsapp") for scope in code.grant.scopes)
        seconds = 0 if is_whatsapp else HOUR
        made = self.desk.token(code.grant, seconds=seconds, code=code)
        lasts = {"expires_in": seconds} if seconds else {}
        return Answer({"access_token": made, "token_type": "bearer", **lasts})

    def _lengthen(self, query: dict[str, str]) -> Answer:
        short = query.get("fb_exchange_token", "")
        grant = self.desk.grant_of(short)
        if grant is None or not query.get("client_secret"):
            return graph_error(190)
        made = self.desk.token(grant, seconds=SIXTY_DAYS)
        return Answer({"access_token": made, "token_type": "bearer", "expires_in": SIXTY_DAYS})

    def _debug(self, asked: str, token: str) -> Answer:
        """https://developers.facebook.com/docs/graph-api/reference/debug_token/: the app's own
        token may ask about any, and a token about itself."""
        if "|" not in token and token != asked:
            return graph_error(100, "You must provide an app access token.")
        known, grant = self.desk.grants.get(asked), self.grant_of(asked)
        if known is None and grant is None:
            wrong = {"code": 190, "message": "Invalid OAuth access token."}
            return Answer({"data": {"is_valid": False, "error": wrong, "scopes": []}})
        shown = grant or known
        assert shown is not None  # noqa: S101 (one of the two is there)
        told: dict[str, Any] = {
            "app_id": token.partition("|")[0] if "|" in token else "1500000000000001",
            "type": "PAGE",
            "is_valid": grant is not None,
            "scopes": shown.scopes,
            "expires_at": int(shown.expires_at),
            "data_access_expires_at": int(
                self.desk.told.get("data_access_expires_at", time.time() + 90 * 86_400)
            ),
            "granular_scopes": [
                {"scope": scope, "target_ids": shown.accounts} for scope in shown.scopes
            ],
        }
        if grant is None:
            told["error"] = {
                "code": 190,
                "subcode": 463,
                "message": "Error validating access token: Session has expired",
            }
        return Answer({"data": told})

    def _permissions(self, token: str) -> Answer:
        grant = self.grant_of(token)
        if grant is None:
            return graph_error(190)
        return Answer({"data": [{"permission": e, "status": "granted"} for e in grant.scopes]})

    # -- accounts

    def _pages(self, token: str) -> Answer:
        grant = self.grant_of(token)
        if grant is None:
            return graph_error(190)
        if "pages_show_list" not in grant.scopes:
            return Answer({"data": []})
        pages = [each for each in self.desk.chosen(grant) if "numbers" not in each]
        return Answer({"data": [self._page(each, grant) for each in pages]})

    def _page(self, told: dict[str, Any], grant: Grant) -> dict[str, Any]:
        page_id = str(told["id"])
        made = self.desk.token(Grant("meta", grant.scopes, [page_id]))  # it does not end
        self._know("messenger", page_id, made)
        page: dict[str, Any] = {
            "id": page_id,
            "name": told.get("name", page_id),
            "access_token": made,
            "tasks": told.get("tasks", ["MESSAGING", "MODERATE", "MANAGE"]),
        }
        if behind := told.get("instagram"):
            page["instagram_business_account"] = behind
            self._know("instagram", str(behind["id"]), made)
        return page

    def _know(self, platform: str, account_id: str, token: str) -> Account:
        account = self.world.account(platform, account_id)
        account.token = token
        return account

    def _numbers(self, business: str, token: str) -> Answer:
        grant = self.grant_of(token)
        if grant is None or business not in grant.accounts:
            return graph_error(200, "You do not have permission to access this object.")
        told = next((e for e in self.desk.accounts if str(e["id"]) == business), {})
        found = []
        for number in told.get("numbers", []):
            self._know("whatsapp", str(number["id"]), token)
            found.append({"verified_name": told.get("name", ""), **number})
        return Answer({"data": found})

    # -- webhooks

    def _subscriptions(self, request: Request, account_id: str, token: str) -> Answer:
        """https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps/"""
        owner = self._owner(account_id, token)
        kept: dict[str, Any] = self.world.store.setdefault("subscribed_apps", {})
        grant = self.grant_of(token)
        if request.method == "GET":
            return Answer({"data": [kept[owner]] if owner in kept else []})
        if request.method == "DELETE":
            kept.pop(owner, None)
            return Answer({"success": True})
        needed = {"pages_manage_metadata", "whatsapp_business_management"}
        if grant is not None and not needed & set(grant.scopes):
            return graph_error(200, "Requires pages_manage_metadata permission.")
        fields = request.query.get("subscribed_fields") or str(
            request.json().get("subscribed_fields") or ""
        )
        kept[owner] = {
            "id": "1500000000000001",
            "name": "Leadwire",
            "subscribed_fields": [each for each in fields.split(",") if each],
            "whatsapp_business_api_data": {"id": "1500000000000001", "name": "Leadwire"},
        }
        return Answer({"success": True})

    def _owner(self, account_id: str, token: str) -> str:
        if account_id != "me":
            return account_id
        page = self.world.by_token("messenger", token)
        return page.account_id if page else f"page-of-{token}"

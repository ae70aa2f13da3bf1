"""Facebook Login for Business: pages, and the Instagram accounts behind them.

https://developers.facebook.com/docs/facebook-login/facebook-login-for-business
https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived
https://developers.facebook.com/docs/graph-api/reference/user/accounts/
"""

from typing import Any

from channels_app import graph, wire
from channels_app.sign_ins import base
from channels_app.sign_ins.base import Account, Grant
from channels_app.sign_ins.meta import MetaSignIn
from tenants.plugins.errors import ProviderError

MAX_PAGES = 20
FIELDS = "id,name,access_token,tasks,instagram_business_account{id,username}"


class Facebook(MetaSignIn):
    app = "meta"
    platforms = ("messenger", "instagram")
    hint = "Choose every page that is to be answered here; those not chosen stay invisible to us."

    def grant(self, *, code: str, redirect_uri: str, verifier: str) -> Grant:
        """A token of an hour, traded for one of sixty days: page tokens got by it do not end."""
        short = super().grant(code=code, redirect_uri=redirect_uri, verifier=verifier)
        asked = {
            "grant_type": "fb_exchange_token",
            "client_id": self.credentials.oauth_id,
            "client_secret": self.credentials.oauth_secret,
            "fb_exchange_token": short.access_token,
        }
        return base.grant_of(graph.get("oauth/access_token", short.access_token, asked))

    def accounts(self, grant: Grant) -> list[Account]:
        granted = granted_scopes(grant.access_token)
        asked = {"fields": FIELDS, "limit": "100"}
        found: list[Account] = []
        for _ in range(MAX_PAGES):
            answer = graph.get("me/accounts", grant.access_token, asked)
            for page, _raw in wire.objects(answer.get("data")):
                if page:
                    found += _accounts_of(page, granted)
            paging = wire.get_object(answer, "paging")
            after = wire.label(wire.get_object(paging, "cursors"), "after", 1000)
            if not after or not paging.get("next"):
                break
            asked["after"] = after
        return found


def granted_scopes(token: str) -> tuple[str, ...]:
    """https://developers.facebook.com/docs/graph-api/reference/user/permissions/"""
    try:
        answer = graph.get("me/permissions", token, {})
    except ProviderError:
        return ()  # a system user's token has no such edge
    return tuple(
        wire.label(each, "permission")
        for each, _ in wire.objects(answer.get("data"))
        if each and each.get("status") == "granted"
    )


def _accounts_of(page: dict[str, Any], granted: tuple[str, ...]) -> list[Account]:
    token = wire.label(page, "access_token", 1000)
    page_id = wire.get_id(page, "id")
    if not token:
        return []
    config = {"page_token": token, "page_id": page_id}
    name = wire.label(page, "name") or page_id
    tasks = page.get("tasks")
    # https://developers.facebook.com/docs/pages-api/overview#tasks
    cannot = isinstance(tasks, list) and "MESSAGING" not in tasks and "MANAGE" not in tasks
    note = "Your role at this page does not let you answer its messages." if cannot else ""
    found = [
        Account(
            platform="messenger",
            account_id=page_id,
            name=name[:100],
            config=config,
            scopes=granted,
            note=note,
        )
    ]
    behind = wire.get_object(page, "instagram_business_account")
    if behind.get("id"):
        username = wire.label(behind, "username")
        found.append(
            Account(
                platform="instagram",
                account_id=wire.get_id(behind, "id"),
                name=(f"@{username}" if username else name)[:100],
                config=config,
                scopes=granted,
                note=note,
            )
        )
    return found

"""Networks of which we need the sign-in alone, or before all: Instagram Login, Google, Microsoft.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
https://developers.google.com/identity/protocols/oauth2/web-server
https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
"""

import secrets
import uuid
from typing import Any, ClassVar

from config.simulator.consent import Desk, Grant, Refusal, form_of, id_token
from config.simulator.courier import Courier
from config.simulator.graph_errors import graph_error
from config.simulator.vendor import Vendor
from config.simulator.wire import Answer, Request
from config.simulator.world import Fault, World

HOUR, SIXTY_DAYS = 3_600, 60 * 86_400
DIRECTORY = "72f988bf-0000-4000-8000-2d7cd011db47"  # a customer of Microsoft's


class Instagram(Vendor):
    """Its login page, its token endpoint and the beginnings of its Graph API."""

    name = "instagram"

    def __init__(self, world: World, courier: Courier) -> None:
        super().__init__(world, courier)
        self.desk = Desk(world, "instagram", separator=",")

    def answer(self, request: Request) -> Answer:
        path = [part for part in request.parts if not part.startswith("v2")]
        token = request.bearer or request.query.get("access_token", "")
        match request.method, path:
            case _, ["oauth", "authorize"]:
                return self.desk.answer(request)
            case "POST", ["oauth", "access_token"]:
                return self._trade(request)
            case "GET", ["access_token"] | ["refresh_access_token"]:
                return self._lengthen(token)
        grant = self.desk.grant_of(token)
        if grant is None:
            return graph_error(190)
        match request.method, path:
            case "GET", ["me"]:
                return self._me(grant)
            case "POST", [_, "messages"]:
                return self._send(request.json())
            case _, [_, "subscribed_apps"]:
                return self._subscriptions(request, grant)
        return graph_error(100)

    def failure(self, fault: Fault) -> Answer:
        return graph_error(fault.code or 1, status=fault.status, subcode=fault.subcode)

    def _trade(self, request: Request) -> Answer:
        try:
            code = self.desk.redeem(form_of(request))
        except Refusal as refusal:
            wrong = {"error_type": "OAuthException", "code": 400}
            return Answer({**wrong, "error_message": refusal.description}, 400)
        made = self.desk.token(code.grant, seconds=HOUR, code=code)
        one = {
            "access_token": made,
            "user_id": int(code.grant.accounts[0]) if code.grant.accounts else 0,
            "permissions": ",".join(code.grant.scopes),
        }
        return Answer({"data": [one]})

    def _lengthen(self, token: str) -> Answer:
        grant = self.desk.grant_of(token)
        if grant is None:
            return graph_error(190)
        made = self.desk.token(grant, seconds=SIXTY_DAYS)
        return Answer({"access_token": made, "token_type": "bearer", "expires_in": SIXTY_DAYS})

    def _me(self, grant: Grant) -> Answer:
        for account in self.desk.chosen(grant):
            return Answer(
                {
                    "id": f"9{account['id']}",
                    "user_id": str(account["id"]),
                    "username": account.get("name", "demo"),
                    "account_type": "BUSINESS",
                }
            )
        return graph_error(100)

    def _send(self, body: dict[str, Any]) -> Answer:
        recipient = str((body.get("recipient") or {}).get("id", ""))
        text = str((body.get("message") or {}).get("text", ""))
        if not recipient or not text:
            return graph_error(100)
        mid = f"m_{secrets.token_urlsafe(24)}"
        note = {
            "platform": "instagram",
            "recipient": recipient,
            "text": text,
            "external_id": mid,
        }
        answer = {"recipient_id": recipient, "message_id": mid}
        return Answer(answer, kind="send", note=note)

    def _subscriptions(self, request: Request, grant: Grant) -> Answer:
        kept: dict[str, Any] = self.world.store.setdefault("subscribed_apps", {})
        owner = f"instagram:{','.join(grant.accounts)}"
        if request.method == "GET":
            return Answer({"data": [kept[owner]] if owner in kept else []})
        if request.method == "DELETE":
            kept.pop(owner, None)
            return Answer({"success": True})
        fields = request.query.get("subscribed_fields", "") or str(
            request.json().get("subscribed_fields", "")
        )
        kept[owner] = {"id": "1", "subscribed_fields": fields.split(",")}
        return Answer({"success": True})


class Mailbox(Vendor):
    """An OpenID provider whose tokens open a mailbox."""

    authorize: ClassVar[list[str]]
    token: ClassVar[list[str]]

    def __init__(self, world: World, courier: Courier) -> None:
        super().__init__(world, courier)
        self.desk = Desk(world, self.name, pkce=True)

    def answer(self, request: Request) -> Answer:
        if request.parts == self.authorize:
            return self.desk.answer(request)
        if request.parts == self.token and request.method == "POST":
            return self._token(request)
        if request.parts == ["revoke"]:
            kept = self.world.store.get(f"refresh:{self.name}", {})
            kept.pop(form_of(request).get("token", ""), None)
            return Answer({})
        return Answer({"error": "not_found"}, 404)

    def failure(self, fault: Fault) -> Answer:
        body = {"error": fault.message or "invalid_grant", "error_description": "Told to refuse."}
        return Answer(body, fault.status or 400)

    def _token(self, request: Request) -> Answer:
        form = form_of(request)
        if form.get("grant_type") == "refresh_token":
            return self._refresh(form)
        try:
            code = self.desk.redeem(form)
        except Refusal as refusal:
            return Answer(refusal.body, 400)
        made = self._tokens(code.grant)
        if code.grant.accounts:
            claims = self._claims(code.grant.accounts[0])
            made["id_token"] = id_token(form["client_id"], claims)
        return Answer(made)

    def _claims(self, email: str) -> dict[str, Any]:
        return {"email": email, "sub": email}

    def _tokens(self, grant: Grant) -> dict[str, Any]:
        refresh = f"refresh-{secrets.token_urlsafe(12)}"
        self.world.store.setdefault(f"refresh:{self.name}", {})[refresh] = grant
        return {
            "access_token": self.desk.token(grant, seconds=HOUR),
            "refresh_token": refresh,
            "expires_in": HOUR,
            "token_type": "Bearer",
            "scope": " ".join(grant.scopes),
        }

    def _refresh(self, form: dict[str, str]) -> Answer:
        kept = self.world.store.get(f"refresh:{self.name}", {})
        grant = kept.get(form.get("refresh_token", ""))
        if grant is None or not grant.is_valid:
            gone = "Token has been expired or revoked."
            return Answer({"error": "invalid_grant", "error_description": gone}, 400)
        made = self._tokens(grant)
        if self.name == "google":  # which keeps the refresh token it gave
            made.pop("refresh_token")
        return Answer(made)


class Google(Mailbox):
    name = "google"
    authorize: ClassVar[list[str]] = ["o", "oauth2", "v2", "auth"]
    token: ClassVar[list[str]] = ["token"]


class Microsoft(Mailbox):
    name = "microsoft"
    authorize: ClassVar[list[str]] = ["oauth2", "v2.0", "authorize"]
    token: ClassVar[list[str]] = ["oauth2", "v2.0", "token"]

    def _claims(self, email: str) -> dict[str, Any]:
        """Names change there, and pass to others; the two ids stay."""
        claims = {"preferred_username": email, "tid": DIRECTORY, "oid": person_of(email)}
        return {**super()._claims(email), **claims, "sub": f"pairwise-{person_of(email)}"}


def person_of(email: str) -> str:
    """The id of whoever had this address first."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, email))

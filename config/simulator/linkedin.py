"""LinkedIn's Community Management: notifications of a page, pushed or pulled, and comments.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/
"""

import hashlib
import hmac
import json
import re
import secrets
import time
from typing import Any

import httpx

from config.simulator.consent import Desk, Grant, Refusal, form_of
from config.simulator.courier import Courier, Parcel
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault, World

ORGANIZATION = "urn:li:organization:"
POST = "urn:li:activity:7100000000000000001"
BATCH = 10
MESSAGES = {
    401: "Invalid access token",
    403: "Not enough permissions to access the resource",
    404: "Not found",
    429: "Resource level throttle limit for calls to this resource is reached.",
}


class LinkedIn(Messenger):
    """Whether an account has a webhook address decides who asks whom."""

    name = "linkedin"
    platforms = ("linkedin",)
    is_polled = True

    def __init__(self, world: World, courier: Courier) -> None:
        super().__init__(world, courier)
        self.desk = Desk(world, "linkedin")

    def answer(self, request: Request) -> Answer:
        if request.parts[:2] == ["oauth", "v2"]:
            doors = {"authorization": self.desk.answer, "introspectToken": self._introspect}
            return doors.get(request.parts[2], self._token)(request)
        grant = self.desk.grant_of(request.bearer)
        if not request.bearer or (request.bearer in self.desk.grants and grant is None):
            return _error(401)
        match [request.method, *request.parts]:
            case ["GET", "rest", "organizationAcls"]:
                return self._roles(grant)
            case ["GET", "rest", "organizationalEntityNotifications"]:
                return self._notifications(request)
            case ["POST", "rest", "socialActions", urn, "comments"]:
                return self._comment(urn, request.json())
            case ["GET", "rest", "socialActions", urn, "comments", number]:
                return self._told(urn, number)
            case ["GET", "rest", "organizations", number]:
                return Answer({"id": number, "localizedName": self._name_of(number)})
        return _error(404)

    def _name_of(self, number: str) -> str:
        known = (each for each in self.desk.accounts if str(each["id"]) == number)
        return str(next(known, {}).get("name", f"Page {number}"))

    def _token(self, request: Request) -> Answer:
        form = form_of(request)
        made: dict[str, Any] = {"expires_in": 60 * 86_400}
        made["access_token"] = secrets.token_urlsafe(24)
        made["refresh_token"] = secrets.token_urlsafe(24)
        if form.get("grant_type") == "authorization_code":
            try:
                code = self.desk.redeem(form)
            except Refusal as refusal:
                wrong = "invalid_request" if refusal.error == "invalid_grant" else refusal.error
                return Answer({"error": wrong, "error_description": refusal.description}, 400)
            made["access_token"] = self.desk.token(code.grant, seconds=60 * 86_400, code=code)
            made["scope"] = ",".join(code.grant.scopes)
            made["refresh_token_expires_in"] = 365 * 86_400
        return Answer(made)

    def _introspect(self, request: Request) -> Answer:
        """https://learn.microsoft.com/en-us/linkedin/shared/authentication/token-introspection"""
        grant = self.desk.grant_of(form_of(request).get("token", ""))
        if grant is None:
            return Answer({"active": False})
        told = {"status": "active", "scope": ",".join(grant.scopes)}
        return Answer({"active": True, **told, "expires_at": int(grant.expires_at)})

    def _roles(self, grant: Grant | None) -> Answer:
        if grant is not None and "rw_organization_admin" not in grant.scopes:
            return _error(403)
        told = [key for platform, key in self.world.accounts if platform == "linkedin"]
        numbers = [str(each["id"]) for each in self.desk.chosen(grant)] if grant else told
        roles = [
            {
                "role": "ADMINISTRATOR",
                "state": "APPROVED",
                "roleAssignee": "urn:li:person:demo",
                "organization": ORGANIZATION + number,
            }
            for number in numbers
        ]
        return Answer({"elements": roles, "paging": {"start": 0, "count": 10, "links": []}})

    def failure(self, fault: Fault) -> Answer:
        return _error(fault.status or fault.code or 500, fault.message, fault.retry_after)

    def kept(self, account: Account) -> dict[str, dict[str, Any]]:
        """Its notifications, by their ids."""
        name = f"linkedin:{account.account_id}"
        found: dict[str, dict[str, Any]] = self.world.store.setdefault(name, {})
        return found

    def thread_of(self, account: Account, person: str) -> str:
        """The first comment that the person wrote."""
        told = (each["decoratedGeneratedActivity"]["comment"] for each in self._all(account))
        ours = (each["entity"] for each in told if each["owner"] == _urn_of(person))
        return next(ours, "")

    def _all(self, account: Account) -> list[dict[str, Any]]:
        return list(self.kept(account).values())

    def _keep(self, account: Account, notification: dict[str, Any]) -> None:
        self.kept(account)[str(notification["notificationId"])] = notification

    def _notifications(self, request: Request) -> Answer:
        account_id = request.query.get("organizationalEntity", "").removeprefix(ORGANIZATION)
        span = re.fullmatch(r"\(start:(\d+),end:(\d+)\)", request.query.get("timeRange", ""))
        first, last = (int(span[1]), int(span[2])) if span else (0, 2**62)
        asked = set(request.query.get("actions", "")[5:-1].split(","))
        found = [
            each
            for each in reversed(self._all(self.world.account("linkedin", account_id)))
            if first <= each["lastModifiedAt"] <= last and each["action"] in asked
        ]
        start, count = int(request.query.get("start", 0)), int(request.query.get("count", 10))
        paging = {"start": start, "count": count, "total": len(found), "links": []}
        return Answer({"elements": found[start : start + count], "paging": paging})

    def _told(self, urn: str, number: str) -> Answer:
        """One comment by its name."""
        for name, kept in self.world.store.items():
            for each in kept.values() if name.startswith("linkedin:") else ():
                comment = each["decoratedGeneratedActivity"]["comment"]
                if comment["entity"] == f"urn:li:comment:({urn},{number})":
                    said = {"actor": comment["owner"], "message": {"text": comment["text"]}}
                    return Answer({**said, "id": number, "object": urn})
        return _error(404)

    def _comment(self, urn: str, body: dict[str, Any]) -> Answer:
        text = str((body.get("message") or {}).get("text") or "")
        actor = str(body.get("actor", ""))
        if not text or len(text) > 1_250 or not actor or not body.get("object"):
            return _error(400, "The comment is not as it should be.")
        account = self.world.account("linkedin", actor.removeprefix(ORGANIZATION))
        number = self._new_comment()
        named = f"urn:li:comment:({body['object']},{number})"
        note = {
            "platform": "linkedin",
            "account": account.account_id,
            "recipient": urn,
            "text": text,
            "external_id": named,
        }
        if self.world.behaviour("linkedin").statuses:
            delay = self.world.behaviour("linkedin").status_delay
            echo = self._notification(account, "ADMIN_COMMENT", actor, text, named)
            self._keep(account, echo)
            self.courier.send(account, self.bundle, [echo], delay)
        answer = {"commentUrn": named, "$URN": named, "id": str(number), "actor": actor}
        return Answer({**answer, "message": {"text": text}}, 201, kind="send", note=note)

    def _notification(
        self, account: Account, action: str, owner: str, text: str, named: str
    ) -> dict[str, Any]:
        comment = {"owner": owner, "text": text, "entity": named, "object": POST}
        return {
            "action": action,
            "notificationId": self.world.next_id("linkedin:notification"),
            "lastModifiedAt": int(time.time() * 1000),
            "organizationalEntity": f"{ORGANIZATION}{account.account_id}",
            "subscriber": "urn:li:person:admin",
            "sourcePost": POST,
            "generatedActivity": named,
            "decoratedGeneratedActivity": {"comment": comment},
        }

    # -- what people write

    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        number = message["id"] or str(self._new_comment())
        owner = _urn_of(message["sender_id"])
        named = f"urn:li:comment:({POST},{number})"
        made = self._notification(account, "COMMENT", owner, message["text"], named)
        if message.get("parent"):
            made["decoratedGeneratedActivity"]["comment"]["parentComment"] = message["parent"]
        self._keep(account, made)
        return made

    def _new_comment(self) -> int:
        return 7_200_000_000_000 + self.world.next_id("linkedin:comment")

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        """Up to ten notifications a request; the signature begins before the body."""
        parcels = []
        for start in range(0, len(items), BATCH):
            body = {
                "type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
                "notifications": items[start : start + BATCH],
            }
            raw = json.dumps(body).encode()
            signed = b"hmacsha256=" + raw
            digest = hmac.new(account.secret.encode(), signed, hashlib.sha256).hexdigest()
            parcels.append(Parcel(raw, {"x-li-signature": digest}))
        return parcels

    async def subscribe(self, account: Account) -> bool:
        """The challenge, which must be answered within three seconds."""
        if not account.webhook_url:
            return True
        code = secrets.token_hex(16)
        try:
            response = await self.courier.client().get(
                account.webhook_url, params={"challengeCode": code}, timeout=3
            )
            answer = response.json() if response.status_code == 200 else {}
        except (httpx.TransportError, ValueError):
            return False
        expected = hmac.new(account.secret.encode(), code.encode(), hashlib.sha256).hexdigest()
        return answer == {"challengeCode": code, "challengeResponse": expected}


def _urn_of(person: str) -> str:
    return person if person.startswith("urn:") else f"urn:li:person:{person}"


def _error(status: int, message: str = "", seconds: float = 0) -> Answer:
    headers = {"retry-after": str(int(seconds))} if seconds else {}
    text = message or MESSAGES.get(status, "Internal Server Error")
    body = {"status": status, "serviceErrorCode": status * 100, "message": text}
    return Answer(body, status, headers, note={"code": status})

"""X's API v2: direct messages, posts, webhooks, OAuth 2. https://docs.x.com/x-api"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

import httpx

from config.simulator.consent import Desk, Refusal, form_of
from config.simulator.courier import Courier, Parcel
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault, World
from config.simulator.x_files import Files

WINDOW = 15 * 60  # seconds, of every rate limit
PROBLEMS = {
    400: ("Invalid Request", "One or more parameters to your request was invalid."),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "You do not have permission to DM one or more participants."),
    404: ("Not Found Error", "Could not find what you asked for."),
    429: ("Too Many Requests", "Too Many Requests"),
    500: ("Internal Server Error", "Internal Server Error"),
    503: ("Service Unavailable", "Service Unavailable"),
}


class X(Messenger):
    """The account is the one whose token is shown, else the first that was registered."""

    name = "x"
    platforms = ("x",)

    def __init__(self, world: World, courier: Courier) -> None:
        super().__init__(world, courier)
        self.desk = Desk(world, "x", pkce=True)
        self.files = Files(self.shelf)

    def answer(self, request: Request) -> Answer:
        if request.parts[1:2] == ["oauth2"]:
            doors = {"authorize": self.desk.answer, "revoke": self._revoke}
            return doors.get(request.parts[-1], self._token)(request)
        if not request.bearer:
            return self._problem(401)
        if request.bearer in self.desk.grants and self.desk.grant_of(request.bearer) is None:
            return self._problem(401)
        if found := self.files.answer(request):
            return found
        account = self._account(request.bearer)
        match [request.method, *request.parts]:
            case ["POST", "2", "dm_conversations", "with", person, "messages"]:
                return self._send_dm(account, person, request.json())
            case ["POST", "2", "tweets"]:
                return self._post(account, request.json())
            case ["GET", "2", "users", "me"]:
                who = {"id": account.account_id, "name": "Demo", "username": "demo"}
                return Answer({"data": who})
        return self._set_up(request, account)

    def _set_up(self, request: Request, account: Account) -> Answer:
        match [request.method, *request.parts]:
            case ["GET", "2", "webhooks"]:
                return Answer({"data": list(self._webhooks().values())})
            case ["PUT", "2", "webhooks", number] if number in self._webhooks():
                self._webhooks()[number]["valid"] = True
                return Answer({"data": {"valid": True}})
            case ["POST", "2", "webhooks"]:
                return self._add_webhook(str(request.json().get("url", "")))
            case ["POST", "2", "account_activity", "webhooks", number, "subscriptions", "all"]:
                return self._subscribe_all(account, number)
        return self._problem(404)

    def failure(self, fault: Fault) -> Answer:
        return self._problem(fault.status or fault.code or 500, fault.message, fault.retry_after)

    def _account(self, token: str) -> Account:
        grant = self.desk.grant_of(token)
        if grant is not None and grant.accounts:
            return self.world.account("x", grant.accounts[0])
        found = self.world.by_token("x", token)
        known = [each for each in self.world.accounts.values() if each.platform == "x"]
        return found or (known[0] if known else self.world.account("x", "1"))

    # -- sending

    def _send_dm(self, account: Account, person: str, body: dict[str, Any]) -> Answer:
        text = str(body.get("text") or "")
        files = body.get("attachments")
        if not person.isdigit() or not (text or files) or (files and not self.files.knows(files)):
            return self._problem(400)
        if self.world.person("x", account.account_id, person).state != "ok":
            return self._problem(403)
        if full := self._is_full(15, "dm", account):
            return full
        number = self._new_id("dm")
        conversation = "-".join(sorted((account.account_id, person)))
        self._report(account, person, number, text)
        return Answer(
            {"data": {"dm_conversation_id": conversation, "dm_event_id": number}},
            201,
            kind="send",
            note={
                **_note(account, person, text, number),
                "file": str(files[0]["media_id"]) if files else "",
            },
        )

    def _post(self, account: Account, body: dict[str, Any]) -> Answer:
        text = str(body.get("text") or "")
        reply = str((body.get("reply") or {}).get("in_reply_to_tweet_id") or "")
        if not text or len(text) > 25_000 or (reply and not reply.isdigit()):
            return self._problem(400)
        if full := self._is_full(100, "post", account):
            return full
        number = self._new_id("post")
        return Answer(
            {"data": {"id": number, "text": text}},
            201,
            kind="send",
            note=_note(account, reply, text, number),
        )

    def _new_id(self, what: str) -> str:
        return str(1_900_000_000_000_000_000 + self.world.next_id(f"x:{what}"))

    def _is_full(self, count: int, what: str, account: Account) -> Answer | None:
        behaviour = self.world.behaviour("x")
        if behaviour.limits and not self.world.room(
            count / WINDOW, count, "x", what, account.account_id
        ):
            return self._problem(429)
        return None

    def _report(self, account: Account, person: str, number: str, text: str) -> None:
        behaviour = self.world.behaviour("x")
        if not behaviour.statuses:
            return
        echo = _dm(account.account_id, person, number, text)
        after = 0.0 if behaviour.echo_first else behaviour.status_delay
        self.courier.send(account, self.bundle, [{"direct_message_events": echo}], after)
        if behaviour.reads:
            mark = self.seen(account, person, number)
            self.courier.send(account, self.bundle, mark, after + behaviour.status_delay)

    # -- webhooks and tokens

    def _webhooks(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.world.store.setdefault("x_webhooks", {})
        return found

    def _add_webhook(self, url: str) -> Answer:
        if not url.startswith("http"):
            return self._problem(400)
        number = str(self.world.next_number("x:webhook", start=700))
        made = {"id": number, "url": url, "valid": True, "created_at": "2026-11-20T00:00:00.000Z"}
        self._webhooks()[number] = made
        return Answer({"data": made})

    def _subscribe_all(self, account: Account, number: str) -> Answer:
        webhook = self._webhooks().get(number)
        if webhook is None:
            return self._problem(404)
        account.webhook_url = str(webhook["url"])
        return Answer({"data": {"subscribed": True}})

    def _token(self, request: Request) -> Answer:
        """A refresh token works once."""
        form = form_of(request)
        if form.get("grant_type") == "authorization_code":
            return self._first_token(form)
        used: set[str] = self.world.store.setdefault("x_used", set())
        old = form.get("refresh_token", "")
        if form.get("grant_type") != "refresh_token" or not old or old in used:
            wrong = {"error": "invalid_request", "error_description": "Value passed was invalid."}
            return Answer(wrong, 400)
        used.add(old)
        return Answer(
            {
                "token_type": "bearer",
                "expires_in": 7200,
                "access_token": secrets.token_urlsafe(24),
                "refresh_token": secrets.token_urlsafe(24),
                "scope": "dm.read dm.write tweet.read tweet.write users.read offline.access",
            }
        )

    def _revoke(self, request: Request) -> Answer:
        self.desk.revoke(form_of(request).get("token", ""))
        return Answer({"revoked": True})

    def _first_token(self, form: dict[str, str]) -> Answer:
        try:
            code = self.desk.redeem(form)
        except Refusal as refusal:
            return Answer({"error": refusal.error, "error_description": refusal.description}, 400)
        lasts = {"refresh_token": secrets.token_urlsafe(24)}
        return Answer(
            {
                "token_type": "bearer",
                "expires_in": 7200,
                "access_token": self.desk.token(code.grant, seconds=7200, code=code),
                "scope": " ".join(code.grant.scopes),
                **(lasts if "offline.access" in code.grant.scopes else {}),
            }
        )

    def _problem(self, status: int, message: str = "", seconds: float = 0) -> Answer:
        title, detail = PROBLEMS.get(status, PROBLEMS[500])
        headers = {}
        if status == 429:
            headers["x-rate-limit-reset"] = str(int(time.time() + (seconds or 60)))
            headers["x-rate-limit-remaining"] = "0"
        body = {
            "title": title,
            "detail": message or detail,
            "status": status,
            "type": "about:blank",
        }
        return Answer(body, status, headers, note={"code": status})

    # -- what people write

    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        number, sender = message["id"] or self._new_id("dm"), message["sender_id"]
        user = {"id": sender, "name": message["sender_name"] or "Person", "screen_name": sender}
        event = _dm(sender, account.account_id, number, message["text"])
        said = event["message_create"]["message_data"]
        said |= self.files.attached(message.get("file"))
        return {"direct_message_events": event, "users": {sender: user}}

    def seen(self, account: Account, person: str, identity: str) -> list[dict[str, Any]]:
        read = {
            "created_timestamp": _now(),
            "sender_id": person,
            "target": {"recipient_id": account.account_id},
            "last_read_event_id": identity,
        }
        return [{"direct_message_mark_read_events": read}]

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        """X sends one request for each event."""
        parcels = []
        for item in items:
            body: dict[str, Any] = {"for_user_id": account.account_id}
            for name, value in item.items():
                body[name] = value if name == "users" else [value]
            raw = json.dumps(body).encode()
            parcels.append(Parcel(raw, {"x-twitter-webhooks-signature": _sign(account, raw)}))
        return parcels

    async def subscribe(self, account: Account) -> bool:
        """The challenge-response check before the first webhook."""
        if not account.webhook_url:
            return True
        token = secrets.token_urlsafe(16)
        try:
            response = await self.courier.client().get(
                account.webhook_url, params={"crc_token": token}
            )
            answer = response.json() if response.status_code == 200 else {}
        except (httpx.TransportError, ValueError):
            return False
        return bool(answer.get("response_token") == _sign(account, token.encode()))


def _sign(account: Account, raw: bytes) -> str:
    digest = hmac.new(account.secret.encode(), raw, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"


def _dm(sender: str, recipient: str, number: str, text: str) -> dict[str, Any]:
    return {
        "type": "message_create",
        "id": number,
        "created_timestamp": _now(),
        "message_create": {
            "target": {"recipient_id": recipient},
            "sender_id": sender,
            "message_data": {"text": text, "entities": {}},
        },
    }


def _note(account: Account, recipient: str, text: str, external_id: str) -> dict[str, Any]:
    return {
        "platform": "x",
        "account": account.account_id,
        "recipient": recipient,
        "text": text,
        "external_id": external_id,
    }


def _now() -> str:
    return str(int(time.time() * 1000))

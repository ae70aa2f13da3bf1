"""A customer's own website: it includes the chat's script, knows who has signed in to it, and has
a form to write to its owner.

``/site/`` for strangers, ``/site/?user=42&name=Mia&email=…`` for somebody signed in; ``lang``
chooses the page's language. Its Content-Security-Policy is as strict as a shop's may be.
Who is signed in it says by a JWT: https://www.rfc-editor.org/rfc/rfc7519
"""

import base64
import hashlib
import hmac
import html
import json
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config.simulator.courier import Parcel
from config.simulator.vendor import Messenger
from config.simulator.wire import Answer, Request
from config.simulator.world import Account, Fault

PAGE = Path(__file__).parent / "website.html"


class Website(Messenger):
    """The website of the ``webchat`` account, its ``form``, and the server behind it."""

    name = "site"
    platforms = ("webchat", "form")

    def answer(self, request: Request) -> Answer:
        account = self._account()
        if account is None:
            return Answer({"error": "no web chat is connected yet"}, 404)
        nonce = secrets.token_urlsafe(12)
        script = script_url(account.webhook_url)
        body = (
            PAGE.read_text()
            .replace("%LANG%", html.escape(request.query.get("lang", "en"), quote=True))
            .replace("%DIR%", "rtl" if request.query.get("lang") == "ar" else "ltr")
            .replace("%NONCE%", nonce)
            .replace("%SCRIPT%", html.escape(script, quote=True))
            .replace("%IDENTITY%", self._identity(account, request.query))
            .replace("%WHO%", html.escape(request.query.get("name") or "nobody"))
        )
        headers = {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": policy(script, nonce),
        }
        return Answer(body.encode(), headers=headers)

    def failure(self, fault: Fault) -> Answer:
        return Answer({"error": fault.message or "injected"}, fault.status or 500)

    def _account(self) -> Account | None:
        """The last one connected."""
        known = [each for each in self.world.accounts.values() if each.platform == "webchat"]
        return known[-1] if known else None

    def _identity(self, account: Account, query: dict[str, str]) -> str:
        if not query.get("user"):
            return "null"
        claims: dict[str, Any] = {
            "sub": query["user"],
            "name": query.get("name", ""),
            "email": query.get("email", ""),
            "exp": int(time.time()) + 3600,
        }
        return json.dumps(jwt(account.secret, claims))

    # -- its server may post a visitor's words as well

    def written(self, account: Account, message: dict[str, Any]) -> dict[str, Any]:
        if account.platform == "form":
            return {
                "_id": message["id"] or secrets.token_hex(12),
                "name": message["sender_name"],
                "email": message["sender_id"],
                "message": message["text"],
            }
        return {
            "type": "message",
            "id": message["id"] or secrets.token_hex(12),
            "visitor": {"id": message["sender_id"], "name": message["sender_name"]},
            "text": message["text"],
            "at": int(time.time()),
        }

    def bundle(self, account: Account, items: list[dict[str, Any]]) -> list[Parcel]:
        """A form is posted once for each time it was filled in."""
        is_form = account.platform == "form"
        bodies = items if is_form else [{"events": items}]
        header = "x-form-signature" if is_form else "x-chat-signature"
        raw = [json.dumps(body, ensure_ascii=False).encode() for body in bodies]
        return [Parcel(each, {header: _signed(account, each)}) for each in raw]

    def seen(self, account: Account, person: str, identity: str) -> list[dict[str, Any]]:
        """The page tells what it has shown; a form shows nothing."""
        if account.platform == "form":
            return []
        receipt = {"type": "receipt", "reference": identity, "state": "read"}
        return [{**receipt, "visitor": {"id": person}, "at": int(time.time())}]


def _signed(account: Account, body: bytes) -> str:
    return f"sha256={hmac.new(account.secret.encode(), body, hashlib.sha256).hexdigest()}"


def script_url(webhook_url: str) -> str:
    """The script beside a webhook address: both end in the chat's key."""
    parts = urlsplit(webhook_url)
    key = parts.path.rstrip("/").rpartition("/")[2]
    return f"{parts.scheme}://{parts.netloc}/chat/{key}.js"


def policy(script: str, nonce: str) -> str:
    parts = urlsplit(script)
    ours = f"{parts.scheme}://{parts.netloc}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{nonce}' {ours}",
            f"style-src 'nonce-{nonce}'",
            # Pages and streams come from two ports of one host here.
            f"connect-src {parts.scheme}://{parts.hostname}:*",
            f"img-src {ours}",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def jwt(secret: str, claims: dict[str, Any]) -> str:
    head, body = (
        _base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    )
    digest = hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{_base64(digest)}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

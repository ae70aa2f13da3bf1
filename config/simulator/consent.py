"""What every authorisation server has: a page to consent on, codes, tokens.

RFC 6749 section 4.1, RFC 7636 for PKCE, RFC 9207 for ``iss``.
"""

import base64
import hashlib
import html
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from config.simulator.wire import Answer, Request
from config.simulator.world import World

CODE_SECONDS = 600
# Who sits before the page while nobody said otherwise.
DEMO: dict[str, list[dict[str, Any]]] = {
    "meta": [
        {
            "id": "104500000000077",
            "name": "Acme Bikes",
            "instagram": {"id": "178400000000077", "username": "acme.bikes"},
        },
        {"id": "104500000000078", "name": "Acme Rentals"},
        {
            "id": "200000000000077",
            "name": "Acme WhatsApp",
            "numbers": [{"id": "300000000000077", "display_phone_number": "+1 555 000 0077"}],
        },
    ],
    "instagram": [{"id": "178400000000079", "name": "acme.workshop"}],
    "x": [{"id": "1600000000000077", "name": "acmebikes"}],
    "linkedin": [{"id": "7700077", "name": "Acme Bikes"}],
    "tiktok": [{"id": "acme-open-id", "name": "acmebikes"}],
    "google": [{"id": "hello@acme.example", "name": "hello@acme.example"}],
    "microsoft": [{"id": "office@acme.example", "name": "office@acme.example"}],
    "hubspot": [{"id": "4242424", "name": "acme.example"}],
    "pipedrive": [{"id": "7700", "name": "Acme Bikes"}],
    "salesforce": [{"id": "00D000000000077EAA", "name": "acme.my.salesforce.com"}],
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:8vh auto;padding:0 1rem;
color:#1c2b33;background:#f4f5f7}}main{{background:#fff;border-radius:12px;padding:1.5rem 2rem;
box-shadow:0 2px 12px #0002}}label{{display:block;padding:.2rem 0}}button{{font:inherit;
padding:.6rem 1.4rem;border-radius:8px;border:1px solid #8a8d91;background:#fff;margin-right:.5rem}}
button[value=allow]{{background:#0866ff;border-color:#0866ff;color:#fff}}small{{color:#65676b}}</style>
<main><small>{vendor}, as the simulator plays it</small><h1>{title}</h1>
<form method="post">{hidden}
<fieldset><legend>Accounts</legend>{accounts}</fieldset>
<fieldset><legend>It may</legend>{scopes}</fieldset>
<p><button name="decision" value="allow">Continue as {user}</button>
<button name="decision" value="deny">Cancel</button></p></form></main></html>"""


@dataclass(slots=True)
class Grant:
    """What a person allowed: the scopes, and the ids of the accounts they left ticked."""

    vendor: str
    scopes: list[str]
    accounts: list[str]
    expires_at: float = 0.0  # 0: never
    is_valid: bool = True


@dataclass(slots=True)
class Code:
    """A code on its way: to whom, to where, by which challenge, until when, and for what."""

    client_id: str
    redirect_uri: str
    challenge: str
    grant: Grant
    made_at: float = field(default_factory=time.time)
    was_used: bool = False
    tokens: list[str] = field(default_factory=list)


class Refusal(Exception):
    """The token endpoint says no, in the words of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description

    @property
    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


class Desk:
    """One vendor's authorisation server.

    ``/_sim/oauth`` says who sits before it: ``accounts`` ({id, name, …}), ``withheld`` scopes that
    no consent brings, ``client_secret``, ``email``, ``seconds`` a token lasts.
    """

    def __init__(self, world: World, vendor: str, *, pkce: bool = False, separator: str = " "):
        self.world = world
        self.vendor = vendor
        self.pkce = pkce
        self.separator = separator

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = self.world.store.setdefault(f"oauth:{self.vendor}", {})
        return found

    @property
    def accounts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.told.get("accounts", DEMO.get(self.vendor, []))
        return found

    @property
    def codes(self) -> dict[str, Code]:
        found: dict[str, Code] = self.world.store.setdefault(f"codes:{self.vendor}", {})
        return found

    @property
    def grants(self) -> dict[str, Grant]:
        """Token -> what it is good for."""
        found: dict[str, Grant] = self.world.store.setdefault(f"grants:{self.vendor}", {})
        return found

    # -- the page

    def answer(self, request: Request, *, client: str = "client_id") -> Answer:
        query = request.query
        wrong = self._wrong_with(query, client)
        if wrong:  # nobody is sent on to an address that was not checked
            return _html(f"<h1>This request is not valid</h1><p>{html.escape(wrong)}</p>", 400)
        if request.method == "GET":
            return self._page(query)
        form = parse_qs(request.body.decode())
        return self._decide(query, form, client)

    def _wrong_with(self, query: dict[str, str], client: str) -> str:
        if not query.get(client):
            return f"{client} is missing."
        if not urlsplit(query.get("redirect_uri", "")).scheme:
            return "redirect_uri is missing."
        if query.get("response_type") != "code":
            return "response_type must be code."
        allowed = self.told.get("redirect_uris")
        if allowed and query["redirect_uri"] not in allowed:
            return "redirect_uri is not one of the app's."
        if self.pkce and query.get("code_challenge_method") != "S256":
            return "code_challenge is missing."
        return ""

    def _page(self, query: dict[str, str]) -> Answer:
        scopes = self.asked(query)
        rows = "".join(
            f'<label><input type="checkbox" name="account" value="{html.escape(str(each["id"]))}"'
            f" checked> {html.escape(str(each.get('name', each['id'])))}</label>"
            for each in self.accounts
        )
        ticks = "".join(
            f'<label><input type="checkbox" name="scope" value="{html.escape(each)}" checked>'
            f" {html.escape(each)}</label>"
            for each in scopes
        )
        return _html(
            PAGE.format(
                title="Leadwire would like to use your account",
                vendor=html.escape(self.vendor.title()),
                hidden="",
                accounts=rows or "<p>None yet.</p>",
                scopes=ticks,
                user=html.escape(str(self.told.get("user", "Demo"))),
            )
        )

    def asked(self, query: dict[str, str]) -> list[str]:
        """The scopes of the request, or of the configuration it names."""
        named = query.get("scope", "").replace(",", " ").split()
        return named or list(self.told.get("configured", []))

    def _decide(self, query: dict[str, str], form: dict[str, list[str]], client: str) -> Answer:
        back = {"state": query.get("state", "")}
        if self.told.get("issuer"):
            back["iss"] = str(self.told["issuer"])
        if form.get("decision") != ["allow"]:
            denied = {
                "error": "access_denied",
                "error_reason": "user_denied",
                "error_description": "The user denied your request.",
            }
            return _to(query["redirect_uri"], {**denied, **back})
        withheld = set(self.told.get("withheld", []))
        grant = Grant(
            self.vendor,
            [each for each in form.get("scope", []) if each not in withheld],
            form.get("account", []),
        )
        code = secrets.token_urlsafe(24)
        self.codes[code] = Code(
            query[client], query["redirect_uri"], query.get("code_challenge", ""), grant
        )
        return _to(query["redirect_uri"], {"code": code, **back})

    # -- the token endpoint

    def redeem(self, form: dict[str, str], *, named: str = "code") -> Code:
        """The code, spent; raises Refusal."""
        code = self.codes.get(form.get(named, ""))
        if code is None:
            raise Refusal("invalid_grant", "This authorization code is not known.")
        if code.was_used:
            for token in code.tokens:  # RFC 6749 section 4.1.2: it may have been stolen
                self.grants.pop(token, None)
            raise Refusal("invalid_grant", "This authorization code has been used.")
        code.was_used = True
        if time.time() - code.made_at > CODE_SECONDS:
            raise Refusal("invalid_grant", "This authorization code has expired.")
        if form.get("client_id") != code.client_id or not self.is_secret(form):
            raise Refusal("invalid_client", "Error validating client secret.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise Refusal("invalid_grant", "redirect_uri is not identical to the one before.")
        if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
            raise Refusal("invalid_grant", "code_verifier does not match the code_challenge.")
        return code

    def is_secret(self, form: dict[str, str]) -> bool:
        """Whether it is our app that asks."""
        expected = str(self.told.get("client_secret", ""))
        given = form.get("client_secret", "")
        return given == expected if expected else bool(given)

    def token(self, grant: Grant, *, seconds: float = 0, code: Code | None = None) -> str:
        """A fresh token for a grant; it dies with the code if that is used once more."""
        made = f"tok-{self.vendor}-{secrets.token_urlsafe(16)}"
        copy = Grant(grant.vendor, list(grant.scopes), list(grant.accounts))
        copy.expires_at = time.time() + seconds if seconds else 0.0
        self.grants[made] = copy
        if code is not None:
            code.tokens.append(made)
        return made

    def grant_of(self, token: str) -> Grant | None:
        """What a token is good for now."""
        grant = self.grants.get(token)
        over = grant is not None and grant.expires_at and grant.expires_at < time.time()
        return None if grant is None or over or not grant.is_valid else grant

    def revoke(self, token: str) -> None:
        """RFC 7009: what was given back opens nothing any more."""
        if token in self.grants:
            self.grants[token].is_valid = False

    def chosen(self, grant: Grant) -> list[dict[str, Any]]:
        """The accounts that were left ticked."""
        return [each for each in self.accounts if str(each["id"]) in grant.accounts]


def form_of(request: Request) -> dict[str, str]:
    """A token request's form, the client's name and secret in it wherever they came."""
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    kind, _, pair = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(pair).decode().partition(":")
        except ValueError:
            return form
        form = {**form, "client_id": client, "client_secret": secret}
    return form


def id_token(audience: str, claims: dict[str, Any]) -> str:
    """An ID token nobody has signed: ours comes straight from the token endpoint."""
    parts = [{"alg": "none", "typ": "JWT"}, {"aud": audience, **claims}]
    encoded = [base64.urlsafe_b64encode(_json(part)).rstrip(b"=").decode() for part in parts]
    return f"{encoded[0]}.{encoded[1]}.none"


def _json(value: dict[str, Any]) -> bytes:
    return Answer(value).encoded()


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _html(text: str, status: int = 200) -> Answer:
    return Answer(text.encode(), status, {"content-type": "text/html; charset=utf-8"})


def _to(address: str, query: dict[str, str]) -> Answer:
    joint = "&" if "?" in address else "?"
    return Answer(b"", 302, {"location": f"{address}{joint}{urlencode(query)}"})

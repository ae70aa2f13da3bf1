"""What a program shows to be let in: a company's key, or a short-lived token made from one.

Both name the schema, and both are of no use in another: a key is hashed with its schema, a
token is signed under a secret of the company's own. What a token says is who asks and which
scopes; that the person is still here and the key still good is read from their rows each time.
"""

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.crypto import salted_hmac
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from tenants import context
from tenants.accounts import roles, scopes
from tenants.accounts.models import ApiKey, User

KEY = re.compile(r"lw_(?P<schema>[a-z0-9-]+)_(?P<prefix>[0-9a-f]{8})_[A-Za-z0-9-]+")
TOUCH_AFTER = timedelta(minutes=1)
TOKEN_SECONDS = 900
LONGEST_TOKEN = 4_096
ISSUER = "leadwire"
# https://datatracker.ietf.org/doc/html/rfc9068#section-2.1
TYPE = "at+jwt"
ACTOR = re.compile(r"user:(?P<person>[0-9]{1,18})|key:(?P<program>[0-9a-f]{8})")


class NotLetIn(Exception):
    """What was shown opens nothing; the sentence says why, and nothing of others."""


class KeyHolder:
    """The program behind an API key, as a user: it has a role, scopes and no password."""

    is_authenticated = True
    is_active = True
    is_anonymous = False
    is_superuser = False
    pk = None
    email = ""

    def __init__(self, key: ApiKey, held: Sequence[str] | None = None) -> None:
        self.key = key
        self.role = key.role
        self.scopes = tuple(key.scopes if held is None else held)

    def __str__(self) -> str:
        return f"key:{self.key.prefix}"

    @property
    def actor(self) -> str:
        """How histories and the audit log name this program."""
        return str(self)

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return roles.allows(self.role, permission) and scopes.allow(self.scopes, permission)


Holder = KeyHolder | User


@dataclass(frozen=True, slots=True)
class Token:
    """A token and what it says; ``scopes`` never exceed those of whoever asked for it."""

    text: str
    actor: str
    scopes: tuple[str, ...]
    seconds: int


def holder_of(shown: str) -> tuple[Holder, ApiKey | Token]:
    """Whoever shows this key or token at the current company; raises NotLetIn."""
    if shown.count(".") == 2 and not shown.startswith("lw_"):
        token = token_of(shown)
        return _bearer(token), token
    key = key_of(shown)
    return KeyHolder(key), key


def key_of(full_key: str) -> ApiKey:
    """The key, if it is this company's and still good; its use is noted once a minute."""
    parts = KEY.fullmatch(full_key)
    if parts is None:
        raise NotLetIn("This is not an API key of ours.")
    if parts["schema"] != context.schema():
        raise NotLetIn("This API key belongs to another company.")
    key = ApiKey.objects.filter(prefix=parts["prefix"]).first()
    if key is None or not key.matches(full_key) or not key.is_usable:
        raise NotLetIn("This API key is unknown, expired or revoked.")
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > TOUCH_AFTER:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def issue_token(*, holder: Holder, held: Sequence[str] = (), seconds: int = TOKEN_SECONDS) -> Token:
    """A token for whoever asks, with all of their scopes or fewer.

    It does not outlive the key it is made from. Raises ValueError for scopes they do not have.
    """
    wanted = tuple(held) or tuple(holder.scopes)
    if missing := scopes.beyond(holder.scopes, wanted):
        raise ValueError(f"You do not hold {', '.join(missing)}.")
    now = int(time.time())
    seconds = _no_longer_than_the_key(holder, now, min(seconds, TOKEN_SECONDS))
    claims = {
        "iss": ISSUER,
        "aud": context.schema(),
        "sub": holder.actor,
        "scope": " ".join(wanted),
        "iat": now,
        "exp": now + seconds,
        "jti": secrets.token_hex(8),
    }
    text = jwt.encode({"alg": "HS256", "typ": TYPE}, claims, _secret())
    return Token(text, holder.actor, wanted, seconds)


def token_of(text: str) -> Token:
    """What a token says, if we signed it for this company and it is not over; raises NotLetIn."""
    if len(text) > LONGEST_TOKEN:
        raise NotLetIn("This token is too long.")
    try:
        # The algorithm is ours to name: neither "none" nor a public key's is taken.
        token = jwt.decode(text, _secret(), algorithms=["HS256"])
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": context.schema()},
            exp={"essential": True},
            sub={"essential": True},
        ).validate(token.claims)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise NotLetIn("This token is not valid (any more) at this company.") from error
    if token.header.get("typ") != TYPE:
        raise NotLetIn("This is not an access token.")
    left = int(token.claims["exp"] - time.time())
    held = tuple(str(token.claims.get("scope", "")).split())
    return Token(text, str(token.claims["sub"]), held, left)


def holder_named(actor: str) -> Holder | None:
    """Whoever histories name so, if they are still let in, with all they may today."""
    named = ACTOR.fullmatch(actor)
    if named is None:
        return None
    if named["person"]:
        return User.objects.filter(pk=int(named["person"]), is_active=True).first()
    key = ApiKey.objects.filter(prefix=named["program"]).first()
    return KeyHolder(key) if key is not None and key.is_usable else None


def _bearer(token: Token) -> Holder:
    named = ACTOR.fullmatch(token.actor)
    if named is None:
        raise NotLetIn("This token names nobody.")
    if named["program"]:
        return _program(named["program"], token)
    person = User.objects.filter(pk=int(named["person"]), is_active=True).first()
    if person is None:
        raise NotLetIn("Whom this token names is not here any more.")
    person.scopes = token.scopes
    return person


def _program(prefix: str, token: Token) -> KeyHolder:
    key = ApiKey.objects.filter(prefix=prefix).first()
    if key is None or not key.is_usable:
        raise NotLetIn("The key behind this token is expired or revoked.")
    # Scopes taken from the key since are gone from its tokens too.
    kept = [scope for scope in token.scopes if not scopes.beyond(key.scopes, [scope])]
    return KeyHolder(key, kept)


def _no_longer_than_the_key(holder: Holder, now: int, seconds: int) -> int:
    ends = holder.key.expires_at if isinstance(holder, KeyHolder) else None
    return seconds if ends is None else max(1, min(seconds, int(ends.timestamp()) - now))


def _secret() -> OctKey:
    """A secret of each company's own: another's token does not even verify."""
    salted = salted_hmac("tenants.accounts.token", context.schema(), algorithm="sha256")
    return OctKey.import_key(salted.digest())

"""Who a visitor is: by a token we gave their browser, or by the word of the company's own server.

A browser nobody vouched for gets a random id of its own. The company's server vouches by a JWT
(RFC 7519, HS256 under the connection's identity secret); what we then give the browser ends with
it, and is of use to this user only.
"""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from django.core import signing
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from channels_app.services.routing import Route
from channels_app.wire import key_of

SALT = "channels_app.chat.visitor"
ANONYMOUS_SECONDS = 180 * 24 * 3600
FRESH_SECONDS = 24 * 3600  # an older token is replaced when it is shown
IDENTITY_SECONDS = 24 * 3600  # a longer promise is no promise
SKEW = 30
MAX_JWT = 8_192
CLAIMS = 5  # of a visitor; older tokens say no more
MAX_USER = 190


@dataclass(frozen=True, slots=True)
class Visitor:
    """``id`` is what the channel knows them by. ``until``: when we stop believing it."""

    id: str
    is_verified: bool = False
    name: str = ""
    email: str = ""
    until: int = 0

    @property
    def is_anonymous(self) -> bool:
        return not self.is_verified


class NotBelieved(ValueError):
    """A token or an identity that is forged, too old, or somebody else's; ``code`` says which."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def stranger() -> Visitor:
    return Visitor(f"v-{secrets.token_urlsafe(18)}")


def issue(visitor: Visitor, route: Route, secret: str = "") -> str:
    """A token that is good at this connection of this company only.

    Where the company's server vouched for the visitor, under ``secret``, it ends with the secret:
    whoever learnt the old one may have made somebody up with it.
    """
    claims = [
        route.schema,
        route.connection_id,
        visitor.id,
        visitor.is_verified,
        visitor.name,
        visitor.email,
        visitor.until,
        _fingerprint(secret) if visitor.is_verified else "",
    ]
    return signing.dumps(claims, salt=SALT)


def visitor_of(token: str, route: Route, secret: str = "") -> Visitor:
    """Whose token it is; ``secret`` is what identities are signed with. Raises NotBelieved."""
    try:
        schema, connection_id, *claims = signing.loads(token, salt=SALT, max_age=ANONYMOUS_SECONDS)
        visitor, rests_on = Visitor(*claims[:CLAIMS]), [*claims[CLAIMS:], ""][0]
    except (signing.BadSignature, TypeError, ValueError) as error:
        raise NotBelieved("token", "This token is not valid (any more).") from error
    if (schema, connection_id) != (route.schema, route.connection_id):
        raise NotBelieved("token", "This token is for another chat.")
    if visitor.is_verified and visitor.until <= time.time():
        raise NotBelieved("expired", "The sign-in this token rests on has expired.")
    if visitor.is_verified and not (secret and rests_on == _fingerprint(secret)):
        raise NotBelieved("expired", "The secret this token rests on was changed.")
    return visitor


def is_fresh(token: str) -> bool:
    """Whether a good token need not be replaced yet."""
    try:
        signing.loads(token, salt=SALT, max_age=FRESH_SECONDS)
    except signing.BadSignature:
        return False
    return True


def vouched_for(identity: str, secret: str) -> Visitor:
    """Whom the company's server says this is; raises NotBelieved."""
    if not secret:
        raise NotBelieved("identity", "No identity secret is set for this chat.")
    claims = _claims(identity, secret)
    user = claims.get("sub", claims.get("user_id"))
    if isinstance(user, bool) or not isinstance(user, str | int) or user == "":
        raise NotBelieved("identity", "sub is missing: who is it?")
    until = claims.get("exp")
    if isinstance(until, bool) or not isinstance(until, int | float):
        raise NotBelieved("identity", "exp is missing: until when is it true?")
    left = until - time.time()
    if left <= -SKEW:
        raise NotBelieved("expired", "This identity has expired.")
    if not left <= IDENTITY_SECONDS + SKEW:
        raise NotBelieved("identity", "exp is more than a day ahead.")
    return Visitor(
        user_key(str(user)),
        is_verified=True,
        name=_words(claims.get("name"), 200),
        email=_email(claims),
        until=int(until) + SKEW,
    )


def _fingerprint(secret: str) -> str:
    """Tells one secret from another, and nothing about either."""
    return signing.Signer(salt=SALT).signature(f"identity:{secret}")[:16] if secret else ""


def user_key(user: str) -> str:
    """What the channel knows a user by; long and unprintable ids are hashed."""
    if len(user) <= MAX_USER and user.isprintable():
        return f"user:{user}"
    return f"user:{key_of(user)}"


def _claims(identity: str, secret: str) -> dict[str, Any]:
    if len(identity) > MAX_JWT:
        raise NotBelieved("identity", "This identity is too long.")
    try:
        # The algorithm is ours to name: neither "none" nor a public key's is taken.
        token = jwt.decode(identity, OctKey.import_key(secret), algorithms=["HS256"])
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise NotBelieved("identity", "This identity is not signed with our secret.") from error
    before = token.claims.get("nbf")
    if isinstance(before, int | float) and before > time.time() + SKEW:
        raise NotBelieved("identity", "This identity is not true yet.")
    return token.claims


def _email(claims: dict[str, Any]) -> str:
    """The user's address, unless it is said beside it that nobody has checked it.

    https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims
    """
    is_checked = claims.get("email_verified", True) not in (False, "false", None)
    return _words(claims.get("email"), 254) if is_checked else ""


def _words(value: Any, limit: int) -> str:
    return value[:limit] if isinstance(value, str) and value.isprintable() else ""

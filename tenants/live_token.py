"""The first frame on the live server's WebSocket: who listens, and in which company."""

from django.core import signing

from tenants import context
from tenants.accounts.models import User

SALT = "tenants.live"
SECONDS = 300  # to connect; an open connection stays


class BadToken(ValueError):
    """Forged, too old, or for another company."""


def issue(user: User) -> str:
    """A token for this person at the current company."""
    return signing.dumps({"schema": context.schema(), "user": user.pk}, salt=SALT)


def read(token: str) -> tuple[str, int]:
    """The schema and the user's id; raises BadToken. The caller asks whether they may still."""
    try:
        claims = signing.loads(token, salt=SALT, max_age=SECONDS)
    except signing.BadSignature as error:
        raise BadToken("This token is not valid any more.") from error
    return str(claims["schema"]), int(claims["user"])

"""From the public host into a company's: a link that signs its admin in, once and soon."""

import secrets
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.core import signing
from django.core.cache import cache

from tenants import context
from tenants.accounts.models import User
from tenants.models import Company

SALT = "tenants.handover"
SECONDS = 60

# For pages with a form that leads to a company's host: the browser applies form-action to where
# the form's answer redirects to as well.
to_companies = partial(
    csp_update, {"form-action": [f"*.{settings.PUBLIC_HOST}:*", f"*.{settings.PUBLIC_HOST}"]}
)


class BadHandover(ValueError):
    """The link is forged, too old, another company's, or was used before."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Whom a link signs in, and on whose visit, where an operator comes as that member."""

    user: User
    visit: dict[str, Any] = field(default_factory=dict)


def handover_url(
    *, company: Company, domain: str, user: User, visit: dict[str, Any] | None = None
) -> str:
    """An address on the company's host that signs ``user`` in; good for one minute and one use."""
    claims = {
        "schema": company.schema_name,
        "user": user.pk,
        "nonce": secrets.token_urlsafe(12),
        "visit": visit or {},
    }
    token = signing.dumps(claims, salt=SALT)
    return f"{host_url(domain)}/enter/?token={token}"


def host_url(domain: str) -> str:
    """``https://acme.example.com``, with the port that our own address has."""
    scheme, _, rest = settings.PUBLIC_URL.partition("://")
    _host, _, port = rest.partition(":")
    return f"{scheme}://{domain}:{port}" if port else f"{scheme}://{domain}"


def redeem(token: str) -> Handover:
    """Whom the token signs in at the current company; raises BadHandover."""
    try:
        claims = signing.loads(token, salt=SALT, max_age=SECONDS)
    except signing.BadSignature as error:
        raise BadHandover("This link is not valid any more.") from error
    if claims["schema"] != context.schema():
        raise BadHandover("This link belongs to another company.")
    # add() is atomic: of two browsers with the same link one gets in.
    if not cache.add(f"handover:{claims['nonce']}", 1, timeout=2 * SECONDS):
        raise BadHandover("This link was used before.")
    user = User.objects.filter(pk=claims["user"], is_active=True).first()
    if user is None:
        raise BadHandover("Nobody can sign in by this link any more.")
    return Handover(user, claims["visit"])

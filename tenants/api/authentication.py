"""Who is asking the API: a program by its key, or a person by the console's session."""

import re
from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants import context
from tenants.accounts import roles
from tenants.accounts.models import ApiKey

KEY = re.compile(r"lw_(?P<schema>[a-z0-9-]+)_(?P<prefix>[0-9a-f]{8})_[A-Za-z0-9-]+")
TOUCH_AFTER = timedelta(minutes=1)


class KeyHolder:
    """The program behind an API key, as a user: it has a role and no password."""

    is_authenticated = True
    is_active = True
    is_anonymous = False
    is_superuser = False
    pk = None
    email = ""

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.role = key.role

    def __str__(self) -> str:
        return f"key:{self.key.prefix}"

    @property
    def actor(self) -> str:
        """How histories and the audit log name this program."""
        return str(self)

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return roles.allows(self.role, permission)


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer lw_<company>_<prefix>_<secret>``, valid at that company only."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey] | None:
        scheme, _, full_key = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        return self._check(full_key.decode("ascii", "replace").strip())

    def _check(self, full_key: str) -> tuple[KeyHolder, ApiKey]:
        parts = KEY.fullmatch(full_key)
        if parts is None:
            raise AuthenticationFailed("This is not an API key of ours.")
        if parts["schema"] != context.schema():
            raise AuthenticationFailed("This API key belongs to another company.")
        key = ApiKey.objects.filter(prefix=parts["prefix"]).first()
        if key is None or not key.matches(full_key) or not key.is_usable:
            raise AuthenticationFailed("This API key is unknown, expired or revoked.")
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > TOUCH_AFTER:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return KeyHolder(key), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class ConsoleSessionAuthentication(SessionAuthentication):
    """A person signed in to the console; unsafe methods need the CSRF token."""

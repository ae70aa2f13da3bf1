"""Who is asking the API: a program by its key or token, or a person by the console's session."""

from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants.accounts.credentials import Holder, NotLetIn, Token, holder_of
from tenants.accounts.models import ApiKey


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer``, then a key ``lw_<company>_…`` or a token; valid there only."""

    def authenticate(self, request: Request) -> tuple[Holder, ApiKey | Token] | None:
        scheme, _, shown = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        try:
            return holder_of(shown.decode("ascii", "replace").strip())
        except NotLetIn as error:
            raise AuthenticationFailed(str(error)) from error

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class ConsoleSessionAuthentication(SessionAuthentication):
    """A person signed in to the console; unsafe methods need the CSRF token."""

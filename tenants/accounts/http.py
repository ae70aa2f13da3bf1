from django.http import HttpRequest

from tenants.accounts.models import User


class AuthenticatedRequest(HttpRequest):
    """A request that passed a sign-in."""

    user: User

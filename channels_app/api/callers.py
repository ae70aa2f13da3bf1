"""Who asks over the API: a person, or a key."""

from rest_framework.request import Request

from tenants.accounts.models import User


def actor_of(request: Request) -> str:
    """For the audit log."""
    return f"user:{request.user.pk}" if request.user.pk else str(request.user)


def person_of(request: Request) -> User | None:
    """None where it is a key."""
    return request.user if isinstance(request.user, User) else None

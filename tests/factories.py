"""One function per model: the smallest valid row, everything else by keyword."""

from itertools import count

from tenants.accounts.models import User

_numbers = count(1)


def make_user(**kwargs) -> User:
    role = kwargs.get("role", "admin")
    defaults = {"email": f"{role}{next(_numbers)}@north.example", "password": "a long password 7"}
    return User.objects.create_user(**{**defaults, **kwargs})

"""Programs that ask the API, by role and by company."""

from typing import Any

import pytest
from django.test import Client

from tenants import context
from tenants.services import create_api_key


class Program(Client):
    """Speaks JSON and carries an API key."""

    def __init__(self, key="", host="north.localhost"):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        super().__init__(headers={"Host": host, **headers})
        self.key = key

    def post(self, path: Any, data: Any = None, *args: Any, **extra: Any) -> Any:
        return super().post(path, data, content_type="application/json", **extra)

    def patch(self, path: Any, data: Any = None, *args: Any, **extra: Any) -> Any:
        return super().patch(path, data, content_type="application/json", **extra)


@pytest.fixture
def program(north):
    """Make a program: ``program("viewer")`` or ``program("admin", company=south)``."""

    def make(role="admin", company=north, host="north.localhost"):
        with context.inside(company):
            _, key = create_api_key(name=f"{role}'s program", role=role)
        return Program(key, host)

    return make


@pytest.fixture
def stranger(north):
    return Program()

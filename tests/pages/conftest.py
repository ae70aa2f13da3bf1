"""People who are signed in, and a company with something to show."""

import pytest

from tests.pages.scene import make_scene


@pytest.fixture
def scene(north):
    """One conversation, its lead, a document, a run, a CRM: something on every page."""
    return make_scene()


@pytest.fixture
def sign_in(client, people):
    """``sign_in("viewer")`` gives the browser of the person with that role."""

    def enter(role: str):
        client.force_login(people[role], backend="tenants.accounts.backends.RoleBackend")
        return client

    return enter

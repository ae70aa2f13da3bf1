"""A company with something to show."""

import pytest

from tests.pages.scene import make_scene


@pytest.fixture
def scene(north):
    """One conversation, its lead, a document, a run, a CRM: something on every page."""
    return make_scene()

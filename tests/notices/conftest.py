from collections.abc import Iterator

import pytest
import respx

from tenants.notices.kinds import Mail, Wish
from tenants.notices.services import set_habits

SOON, NEVER = Mail.SOON, Mail.NEVER


@pytest.fixture
def service(settings) -> Iterator[respx.MockRouter]:
    """Browsers' push services."""
    settings.ALLOW_PRIVATE_ADDRESSES = True  # nothing is dialled: respx stands in
    with respx.mock(assert_all_called=False) as mock:
        yield mock


@pytest.fixture
def wish(people):
    """``wish("agent", "assigned", mail=…)``: how somebody wants to be told."""

    def say(role, *kinds, **ways):
        wishes = {kind: Wish(**ways) for kind in kinds}
        return set_habits(user=people[role], wishes=wishes)

    return say

"""A connected channel per network, and a network's server that knocks."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from channels_app.models import InboundEvent
from channels_app.providers import CHANNELS
from channels_app.services import connect, fresh_config, routing, webhook_url
from channels_app.signals import message_received

_numbers = count(1)


@pytest.fixture(autouse=True)
def forget_routes() -> Iterator[None]:
    routing.forget_routes()
    yield
    routing.forget_routes()


@pytest.fixture(autouse=True)
def bell() -> Iterator[list[tuple[str, Any]]]:
    """Who listens upstairs is not this app's business; what it rings is: (change, message)."""
    upstairs = message_received.receivers
    message_received.receivers = []
    message_received.sender_receivers_cache.clear()
    rung: list[tuple[str, Any]] = []

    def listen(sender, message, change, **kwargs):
        rung.append((change, message))

    message_received.connect(listen)
    yield rung
    message_received.receivers = upstairs
    message_received.sender_receivers_cache.clear()


def connected(platform: str, account_id: str = "", **given: str):
    """A connection of the company we are in."""
    account_id = account_id or str(1000 + next(_numbers))
    defaults = {"token": "https://erp.example/hook"} if platform == "custom" else {"token": "t0k"}
    if not CHANNELS.get(platform).new_secret("secret"):
        defaults["secret"] = "s3cret-of-the-network"  # only the vendor could tell us
    if not CHANNELS.get(platform).new_secret("secret"):
        defaults["secret"] = "s3cret"  # the network hands it out
    config = fresh_config(platform=platform, given={**defaults, **given})
    if platform == "linkedin":
        config["accepts_terms"] = "on"
    return connect(platform=platform, account_id=account_id, config=config, vouched=True)


@pytest.fixture
def knock(client, north):
    """Post a body, signed, to a connection's own address; leaves the test in north."""
    from tenants import context

    def post(connection, body: bytes, *, headers=None, url=""):
        provider = connection.provider()
        signed = provider.signed(body) if headers is None else headers
        path = url or webhook_url(connection).partition("://")[2].partition("/")[2]
        try:
            return client.post(
                f"/{path.lstrip('/')}",
                body,
                content_type="application/json",
                headers=signed,
                HTTP_HOST="localhost",
            )
        finally:
            context.enter_company(north)

    return post


def outcomes(connection) -> list[tuple[str, str, str]]:
    """(kind, status, outcome) of every event, in the order of arrival."""
    events = InboundEvent.objects.filter(connection=connection).order_by("pk")
    return [(event.kind, event.status, event.outcome) for event in events]


ALL_PLATFORMS = tuple(CHANNELS)

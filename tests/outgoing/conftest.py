import json
from collections.abc import Callable

import httpx
import pytest
import respx
from standardwebhooks.webhooks import Webhook

from tenants import context
from tenants.outgoing import services
from tenants.outgoing.models import Endpoint

URL = "https://hooks.example.com/leadwire"


class Receiver:
    """The other side: takes what it is told, or answers as a test wants."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: list[httpx.Response | Exception] = []  # to give first, in order
        self.always: httpx.Response | None = None
        self.echo: Callable[[httpx.Request], httpx.Response] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if self.echo:
            return self.echo(request)
        return self.always or httpx.Response(200, text="ok")

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]

    @property
    def bodies(self) -> list[dict]:
        return [json.loads(request.content) for request in self.requests]

    @property
    def kinds(self) -> list[str]:
        return [body["type"] for body in self.bodies]

    def verified(self, secret: str) -> list[dict]:
        """The bodies, checked by the specification's own library."""
        return [
            Webhook(secret).verify(request.content, dict(request.headers))
            for request in self.requests
        ]


@pytest.fixture
def receiver(settings):
    settings.ALLOW_PRIVATE_ADDRESSES = True  # nothing is dialled: respx stands in
    stand_in = Receiver()
    with respx.mock(assert_all_called=False) as mock:
        mock.route().mock(side_effect=stand_in)
        yield stand_in


@pytest.fixture
def subscribe(north, receiver):
    """``subscribe("lead.hot")`` makes an address of north that is told of hot leads."""

    def add(*events: str, url: str = URL, **kwargs: str) -> Endpoint:
        return services.add_endpoint(
            name=kwargs.get("name", "n8n"), url=url, events=events, actor="user:1"
        )

    return add


@pytest.fixture
def work(work):
    """As everywhere, after the commit of what the test itself did."""
    seen = 0

    def run(limit: int = 1_000) -> list[str]:
        nonlocal seen
        waiting = context.connection.run_on_commit[seen:]
        for _savepoints, call, _robust in waiting:
            call()
        done: list[str] = work(limit)
        seen = len(context.connection.run_on_commit)
        return done

    return run

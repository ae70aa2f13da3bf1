"""Live events: who may listen, what is told, what is caught up on, and who is let go."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.db import transaction
from django.test import Client

from tenants import context, live, live_socket
from tenants.accounts.services import change_member, revoke_key
from tenants.live import Listener, listening_token
from tenants.live_hub import order_of
from tenants.live_socket import LiveSockets
from tenants.redis import client

HOST = "north.localhost"
redis_client: Callable[[], Any] = client  # its stubs allow for every version of the protocol


class Page:
    """A browser's end of the socket, inside the test's own process."""

    def __init__(self, app, *, host=HOST, origin=f"http://{HOST}:8000", path="/ws/"):
        headers = [(b"host", f"{host}:8001".encode())]
        if origin:
            headers.append((b"origin", origin.encode()))
        self.scope = {"type": "websocket", "path": path, "headers": headers}
        self.app = app
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.got: asyncio.Queue[Any] = asyncio.Queue()
        self.sent.put_nowait({"type": "websocket.connect"})
        self.hold = None

    async def __aenter__(self):
        self.task = asyncio.create_task(self.app(self.scope, self.sent.get, self._take))
        return self

    async def __aexit__(self, *error):
        self.sent.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self.task, 2)

    async def _take(self, message):
        if self.hold is not None and message["type"] == "websocket.send":
            await self.hold.wait()
        self.got.put_nowait(message)

    def say(self, text):
        self.sent.put_nowait({"type": "websocket.receive", "text": text})

    async def hear(self, within=2):
        """The next frame, or the code the socket was closed with."""
        while True:
            message = await asyncio.wait_for(self.got.get(), within)
            if message["type"] == "websocket.close":
                return message["code"]
            if message["type"] == "websocket.send":
                return json.loads(message["text"])

    async def enter(self, listener=None, after=""):
        self.say(json.dumps({"token": listening_token(listener or who()), "after": after}))
        return await self.hear()


def who(schema="north", host=HOST, actor="user:1", role="admin"):
    return Listener(schema, host, actor, role)


def tell(kind, schema="north", permission="", **data):
    """Publish as a committed transaction of that company would; returns the event's id."""
    stream = live.stream_of(schema)
    fields = {"kind": kind, "data": json.dumps(data), "permission": permission}
    live._append(stream, fields)
    return redis_client().xrevrange(stream, count=1)[0][0]


def talk(conversation):
    """Run a conversation with a fresh application, and close it afterwards."""

    async def run():
        app = LiveSockets(project.REDIS_URL)
        try:
            return await conversation(app)
        finally:
            await app.close()

    return asyncio.run(run())


# -- publishing


def test_an_event_is_published_when_its_transaction_commits(
    north, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        live.publish("lead_hot", lead=7)
        assert live.position() == "0-0"

    ((_, fields),) = redis_client().xrange(live.stream_of("north"))
    assert (fields["kind"], json.loads(fields["data"])) == ("lead_hot", {"lead": 7})
    assert live.stream_of("north") == context.scoped("live")


def test_what_one_commit_announces_goes_in_its_order(north, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as calls, transaction.atomic():
        live.publish("run", run=1)
        with transaction.atomic():
            live.publish("taken_back")
            transaction.set_rollback(True)
        live.publish("new_message", message=2)
        with transaction.atomic():
            live.publish("conversation", conversation=3)

    told = [fields["kind"] for _, fields in redis_client().xrange(live.stream_of("north"))]
    assert told == ["run", "new_message", "conversation"]
    assert len(calls) == 2


def test_what_was_rolled_back_is_not_told(north, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        live.publish("lead_hot", lead=7)
        transaction.set_rollback(True)

    assert live.position() == "0-0"


def test_a_lost_queue_does_not_fail_the_deed(
    north, monkeypatch, redis_away, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(live, "client", lambda: redis_away)
    with django_capture_on_commit_callbacks(execute=True):
        live.publish("lead_hot", lead=7)


# -- getting in


def test_a_page_hears_what_happens_from_now_on(north):
    before = tell("old")

    async def conversation(app):
        async with Page(app) as page:
            ready = await page.enter()
            new = await asyncio.to_thread(tell, "new_message", conversation=3)
            return ready, new, await page.hear()

    ready, new, event = talk(conversation)
    assert ready == {"id": before, "kind": "ready"}
    assert event == {"id": new, "kind": "new_message", "data": {"conversation": 3}}


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("", 4400),
        ("not json", 4400),
        ("[]", 4400),
        ('{"after": ""}', 4400),
        ('{"token": "x"}', 4401),
        ('{"token": "' + "x" * 5_000 + '"}', 4400),
        (lambda: json.dumps({"token": listening_token(who()), "after": "1 OR 1"}), 4400),
        (lambda: json.dumps({"token": listening_token(who()), "after": "9" * 40 + "-0"}), 4400),
        (lambda: json.dumps({"token": listening_token(who())[:-1] + "_"}), 4401),
        (lambda: json.dumps({"token": listening_token(who(host="south.localhost"))}), 4403),
    ],
)
def test_who_cannot_say_who_they_are_is_sent_away(north, first, code):
    async def conversation(app):
        async with Page(app) as page:
            page.say(first() if callable(first) else first)
            return await page.hear()

    assert talk(conversation) == code


def test_silence_is_sent_away(north, monkeypatch):
    monkeypatch.setattr(live_socket, "TOKEN_WITHIN", 0.05)

    async def conversation(app):
        async with Page(app) as page:
            return await page.hear()

    assert talk(conversation) == 4401


def test_an_old_token_opens_nothing(north, monkeypatch):
    monkeypatch.setattr(live, "TOKEN_SECONDS", -1)

    async def conversation(app):
        async with Page(app) as page:
            return await page.enter()

    assert talk(conversation) == 4401


@pytest.mark.parametrize(
    ("where", "answer"),
    [
        ({"origin": "http://evil.example"}, 4403),
        ({"origin": "null"}, 4403),
        ({"origin": "http://south.localhost:8000"}, 4403),
        ({"origin": "http://north.localhost.evil.example"}, 4403),
        ({"host": "south.localhost"}, 4403),
        ({"origin": None}, {"id": "0-0", "kind": "ready"}),  # a program has no origin
        ({"path": "/elsewhere/"}, 4403),
    ],
)
def test_a_page_of_another_host_cannot_listen(north, where, answer):
    async def conversation(app):
        async with Page(app, **where) as page:
            return await page.enter()

    assert talk(conversation) == answer


# -- between companies and roles


def test_no_event_crosses_between_companies(north, south):
    async def conversation(app):
        async with Page(app) as here, Page(app, host="south.localhost", origin=None) as there:
            await here.enter()
            await there.enter(who("south", "south.localhost"))
            for number in range(20):
                await asyncio.to_thread(tell, "event", "south", n=number)
                await asyncio.to_thread(tell, "event", "north", n=-number)
            return (
                [(await here.hear())["data"]["n"] for _ in range(20)],
                [(await there.hear())["data"]["n"] for _ in range(20)],
                here.got.empty() and there.got.empty(),
            )

    in_north, in_south, nothing_else = talk(conversation)
    assert in_north == [-n for n in range(20)]
    assert in_south == list(range(20))
    assert nothing_else


def test_a_role_hears_what_it_may_see(north):
    first = tell("start")

    async def conversation(app):
        async with Page(app) as admin, Page(app) as viewer:
            await admin.enter()
            await viewer.enter(who(role="viewer"))
            await asyncio.to_thread(tell, "key_used", permission="accounts.view_apikey")
            await asyncio.to_thread(tell, "for_all")
            return (await admin.hear())["kind"], (await viewer.hear())["kind"]

    assert talk(conversation) == ("key_used", "for_all")

    async def caught_up(app):
        async with Page(app) as viewer:
            await viewer.enter(who(role="viewer"), after=first)
            return (await viewer.hear())["kind"]

    assert talk(caught_up) == "for_all"


def test_whoever_loses_their_place_is_cut_off(people, django_capture_on_commit_callbacks):
    viewer = people["viewer"]

    def demote():
        with django_capture_on_commit_callbacks(execute=True):
            change_member(user=viewer, role="viewer", is_active=False, changed_by=people["admin"])

    async def conversation(app):
        async with Page(app) as page, Page(app) as other:
            await page.enter(who(actor=viewer.actor, role="viewer"))
            await other.enter()
            fields = {"kind": live.ACCESS_CHANGED, "data": json.dumps({"actor": viewer.actor})}
            await asyncio.to_thread(live._append, live.stream_of("north"), fields)
            code = await page.hear()
            await asyncio.to_thread(tell, "after")
            return code, (await other.hear())["kind"]

    demote()
    (_, told) = redis_client().xrevrange(live.stream_of("north"), count=1)[0]
    assert (told["kind"], json.loads(told["data"])) == ("access_changed", {"actor": viewer.actor})
    assert talk(conversation) == (4403, "after")


def test_a_revoked_key_is_cut_off(north, people, django_capture_on_commit_callbacks):
    from tenants.services import create_api_key

    key, _ = create_api_key(name="x", role="viewer")
    with django_capture_on_commit_callbacks(execute=True):
        revoke_key(key=key, revoked_by=people["admin"])

    (_, told) = redis_client().xrevrange(live.stream_of("north"), count=1)[0]
    assert json.loads(told["data"]) == {"actor": f"key:{key.prefix}"}


# -- coming back


def test_a_page_that_comes_back_gets_what_it_missed_once(north):
    seen = tell("seen")
    missed = [tell("missed", n=n) for n in range(3)]

    async def conversation(app):
        async with Page(app) as page:
            await page.enter(after=seen)
            told = [(await page.hear())["id"] for _ in range(3)]
            new = await asyncio.to_thread(tell, "new")
            return told, (await page.hear())["id"] == new

    assert talk(conversation) == (missed, True)


def test_a_page_that_was_rendered_before_anything_happened_misses_nothing(north):
    rendered = live.position()
    tell("first")

    async def conversation(app):
        async with Page(app) as page:
            await page.enter(after=rendered)
            return (await page.hear())["kind"]

    assert talk(conversation) == "first"


def cut(keep):
    redis_client().xtrim(live.stream_of("north"), maxlen=keep, approximate=False)


def wipe(keep):
    redis_client().delete(live.stream_of("north"))


def too_many(keep):
    for number in range(live_socket.WAITING_AT_MOST * 2):
        tell("many", n=number)


@pytest.mark.parametrize("mishap", [cut, wipe, too_many])
def test_a_page_that_missed_too_much_is_told_to_load_anew(north, mishap):
    seen = [tell("seen", n=n) for n in range(5)][1]
    mishap(2)

    async def conversation(app):
        async with Page(app) as page:
            return await page.enter(after=seen)

    assert talk(conversation) == {"kind": "reload"}


def test_ids_are_compared_as_numbers():
    assert order_of("9-10") < order_of("10-9")
    assert order_of("5-9") < order_of("5-10")


# -- crowds


def test_one_reader_serves_all_pages(north):
    def readers():
        return sum(1 for one in redis_client().client_list() if one["cmd"] in {"xread", "xread|"})

    before = readers()

    async def conversation(app):
        pages = [Page(app) for _ in range(30)]
        for page in pages:
            await page.__aenter__()
            await page.enter()
        await asyncio.to_thread(tell, "to_all")
        kinds = [(await page.hear())["kind"] for page in pages]
        during = await asyncio.to_thread(readers)
        for page in pages:
            await page.__aexit__()
        return kinds, during

    kinds, during = talk(conversation)
    assert kinds == ["to_all"] * 30
    assert during - before == 1


def test_a_page_that_reads_too_slowly_is_let_go_and_holds_up_nobody(north, monkeypatch):
    monkeypatch.setattr(live_socket, "WAITING_AT_MOST", 5)

    async def conversation(app):
        async with Page(app) as slow, Page(app) as quick:
            await slow.enter()
            slow.hold = asyncio.Event()
            await quick.enter()
            for number in range(12):
                await asyncio.to_thread(tell, "event", n=number)
                assert (await quick.hear())["data"]["n"] == number
            code = None
            while not isinstance(code, int):
                code = await slow.hear()
            slow.hold.set()
            return code

    assert talk(conversation) == 4408


def test_a_company_cannot_fill_the_process(north, monkeypatch):
    monkeypatch.setattr(live_socket, "SOCKETS_PER_COMPANY", 1)

    async def conversation(app):
        async with Page(app) as first, Page(app) as second:
            await first.enter()
            return await second.enter()

    assert talk(conversation) == 4429


def test_a_quiet_page_is_pinged_and_an_old_one_comes_back_with_a_fresh_token(north, monkeypatch):
    monkeypatch.setattr(live_socket, "PING_EVERY", 0.02)
    monkeypatch.setattr(live_socket, "LIVES", 0.2)

    async def conversation(app):
        async with Page(app) as page:
            await page.enter()
            frames = [await page.hear()]
            while not isinstance(frames[-1], int):
                frames.append(await page.hear())
            return frames

    frames = talk(conversation)
    assert frames[0] == {"kind": "ping"}
    assert frames[-1] == 4401


# -- the token, and the real server


def test_members_get_a_token_for_their_own_company(people):
    browser = Client(headers={"Host": HOST})
    browser.force_login(people["viewer"])

    body = browser.post("/api/v1/live-token/").json()

    assert live.listener_of(body["token"]) == who(actor=people["viewer"].actor, role="viewer")
    assert body["url"] == f"ws://{HOST}:{project.LIVE_PORT}/ws/"


def test_strangers_get_none(north):
    assert Client(headers={"Host": HOST}).post("/api/v1/live-token/").status_code == 401


@pytest.fixture
def server(tmp_path):
    """config.asgi under Granian, as ``up`` runs it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = open(tmp_path / "granian.log", "w+")  # noqa: SIM115
    process = subprocess.Popen(  # noqa: S603
        [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port)),
            "config.asgi:application",
        ],
        cwd=Path(__file__).resolve().parent.parent.parent,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": str(project.DATA_DIR),
            "REDIS_URL": project.REDIS_URL,
        },
        stdout=log,
        stderr=log,
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            log.seek(0)
            assert process.poll() is None, log.read()
            assert time.monotonic() < deadline, log.read()
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)
    log.close()


def test_the_real_server_carries_events_from_outside_to_a_page(north, server):
    from websockets.sync.client import connect
    from websockets.typing import Origin

    with socket.create_connection(("127.0.0.1", server)) as wire:
        page = connect(f"ws://{HOST}:{server}/ws/", sock=wire, origin=Origin(f"http://{HOST}:8000"))
        with page:
            page.send(json.dumps({"token": listening_token(who()), "after": ""}))
            assert json.loads(page.recv(5))["kind"] == "ready"
            started = time.monotonic()
            event = tell("new_message", conversation=3)
            heard = json.loads(page.recv(5))
            assert heard["id"] == event
            assert time.monotonic() - started < 0.3

    from websockets.exceptions import ConnectionClosed

    wire = socket.create_connection(("127.0.0.1", server))
    page = connect(f"ws://{HOST}:{server}/ws/", sock=wire)
    with page:
        page.send("{}")
        with pytest.raises(ConnectionClosed) as closed:
            page.recv(5)
        assert closed.value.rcvd.code == 4400

"""A visitor's stream: who hears it, what is caught up on, and how it ends."""

import asyncio
import json
from typing import Any

import pytest
from django.conf import settings as project

from tenants import context, line_stream, lines
from tenants.line_stream import LineStreams
from tenants.lines import BadTicket, Ticket
from tenants.redis import client

SITE = "https://www.acme.example"
LINE = lines.line_of("chat-1", "v-1")


class Page:
    """A browser's end of the stream, inside the test's own process."""

    def __init__(self, app, *, ticket=None, query="", method="GET", **headers):
        ticket = lines.issue(Ticket("north", LINE, SITE)) if ticket is None else ticket
        given = {"origin": SITE, **headers}
        self.scope = {
            "type": "http",
            "method": method,
            "path": "/chat/key/stream",
            "query_string": f"ticket={ticket}{query}".encode("latin-1"),
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in given.items() if v],
        }
        self.app = app
        self.gone = asyncio.Event()
        self.got: asyncio.Queue[Any] = asyncio.Queue()
        self.text = ""

    async def __aenter__(self):
        self.task = asyncio.create_task(self.app(self.scope, self._receive, self.got.put))
        self.start = await asyncio.wait_for(self.got.get(), 2)
        self.headers = {k.decode(): v.decode() for k, v in self.start["headers"]}
        return self

    async def __aexit__(self, *error):
        self.gone.set()
        await asyncio.wait_for(self.task, 2)

    async def _receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def hear(self, within=2):
        """The next event as (kind, data, id); comments as (":", text, "")."""
        while "\n\n" not in self.text:
            message = await asyncio.wait_for(self.got.get(), within)
            self.text += message.get("body", b"").decode()
            if not message.get("more_body"):
                return None
        block, _, self.text = self.text.partition("\n\n")
        fields = dict(line.partition(": ")[::2] for line in block.splitlines())
        if "" in fields:
            return (":", fields[""], "")
        return fields["event"], json.loads(fields["data"]), fields.get("id", "")


def talk(conversation):
    async def run():
        app = LineStreams(project.REDIS_URL)
        try:
            return await conversation(app)
        finally:
            await app.close()

    return asyncio.run(run())


def say(kind="message", line=LINE, schema="north", **data):
    """As a worker inside the company would."""
    here = context.connection.tenant
    context.enter(schema)
    try:
        assert lines.say(line, (kind, data))
    finally:
        context.connection.set_tenant(here)


@pytest.fixture(autouse=True)
def inside(north):
    return north


def test_a_page_hears_what_is_said_to_it_and_to_nobody_else():
    async def conversation(app):
        async with Page(app) as page:
            assert page.start["status"] == 200
            assert page.headers["content-type"] == "text/event-stream"
            assert page.headers["access-control-allow-origin"] == SITE
            assert (await page.hear())[0] == "ready"
            say(line=lines.line_of("chat-1", "v-2"), text="for another visitor")
            say(schema="south", text="for another company")
            say(text="for you\nin two lines")
            return await page.hear()

    kind, data, _id = talk(conversation)
    assert (kind, data) == ("message", {"text": "for you\nin two lines"})


@pytest.mark.parametrize("by_header", [True, False])
def test_what_was_missed_is_told_first(by_header):
    say(n=1)
    entries: list[Any] = list(client().xrevrange(lines.stream_of("north"), count=1))
    mark = str(entries[0][0])
    say(n=2)
    say(n=3, line=lines.line_of("chat-1", "v-2"))
    say(n=4)

    async def conversation(app):
        named = {"last_event_id": mark} if by_header else {}
        async with Page(app, query="" if by_header else f"&after={mark}", **named) as page:
            return [await page.hear() for _ in range(3)]

    told = talk(conversation)
    assert [(kind, data) for kind, data, _ in told] == [
        ("message", {"n": 2}),
        ("message", {"n": 4}),
        ("ready", {}),
    ]


def test_who_missed_too_much_is_told_to_look():
    async def conversation(app):
        async with Page(app, query="&after=1-1") as page:
            return [(await page.hear())[0] for _ in range(2)]

    assert talk(conversation) == ["reload", "ready"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"ticket": "forged"}, 401),
        ({"ticket": ""}, 401),
        ({"origin": "https://evil.example"}, 403),
        ({"query": "&after=first"}, 400),
        ({"query": "&after=\xff"}, 400),
        ({"last_event_id": "x" * 5_000}, 400),
        ({"method": "POST"}, 405),
    ],
)
def test_who_is_sent_away(asked, status):
    async def conversation(app):
        async with Page(app, **asked) as page:
            return page.start["status"], page.headers.get("access-control-allow-origin")

    answered, allowed = talk(conversation)
    assert answered == status
    assert allowed in {None, SITE}


def test_a_ticket_ends_within_its_minute(monkeypatch):
    ticket = lines.issue(Ticket("north", LINE, SITE))
    assert lines.redeem(ticket).line == LINE
    ticket = lines.issue(Ticket("north", LINE, SITE))
    monkeypatch.setattr(lines, "TICKET_SECONDS", -1)
    with pytest.raises(BadTicket):
        lines.redeem(ticket)


def test_a_ticket_is_good_once():
    first, second = (lines.issue(Ticket("north", LINE, SITE)) for _ in range(2))
    assert lines.redeem(first).line == LINE
    with pytest.raises(BadTicket, match="before"):
        lines.redeem(first)
    assert lines.redeem(second).line == LINE  # of the same visitor, in the same second


def test_a_stream_is_not_opened_twice_by_one_ticket():
    ticket = lines.issue(Ticket("north", LINE, SITE))

    async def conversation(app):
        async with Page(app, ticket=ticket) as page:
            opened = page.start["status"]
            await page.hear()
        async with Page(app, ticket=ticket) as thief:
            return opened, thief.start["status"]

    assert talk(conversation) == (200, 401)


def test_words_lie_sealed_for_an_hour_and_open_on_their_own_line_only():
    say(text="649 euros")
    stream = lines.stream_of("north")
    entries: list[Any] = list(client().xrange(stream))
    ((_, fields),) = entries
    assert "649" not in json.dumps(fields)
    assert "649" in lines.unseal("north", LINE, fields["data"])
    for schema, line in (("south", LINE), ("north", lines.line_of("chat-1", "v-2"))):
        with pytest.raises(BadTicket):
            lines.unseal(schema, line, fields["data"])
    assert 0 < client().ttl(stream) <= lines.KEPT_SECONDS


def test_silence_is_filled_so_that_no_proxy_hangs_up(monkeypatch):
    monkeypatch.setattr(line_stream, "HEARTBEAT", 0.05)

    async def conversation(app):
        async with Page(app) as page:
            await page.hear()
            return await page.hear()

    assert talk(conversation)[0] == ":"


def test_the_oldest_of_many_pages_gives_way(monkeypatch):
    monkeypatch.setattr(line_stream, "STREAMS_PER_LINE", 1)

    async def conversation(app):
        async with Page(app) as first:
            await first.hear()
            async with Page(app) as second:
                assert (await second.hear())[0] == "ready"
                return await first.hear()

    assert talk(conversation) is None


def test_a_company_has_room_for_so_many(monkeypatch):
    monkeypatch.setattr(line_stream, "STREAMS_PER_COMPANY", 1)

    async def conversation(app):
        async with Page(app) as first:
            await first.hear()
            async with Page(app) as second:
                return second.start["status"]

    assert talk(conversation) == 503


def test_a_process_that_ends_lets_everybody_go():
    async def conversation(app):
        async with Page(app) as page:
            await page.hear()
            await app.close()
            return await page.hear()

    assert talk(conversation) is None


def test_names_of_lines_tell_nobody_apart_by_accident():
    assert lines.line_of("a", "bc") != lines.line_of("ab", "c")
    assert len(lines.line_of("é" * 900, "\ud800")) == 32

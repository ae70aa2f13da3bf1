"""MCP over real HTTP on loopback, with the package's own client, and two companies."""

import asyncio
import json
import threading
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx2
import pytest
from django.utils import timezone
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from agents.mcp_server import McpDoor
from agents.models import ToolApproval
from agents.services import approvals
from agents.services.approvals import NotDecidable, approve, reject
from agents.tools import TOOLS
from knowledge.services import add_document, index_document
from leads.models import Lead
from tenants import context
from tenants.accounts.models import ApiKey
from tenants.audit.models import AuditEntry
from tenants.services import create_api_key
from tests import live_server
from tests.committed import committed
from tests.factories import make_contact, make_conversation, make_message
from tests.live_server import aside as aside

FACTS = {"facts": [{"name": "budget", "value": "900 EUR", "quote": "budget is 900 EUR"}]}


@asynccontextmanager
async def serving(door):
    """The door behind a real server, on a port of its own."""
    async with door.running(), live_server.serving(door) as port:
        yield port


@asynccontextmanager
async def speaking(port, key, host="north.localhost", **headers):
    given = {"Host": host, "Authorization": f"Bearer {key}", **headers}
    async with httpx2.AsyncClient(headers=given) as http:
        transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
        async with Client(transport) as client:
            yield client


@pytest.fixture
def talk(aside):
    """Run a conversation with the server, over HTTP."""

    def run(conversation, key, **kwargs):
        async def both():
            async with serving(McpDoor()) as port, speaking(port, key, **kwargs) as client:
                return await conversation(client)

        return aside(both())

    return run


@pytest.fixture
def ask(talk):
    """One call of one tool: what it answered."""

    def call(key, tool, arguments=None, **kwargs):
        async def conversation(client):
            return await client.call_tool(tool, arguments or {})

        answered = talk(conversation, key, **kwargs)
        assert json.loads(answered.content[0].text) == answered.structured_content
        return answered.structured_content

    return call


@pytest.fixture
def admin_key(north):
    return create_api_key(name="n8n", role="admin")[1]


@pytest.fixture
def interested(north):
    conversation = make_conversation()
    make_message(conversation=conversation, text="My budget is 900 EUR, what do you have?")
    return conversation


@pytest.fixture
def knock(aside):
    """The plain HTTP answer to a request at the door."""

    async def ask(key, headers):
        async with serving(McpDoor()) as port, httpx2.AsyncClient() as http:
            given = {"Host": "north.localhost", "Accept": "application/json", **headers}
            if key:
                given["Authorization"] = f"Bearer {key}"
            return await http.post(f"http://127.0.0.1:{port}/mcp", json={}, headers=given)

    return lambda key, **headers: aside(ask(key, headers))


def test_tools_are_told_with_their_risk_to_whoever_may_use_them(talk, north, admin_key):
    async def listed(client):
        return {tool.name: tool for tool in (await client.list_tools()).tools}

    everything = talk(listed, admin_key)
    narrow = create_api_key(name="reader", role="admin", scopes=["knowledge:read"])[1]

    assert set(everything) == set(TOOLS)
    assert everything["update_lead"].annotations.read_only_hint is False
    assert everything["hand_over"].annotations.open_world_hint is True
    assert everything["find_lead"].annotations.read_only_hint is True
    assert everything["update_lead"].input_schema["required"] == ["conversation", "facts"]
    assert set(talk(listed, narrow)) == {"search_knowledge", "list_documents"}
    viewer = create_api_key(name="viewer", role="viewer")[1]
    assert "update_lead" not in talk(listed, viewer)


def test_knowledge_is_searched_and_listed(ask, north, admin_key):
    document = add_document(title="Hours", source_name="h.md", content=b"We open at nine o'clock.")
    index_document(document_id=document.pk)

    found = ask(admin_key, "search_knowledge", {"question": "when do you open?"})
    listed = ask(admin_key, "list_documents")

    assert "nine" in found["sources"][0]["text"]
    assert [row["title"] for row in listed["documents"]] == ["Hours"]
    used = AuditEntry.objects.filter(action="tool.used").values_list("details", flat=True)
    assert {"tool": "search_knowledge", "risk": "read"} in list(used)


def test_people_leads_and_words_are_found(ask, north, admin_key, interested):
    contact = make_contact(name="Ana", email="ana@x.example")

    assert (
        ask(admin_key, "find_contact", {"email": "ANA@x.example"})["contacts"][0]["id"]
        == contact.pk
    )
    said = ask(admin_key, "read_conversation", {"conversation": interested.pk})
    assert said["messages"][0]["text"].startswith("My budget")
    assert ask(admin_key, "find_lead", {"tier": "hot"}) == {"leads": []}


def test_a_key_of_another_company_sees_nothing(ask, knock, north, south, admin_key, interested):
    with context.inside(south):
        theirs = create_api_key(name="x", role="admin")[1]

    gone = ask(theirs, "read_conversation", {"conversation": interested.pk}, host="south.localhost")
    assert gone["error"] == "conversation"
    contact = interested.contact_id
    assert ask(theirs, "find_contact", {"id": contact}, host="south.localhost") == {"contacts": []}
    assert knock(theirs).status_code == 401


@pytest.mark.parametrize(
    ("key", "headers", "status"),
    [
        ("", {}, 401),
        ("lw_north_12345678_x", {}, 401),
        (None, {"Host": "nobody.localhost"}, 404),
        (None, {"Host": "localhost"}, 404),
        (None, {"Origin": "https://evil.example"}, 403),
    ],
)
def test_strangers_are_stopped_at_the_door(knock, north, admin_key, key, headers, status):
    answer = knock(admin_key if key is None else key, **headers)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_limits_hold_here_as_well(knock, north, admin_key, settings):
    settings.API_CALLER_PER_MINUTE = 1
    knock(admin_key)

    answer = knock(admin_key)
    assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (429, True)


# -- writing


def test_a_dry_run_tells_and_leaves_nothing(ask, north, admin_key, interested):
    told = ask(admin_key, "update_lead", {"conversation": interested.pk, "dry_run": True, **FACTS})

    assert (told["dry_run"], told["written"]) == (True, ["budget"])
    assert not Lead.objects.exists()
    assert not ToolApproval.objects.exists()


def test_what_writes_waits_for_a_person_and_happens_once(ask, north, people, admin_key, interested):
    asked = {"conversation": interested.pk, **FACTS}
    waiting = ask(admin_key, "update_lead", asked)
    again = ask(admin_key, "update_lead", asked)

    assert (waiting["state"], waiting["approval"]) == ("waiting", again["approval"])
    assert not Lead.objects.exists()
    row = approve(approval=ToolApproval.objects.get(), by=people["agent"])
    assert row.state == "done"
    assert Lead.objects.get().facts["budget"] == "900 EUR"
    with pytest.raises(NotDecidable):
        approve(approval=row, by=people["admin"])
    checked = ask(admin_key, "check_approval", {"approval": waiting["approval"]})
    assert (checked["state"], checked["result"]["written"]) == ("done", ["budget"])
    log = AuditEntry.objects.filter(subject=f"tool_approval:{row.pk}").order_by("sequence")
    assert [entry.action for entry in log] == ["tool.approval_asked", "tool.approved"]


def test_what_is_rejected_or_too_late_does_not_happen(ask, north, people, admin_key, interested):
    for number in (1, 2):
        reason = f"Wants to talk, {number}"
        ask(admin_key, "hand_over", {"conversation": interested.pk, "reason": reason})
    first, second = ToolApproval.objects.order_by("asked_at")

    assert reject(approval=first, by=people["agent"]).state == "rejected"
    ToolApproval.objects.filter(pk=second.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    with pytest.raises(NotDecidable):
        approve(approval=second, by=people["agent"])
    assert approvals.expire_old() == 1
    interested.refresh_from_db()
    assert interested.controller == "ai"


def test_what_would_be_refused_bothers_nobody(ask, north, admin_key, interested):
    invented = {"facts": [{"name": "company", "value": "Acme", "quote": "I work at Acme"}]}

    told = ask(admin_key, "update_lead", {"conversation": interested.pk, **invented})

    assert told["error"] == "no_evidence"
    assert not ToolApproval.objects.exists()


def test_approval_needs_the_right_of_both(ask, north, people, admin_key, interested):
    ask(admin_key, "update_lead", {"conversation": interested.pk, **FACTS})
    row = ToolApproval.objects.get()
    ApiKey.objects.update(scopes=["audit:read"])

    done = approve(approval=row, by=people["admin"])

    assert (done.state, done.result["error"]) == ("failed", "permission_denied")
    assert not Lead.objects.exists()


def test_a_revoked_keys_wishes_are_not_done(ask, north, people, admin_key, interested):
    ask(admin_key, "update_lead", {"conversation": interested.pk, **FACTS})
    ApiKey.objects.update(revoked_at=timezone.now())

    assert approve(approval=ToolApproval.objects.get(), by=people["admin"]).state == "failed"
    assert not Lead.objects.exists()


def test_ones_own_requests_only_can_be_asked_about(ask, north, admin_key, interested):
    waiting = ask(admin_key, "update_lead", {"conversation": interested.pk, **FACTS})
    other = create_api_key(name="other", role="admin")[1]

    assert ask(other, "check_approval", {"approval": waiting["approval"]})["error"] == "not_found"


def test_a_program_cannot_flood_people_with_requests(
    ask, north, admin_key, interested, monkeypatch
):
    monkeypatch.setattr(approvals, "WAITING_AT_MOST", 1)
    ask(admin_key, "update_lead", {"conversation": interested.pk, **FACTS})

    more = ask(admin_key, "hand_over", {"conversation": interested.pk, "reason": "Talk to her"})
    assert more["error"] == "too_many"


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("rm", {}, "unknown_tool"),
        ("find_contact", {}, "arguments"),
        ("read_conversation", {}, "conversation"),
        ("read_conversation", {"conversation": "1; DROP"}, "conversation"),
        ("read_conversation", {"conversation": 2**70}, "conversation"),
        ("find_lead", {"limit": 999}, "arguments"),
    ],
)
def test_nonsense_is_told_to_be_nonsense(ask, north, admin_key, tool, arguments, code):
    assert ask(admin_key, tool, arguments)["error"] == code


def test_threads_give_their_connections_back(django_db_setup, django_db_blocker):
    """As it runs in the live server: rows committed, work in threads, several at once."""
    with django_db_blocker.unblock(), committed():
        key = create_api_key(name="n8n", role="admin")[1]

        async def four(client):
            asked = [client.call_tool("list_documents", {}) for _ in range(4)]
            return [one.structured_content for one in await asyncio.gather(*asked)]

        async def both():
            async with serving(McpDoor()) as port, speaking(port, key) as client:
                return await four(client)

        answered: list = []
        alone = threading.Thread(target=lambda: answered.extend(asyncio.run(both())))
        alone.start()
        alone.join(30)

        assert answered == [{"documents": []}] * 4

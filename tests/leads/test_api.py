import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.services import apply_understanding
from tenants import context
from tenants.services import create_api_key
from tests.factories import make_lead, make_message

pytestmark = pytest.mark.usefixtures("memories_last")


@pytest.fixture
def lead(north):
    message = make_message(text="I want to buy for 900 euros, mail ada@acme.example")
    return apply_understanding(
        conversation=message.conversation,
        message=message,
        facts={"budget": "900 euros", "email": "ada@acme.example"},
        intent="sales",
    )


@pytest.fixture
def agent(client, people):
    client.force_login(people["agent"])
    return client


def test_the_list_shows_leads_and_filters_them(agent, lead):
    make_lead()
    everything = agent.get("/api/v1/leads/").json()["results"]
    assert [row["score"] for row in everything] == [0, 53]
    for query in (
        "tier=warm",
        "score__gte=50",
        "email=ADA@acme.example",
        "stage=new&tier=warm",
        "owner__isnull=true&tier=warm",
    ):
        found = agent.get(f"/api/v1/leads/?{query}").json()["results"]
        assert [row["id"] for row in found] == [lead.pk], query


def test_a_lead_shows_every_reason_behind_it(agent, lead):
    body = agent.get(f"/api/v1/leads/{lead.pk}/").json()
    assert sum(row["points"] for row in body["contributions"]) == body["score"] == 53
    assert body["contributions"][1]["label"] == "Budget"
    assert body["contributions"][1]["quote"] == "900 euros"
    assert body["known_facts"][0]["name"] == "budget"
    assert {row["field"] for row in body["changes"]} >= {"stage", "score", "tier", "fact:budget"}
    assert body["what_would_make_it_hot"][0] == "What exactly they need (+10)"


def test_deeds(agent, lead, people):
    def do(deed, **body):
        response = agent.post(f"/api/v1/leads/{lead.pk}/{deed}/", body, "application/json")
        assert response.status_code == 200, response.content
        return response.json()

    assert do("assign", owner=people["agent"].pk)["owner"] == people["agent"].pk
    assert do("assign", owner=None)["owner"] is None
    assert do("stage", stage="won", reason="Signed")["stage"] == "won"
    assert do("override", score=90, reason="Old customer")["score"] == 90
    assert do("override", score=None)["score"] == 53
    assert do("correct", facts={"role": "CEO"})["facts"]["role"] == "CEO"
    assert lead.changes.first().actor == people["agent"].actor


@pytest.mark.parametrize(
    ("deed", "body", "field"),
    [
        ("stage", {"stage": "sold"}, "stage"),
        ("stage", {}, "stage"),
        ("override", {"score": 101}, "score"),
        ("assign", {"owner": 999_999}, "owner"),
        ("correct", {"facts": {}}, "facts"),
    ],
)
def test_bad_input_names_the_field(agent, lead, deed, body, field):
    response = agent.post(f"/api/v1/leads/{lead.pk}/{deed}/", body, "application/json")
    assert response.status_code == 400
    assert response["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["attr"].startswith(field)


def test_leads_cannot_be_patched_or_made_up(agent, lead):
    address = f"/api/v1/leads/{lead.pk}/"
    assert agent.patch(address, {"score": 100}, "application/json").status_code == 405
    assert agent.delete(address).status_code == 405


def test_many_leads_cost_no_more_queries_than_one(agent, lead):
    agent.get("/api/v1/profile/")  # what a process remembers after its first request
    costs = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as queries:
            assert agent.get("/api/v1/leads/").status_code == 200
        costs.append(len(queries))
        make_lead()
    assert len(set(costs)) == 1


@pytest.mark.parametrize(
    ("role", "reads", "changes"), [("admin", 200, 200), ("agent", 200, 200), ("viewer", 200, 403)]
)
def test_roles(client, people, lead, role, reads, changes):
    client.force_login(people[role])
    assert client.get("/api/v1/leads/").status_code == reads
    changed = client.post(f"/api/v1/leads/{lead.pk}/stage/", {"stage": "won"}, "application/json")
    assert changed.status_code == changes


def test_strangers_see_nothing(client, lead):
    assert client.get("/api/v1/leads/").status_code == 401


def test_a_key_names_itself_in_the_history(client, lead):
    key, secret = create_api_key(name="n8n", role="agent")
    client.post(
        f"/api/v1/leads/{lead.pk}/stage/",
        {"stage": "won"},
        "application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    assert lead.changes.first().actor == f"key:{key.prefix}"


def test_another_companys_leads_do_not_exist(agent, lead, south):
    with context.inside(south):
        theirs = make_lead(pk=lead.pk + 1)
    assert agent.get(f"/api/v1/leads/{theirs.pk}/").status_code == 404
    assert [row["id"] for row in agent.get("/api/v1/leads/").json()["results"]] == [lead.pk]

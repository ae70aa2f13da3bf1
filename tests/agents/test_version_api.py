"""Versions, trials, experiments and the playground over the API."""

import pytest

from agents.models import AgentVersion, Run
from channels_app.models import Message
from leads.models import Lead

WHY = "Planted for the test."


@pytest.fixture
def admin(program):
    return program("admin")


def post(client, path, body=None):
    return client.post(f"/api/v1/{path}", body or {}, content_type="application/json")


def put(client, path, body):
    return client.put(f"/api/v1/{path}", body, content_type="application/json")


def test_a_version_goes_its_way(admin, company):
    made = post(admin, "agent-versions/", {"note": "drier"})
    assert (made.status_code, made.json()["number"], made.json()["state"]) == (201, 1, "draft")

    words = {"content": {"tone": "Dry.", "donts": ['Say "cheap"']}, "note": "drier"}
    kept = put(admin, "agent-versions/1/content/", words).json()
    assert (kept["content"]["tone"], kept["content"]["donts"]) == ("Dry.", ['Say "cheap"'])

    [tone, _donts] = admin.get("/api/v1/agent-versions/1/difference/").json()
    assert tone == {"name": "tone", "pieces": [{"kind": "new", "text": "Dry."}]}

    refused = post(admin, "agent-versions/1/publish/")
    assert (refused.status_code, refused.json()["code"]) == (409, "gate_missing")
    assert post(admin, "agent-versions/1/publish/", {"override": WHY}).json()["is_live"] is True
    assert put(admin, "agent-versions/1/content/", words).status_code == 409

    assert post(admin, "agent-versions/roll-back/", {"number": 0}).status_code == 204
    assert not AgentVersion.objects.filter(is_live=True).exists()
    assert post(admin, "agent-versions/roll-back/", {"number": 7}).status_code == 409


def test_unfit_words_are_named(admin):
    post(admin, "agent-versions/")
    answer = put(admin, "agent-versions/1/content/", {"content": {"reply": "Speak {who}"}})
    assert answer.status_code == 422
    assert answer.json()["faults"] == {"reply": "unknown_place:who"}


def test_a_trial_is_begun_read_and_stopped(admin, company):
    post(admin, "agent-versions/")
    begun = post(admin, "agent-versions/1/replay/")
    assert begun.status_code == 202
    pk = begun.json()["id"]
    assert post(admin, "agent-versions/1/replay/").json()["code"] == "replay_running"
    shown = admin.get(f"/api/v1/replays/{pk}/").json()
    assert [turn["kind"] for turn in shown["turns"]] == ["sample"] * 4 + ["probe"] * 3
    assert post(admin, f"replays/{pk}/stop/").json()["status"] == "stopped"


def test_an_experiment_goes_its_way(admin):
    post(admin, "agent-versions/")
    assert post(admin, "experiments/", {"variant": 1, "share": 20}).status_code == 409
    post(admin, "agent-versions/1/publish/", {"override": WHY, "live": False})
    begun = post(admin, "experiments/", {"variant": 1, "share": 20})
    assert begun.status_code == 201
    told = begun.json()
    assert {row["verdict"] for row in told["figures"]} == {"too_early"}
    assert post(admin, f"experiments/{told['id']}/share/", {"share": 40}).json()["share"] == 40
    assert post(admin, f"experiments/{told['id']}/promote/").json()["status"] == "promoted"
    assert post(admin, f"experiments/{told['id']}/stop/").status_code == 409
    assert post(admin, "experiments/", {"variant": 9, "share": 20}).status_code == 404


def test_agents_read_and_change_nothing(program, admin):
    post(admin, "agent-versions/")
    agent = program("agent")
    assert agent.get("/api/v1/agent-versions/1/").status_code == 200
    assert agent.get("/api/v1/agent-versions/1/difference/").status_code == 200
    for path in ("agent-versions/", "agent-versions/1/publish/", "agent-versions/1/replay/"):
        assert post(agent, path).status_code == 403
    assert post(agent, "experiments/", {"variant": 1, "share": 20}).status_code == 403


def test_the_playground_tells_every_step_and_keeps_nothing(program, company):
    counts = [m.objects.count() for m in (Run, Message, Lead)]
    told = post(
        program("agent"),
        "playground/",
        {"text": "How much does the standing desk Nova cost?", "channel": "whatsapp"},
    ).json()

    assert (told["version"], told["outcome"], told["act"]) == (0, "sent", "send")
    assert "349" in told["text"]
    assert [step["name"] for step in told["steps"]] == [
        *("classify", "extract", "score", "retrieve", "reply", "validate")
    ]
    assert told["sentences"][0]["quote"] in told["text"]
    assert told["prompts"][-1]["task"] == "reply"
    assert counts == [m.objects.count() for m in (Run, Message, Lead)]


@pytest.mark.parametrize(
    ("said", "status"),
    [({"version": 9}, 404), ({"contact": 9}, 404), ({"channel": "fax"}, 400), ({"text": ""}, 400)],
)
def test_what_cannot_be_tried_is_told(program, company, said, status):
    assert post(program("agent"), "playground/", {"text": "Hello", **said}).status_code == status


def test_a_run_says_which_version_it_went_by(program, company, says, work):
    says("How much does the standing desk Nova cost?")
    work()
    row = program("viewer").get("/api/v1/runs/").json()["results"][0]
    assert (row["agent_version"], row["experiment"]) == (0, None)


def test_a_narrow_key_reads_no_contacts_words(north, company):
    from django.test import Client

    from tenants.services import create_api_key
    from tests.factories import make_contact

    key = create_api_key(name="lab", role="agent", scopes=["agents:write"])[1]
    client = Client(headers={"Host": "north.localhost", "Authorization": f"Bearer {key}"})
    assert post(client, "playground/", {"text": "Hello"}).status_code == 200
    with_contact = {"text": "Hello", "contact": make_contact().pk}
    assert post(client, "playground/", with_contact).status_code == 403

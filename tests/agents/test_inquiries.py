"""POST /api/v1/leads/: a raw inquiry through the whole pipeline in one request."""

import pytest

from agents.models import Run
from agents.services import inquiries
from channels_app.models import ChannelConnection, Message
from leads.models import Lead
from tenants import context
from tenants.services import create_api_key
from tests.api.conftest import Program

LEADS = "/api/v1/leads/"
ASKED = {
    "message": "How much does the standing desk Nova cost? We need 20 for our office in Madrid.",
    "name": "Ana Lopez",
    "email": "ana@acme.example",
    "phone": "+34612345678",
    "fields": {"budget": "9000 EUR"},
}


@pytest.fixture
def api(company):
    return Program(create_api_key(name="site", role="agent")[1])


def test_an_inquiry_becomes_an_explained_lead_with_a_reply(api):
    answer = api.post(LEADS, ASKED)

    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["status"], told["intent"], told["language"]) == ("complete", "sales", "en")
    assert "349" in told["reply"]
    assert told["confidence"] > 0.5
    assert told["score"] == sum(reason["points"] for reason in told["reasons"]) > 0
    lead = Lead.objects.get()
    assert (told["lead"], lead.email, lead.name) == (lead.pk, "ana@acme.example", "Ana Lopez")
    assert told["crm"] == []
    assert told["warnings"] == Run.objects.get().warnings
    shown = api.get(f"/api/v1/conversations/{told['conversation']}/messages/").json()["results"]
    assert ASKED["message"] in shown[-1]["text"]


def test_the_same_inquiry_again_is_the_same_lead_and_is_not_thought_twice(api):
    first = api.post(LEADS, ASKED).json()
    again = api.post(LEADS, ASKED).json()

    assert (again["lead"], again["run"], again["message"]) == (
        first["lead"],
        first["run"],
        first["message"],
    )
    assert Lead.objects.count() == Run.objects.count() == 1
    assert Message.objects.filter(direction="in").count() == 1
    assert ChannelConnection.objects.filter(platform="form").count() == 1


def test_ones_own_id_says_what_is_the_same(api):
    first = api.post(LEADS, {**ASKED, "external_id": "crm-7"}).json()
    again = api.post(LEADS, {**ASKED, "external_id": "crm-7", "message": "Edited."}).json()
    other = api.post(LEADS, {**ASKED, "external_id": "crm-8"}).json()

    assert again["message"] == first["message"] != other["message"]
    assert other["lead"] == first["lead"]  # the same person


def test_under_one_idempotency_key_it_happens_once(api):
    headers = {"Idempotency-Key": "k1"}
    first = api.post(LEADS, ASKED, headers=headers)
    again = api.post(LEADS, ASKED, headers=headers)
    other = api.post(LEADS, {**ASKED, "message": "Other"}, headers=headers)

    assert again.content == first.content
    assert other.status_code == 422
    assert Message.objects.filter(direction="in").count() == 1


def test_a_failing_step_is_a_warning_and_the_rest_goes_on(api, monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("scoring broke")

    monkeypatch.setattr("agents.services.understanding.leads.apply_understanding", fail)

    told = api.post(LEADS, ASKED).json()

    assert told["status"] == "partial"
    assert any("scoring broke" in warning for warning in told["warnings"])
    assert "349" in told["reply"]


def test_a_dead_model_is_a_fallback(api, settings):
    settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = "k", "http://127.0.0.1:9"

    told = api.post(LEADS, ASKED).json()

    assert told["status"] == "fallback"
    assert "349" in told["reply"]
    assert told["warnings"]


def test_where_the_ai_is_off_a_person_has_it(api, company):
    company.ai_enabled = False
    company.save()

    told = api.post(LEADS, ASKED).json()

    assert (told["status"], told["run"], told["reply"]) == ("no_ai", None, "")
    assert Message.objects.filter(direction="in").count() == 1


def test_what_a_worker_has_is_waited_for_no_longer_than_bearable(api, monkeypatch):
    monkeypatch.setattr(inquiries, "think", lambda run_id: None)
    monkeypatch.setattr(inquiries, "PATIENCE", 0.2)

    assert api.post(LEADS, ASKED).json()["status"] == "pending"


@pytest.mark.parametrize(
    "body", [{}, {"message": ""}, {"message": "x", "email": "no"}, {"message": "x" * 10_001}]
)
def test_what_is_no_inquiry_is_refused(api, body):
    assert api.post(LEADS, body).status_code == 400
    assert not Message.objects.exists()


def test_who_may_only_look_brings_no_leads(company, south):
    assert Program(create_api_key(name="x", role="viewer")[1]).post(LEADS, ASKED).status_code == 403
    narrow = create_api_key(name="x", role="admin", scopes=["leads:read"])[1]
    assert Program(narrow).post(LEADS, ASKED).json()["code"] == "insufficient_scope"
    with context.inside(south):
        theirs = create_api_key(name="x", role="admin")[1]
    assert Program(theirs).post(LEADS, ASKED).status_code == 401

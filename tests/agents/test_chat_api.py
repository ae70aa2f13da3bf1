"""POST /api/v1/chat/ and the runs behind the console."""

import pytest

from agents.models import ChatTurn
from agents.refusals import REFUSALS
from tenants.services import create_api_key


@pytest.fixture
def api(client, company):
    _, token = create_api_key(name="Site", role="agent")
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def ask(api, **body):
    return api.post("/api/v1/chat/", body, content_type="application/json")


def test_answers_with_its_source(api):
    answer = ask(api, query="How much does the standing desk Nova cost?").json()

    assert "349" in answer["answer"]
    assert not answer["refused"]
    assert answer["confidence"] > 0.5
    assert answer["sources"][0]["quote"] in answer["answer"]
    assert set(answer["sources"][0]) >= {"document_id", "title", "passage_id", "quote"}


def test_takes_the_question_from_the_address_too(api):
    answer = api.post("/api/v1/chat/?query=Can+I+return+a+product%3F").json()

    assert "30 days" in answer["answer"]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Who won the football world cup in 1998?", "en"),
        ("¿Quién ganó el mundial de fútbol de 1998?", "es"),
        ("من فاز بكأس العالم لكرة القدم عام 1998؟", "ar"),
    ],
)
def test_refuses_what_it_does_not_know_with_the_exact_sentence(api, question, language):
    answer = ask(api, query=question).json()

    assert answer["answer"] == REFUSALS[language]
    assert (answer["refused"], answer["confidence"], answer["sources"]) == (True, 0.0, [])


def test_a_company_may_refuse_in_its_own_words(api, company):
    company.refusal = {"en": "Ask us at the counter."}
    company.save()

    assert ask(api, query="Who won the world cup in 1998?").json()["answer"] == (
        "Ask us at the counter."
    )


@pytest.mark.parametrize("body", [{}, {"query": ""}, {"query": "  "}, {"query": "x" * 4001}])
def test_a_missing_question_is_unprocessable(api, body):
    response = ask(api, **body)

    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "invalid_question"


def test_a_session_remembers(api):
    first = ask(api, query="How much does the standing desk Nova cost?").json()
    second = ask(api, query="in oak?", session_id=first["session_id"]).json()

    assert not second["refused"]
    assert ChatTurn.objects.filter(session_id=first["session_id"]).count() == 2


def test_answers_a_greeting(api):
    answer = ask(api, query="hola").json()

    assert (answer["refused"], answer["language"]) == (False, "es")


def test_strangers_are_stopped(client, company):
    assert ask(client, query="Hello").status_code in {401, 403}


def test_a_run_shows_its_steps_and_calls(api, says, work):
    says("How much does the standing desk Nova cost?")
    work()
    run = api.get("/api/v1/runs/").json()["results"][0]

    shown = api.get(f"/api/v1/runs/{run['id']}/").json()

    assert shown["outcome"] == "sent"
    assert [step["name"] for step in shown["steps"]] == [
        *("classify", "extract", "score", "retrieve", "reply", "validate")
    ]
    assert [call["task"] for call in shown["model_calls"]] == ["understand", "reply"]

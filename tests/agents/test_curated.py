"""What people wrote is said as they wrote it, and no model is asked."""

import pytest
from django.test.utils import CaptureQueriesContext

from agents import gateway
from agents.models import ModelCall, Run
from agents.services.curated import curated_answer
from channels_app.models import Message
from knowledge.models import CuratedAnswer
from knowledge.services import add_curated_answer
from tenants import context

TOLD = "The Nova costs 299 EUR until Sunday."


@pytest.fixture
def written(company):
    return add_curated_answer(
        questions=["How much does the standing desk Nova cost?", "¿Cuánto cuesta la mesa Nova?"],
        answers={"en": TOLD, "es": "La Nova cuesta 299 EUR hasta el domingo."},
    )


def said(message):
    out = message.conversation.messages.filter(direction=Message.Direction.OUT)
    return list(out.values_list("text", flat=True))


@pytest.mark.parametrize("first", ["", "openai"])
def test_it_wins_over_the_documents_and_costs_no_call(
    written, says, work, settings, monkeypatch, first
):
    if first:  # a model far away is not asked what such a message means either
        monkeypatch.setattr(
            gateway, "routes_for", lambda task, **more: ["openai/x", "offline/rules"]
        )
        monkeypatch.setattr(gateway, "complete", None)
    message = says("how much does the Nova standing desk cost")
    work()

    run = Run.objects.get()
    assert said(message) == [TOLD]
    assert (run.outcome, run.intent) == ("sent", "sales")
    assert run.sources == [
        {"curated_id": written.pk, "curated_version": 1, "title": written.title, "quote": TOLD}
    ]
    assert run.steps.get(name="reply").state == "skipped"
    assert not ModelCall.objects.filter(task="reply").exists()
    written.refresh_from_db()
    assert written.used_count == 1


def test_it_speaks_the_contacts_language(written, says, work):
    message = says("¿cuánto vale la mesa Nova?")
    work()

    assert said(message) == ["La Nova cuesta 299 EUR hasta el domingo."]


def test_another_question_is_answered_from_the_documents(written, says, work):
    message = says("How much does the standing desk Nova weigh, and what does it carry?")
    work()

    assert "120 kg" in said(message)[0]


def test_a_channel_it_is_not_for_hears_the_documents(written, says, work):
    CuratedAnswer.objects.update(channels=["whatsapp"])
    message = says("How much does the standing desk Nova cost?")
    work()

    assert "349" in said(message)[0]


def test_the_chat_api_gives_it_too(written, client):
    from tenants.services import create_api_key

    token = create_api_key(name="Site", role="agent")[1]
    answer = client.post(
        "/api/v1/chat/",
        {"query": "How much does the Nova standing desk cost?"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    ).json()

    assert answer["answer"] == TOLD
    assert answer["sources"][0]["curated_id"] == written.pk
    assert answer["sources"][0]["document_id"] is None


def test_where_nobody_wrote_any_nobody_looks(company):
    with CaptureQueriesContext(context.connection) as captured:
        curated_answer(company, "How much is it?", language="en", channel="telegram")

    assert len(captured) == 0

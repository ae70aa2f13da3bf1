"""Before an edit it is shown which past answers rest on what is edited."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from agents.models import ChatTurn, Run
from agents.services import answer_question
from agents.services.impact import impact_of_answer, impact_of_edit
from knowledge.models import Document
from knowledge.services import add_curated_answer
from tests.agents.conftest import KNOWLEDGE

PRICE = "I am ada@example.com. How much does the standing desk Nova cost?"


@pytest.fixture
def answered(company, says, work):
    """Two questions answered from the guide, one on a channel and one by the chat API."""
    says(PRICE)
    work()
    answer_question(question="Can I return a product?")
    return Document.objects.get()


def told(impact):
    return {one.question: one.outcome.value for one in impact.affected}


def test_without_the_document_its_questions_are_answered_no_longer(answered):
    impact = impact_of_edit(document=answered)

    assert set(told(impact).values()) == {"not_answered"}
    assert len(impact.affected) == 2
    assert not any("ada@example.com" in one.question for one in impact.affected)
    assert "349" in " ".join(one.answered for one in impact.affected)


def test_a_changed_price_touches_the_answer_that_named_it(answered):
    impact = impact_of_edit(document=answered, content=KNOWLEDGE.replace(b"349", b"399"))

    by_run = {bool(one.run_id): one.outcome.value for one in impact.affected}
    assert by_run == {True: "other_source", False: "unchanged"}
    assert (impact.count("other_source"), impact.count("unchanged")) == (1, 1)


def test_only_the_last_days_count(answered):
    long_ago = timezone.now() - timedelta(days=31)
    Run.objects.update(finished_at=long_ago)
    ChatTurn.objects.update(created_at=long_ago)

    assert impact_of_edit(document=answered).affected == []
    assert len(impact_of_edit(document=answered, days=40).affected) == 2


def test_a_written_answer_that_goes(company, says, work):
    answer = add_curated_answer(
        questions=["How much does the standing desk Nova cost?"], answers={"en": "299 EUR."}
    )
    says("How much does the standing desk Nova cost?")
    work()

    assert list(told(impact_of_answer(answer=answer)).values()) == ["other_source"]
    kept = impact_of_answer(answer=answer, questions=["What does the standing desk Nova cost?"])
    assert list(told(kept).values()) == ["unchanged"]


def test_the_page_shows_it_and_the_change_follows(sign_in, answered):
    address = reverse("agents:impact", args=[answered.pk])
    agent = sign_in("agent")
    assert "349 EUR" in agent.get(f"{address}?edit=text").content.decode()
    new = KNOWLEDGE.replace(b"349", b"399").decode()

    shown = agent.post(address, {"text": new}).content.decode()

    assert "From another source" in shown
    answered.refresh_from_db()
    assert answered.version == 1  # nothing is done yet
    agent.post(reverse("knowledge:replace", args=[answered.pk]), {"text": new})
    answered.refresh_from_db()
    assert answered.version == 2
    refused = agent.post(address, {"text": "  "})
    assert (refused.status_code, "empty" in refused.content.decode()) == (422, True)


def test_the_api_says_the_same(answered, program):
    address = f"/api/v1/knowledge/documents/{answered.pk}/impact/"
    agent = program("agent")

    gone = agent.post(address, {}, content_type="application/json").json()
    same = agent.post(address, {"text": KNOWLEDGE.decode()}, content_type="application/json").json()

    assert (gone["not_answered"], gone["unchanged"]) == (2, 0)
    assert (same["not_answered"], same["unchanged"]) == (0, 2)
    assert program("viewer").post(address, {}).status_code == 403

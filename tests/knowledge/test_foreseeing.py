"""What an edit would change is told before it is done, and nothing is written."""

import pytest
from django.core.exceptions import ValidationError

from knowledge import services
from knowledge.models import CuratedAnswer, KnowledgeState
from knowledge.services import Asked
from tests.knowledge.test_documents import FAQ, learn
from tests.knowledge.test_search import HOTEL

BREAKFAST = "How much is breakfast?"
DOGS = "Can I bring my dog?"


@pytest.fixture
def hotel(north):
    learn(FAQ)
    return learn(HOTEL, source_name="hotel.md")


def asked(document, *questions):
    """As they were answered: from the passage that is found first."""
    return [
        Asked(
            question,
            "en",
            frozenset({services.search(question=question).passages[0].passage_id}),
        )
        for question in questions
    ]


def foreseen(document, content, *questions):
    before = KnowledgeState.current().version
    found = services.foresee_edit(
        document=document, content=content, asked=asked(document, *questions)
    )
    assert KnowledgeState.current().version == before
    return [(one.outcome, one.source) for one in found]


def test_what_only_this_document_answers_would_be_answered_no_longer(hotel):
    assert foreseen(hotel, None, BREAKFAST, DOGS) == [("not_answered", "")] * 2


def test_what_is_the_same_in_the_new_text_stays(hotel):
    changed = HOTEL.replace("Breakfast costs 14 euros", "Breakfast costs 17 euros").encode()

    assert foreseen(hotel, changed, BREAKFAST, DOGS) == [
        ("other_source", hotel.title),
        ("unchanged", hotel.title),
    ]


def test_another_document_takes_its_place(hotel):
    questions = asked(hotel, DOGS)  # it was answered from the hotel's own page
    learn("# House rules\n\n## Are dogs allowed?\nDogs may stay, on a leash.\n", source_name="r.md")

    [found] = services.foresee_edit(document=hotel, asked=questions)

    assert (found.outcome, found.source) == ("other_source", "House rules")


def test_it_comes_true(hotel):
    """What is foreseen of a replacement is what a search finds once it is done."""
    changed = HOTEL.replace("Breakfast costs 14 euros", "Breakfast is free").encode()
    [told] = services.foresee_edit(
        document=hotel, content=changed, asked=[Asked(BREAKFAST, "en", frozenset())]
    )
    learn(changed.decode(), source_name="hotel.md")
    found = services.search(question=BREAKFAST, language="en")

    assert told.confidence == pytest.approx(found.confidence, abs=0.05)
    assert "free" in found.passages[0].text


def test_what_could_not_be_taken_in_is_said(hotel):
    with pytest.raises(ValidationError):
        services.foresee_edit(document=hotel, content=b"   ", asked=[])


def test_a_written_answer_that_goes_leaves_its_questions_to_the_documents(hotel):
    answer = services.add_curated_answer(
        questions=[BREAKFAST, "Do you sell helicopters?"], answers={"en": "x"}
    )
    before = [Asked(BREAKFAST, "en"), Asked("do you sell a helicopter", "en")]

    gone = services.foresee_answer(answer=answer, asked=before)
    fewer = services.foresee_answer(answer=answer, asked=before, questions=[BREAKFAST])

    assert [one.outcome for one in gone] == ["other_source", "not_answered"]
    assert [one.outcome for one in fewer] == ["unchanged", "not_answered"]
    assert CuratedAnswer.objects.get().questions.count() == 2

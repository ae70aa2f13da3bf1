"""Answers that people write: who gets which, and from when to when."""

import copy
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from knowledge import services
from knowledge.models import CuratedAnswer, CuratedQuestion
from knowledge.services import embedding, matching
from tenants import context
from tenants.plugins.errors import Unavailable
from tenants.workspace.models import Profile
from tenants.workspace.services import profile


@pytest.fixture
def parking(north):
    return services.add_curated_answer(
        questions=["Is there parking?", "¿Hay aparcamiento?", "هل يوجد موقف سيارات؟"],
        answers={"en": "Yes, behind the house.", "es": "Sí, detrás de la casa."},
    )


def told(question, **more):
    hit = services.find_curated(question=question, **more)
    return hit.text if hit else None


@pytest.mark.parametrize(
    ("question", "language", "text"),
    [
        ("do you have parking", "en", "Yes, behind the house."),
        ("hay aparcamiento?", "es", "Sí, detrás de la casa."),
        ("هل يوجد موقف سيارات", "ar", "Yes, behind the house."),
        ("is there parking", "es", "Sí, detrás de la casa."),
        ("is there parking for buses", "en", None),
        ("where is the parking?", "en", None),
        ("", "en", None),
        ("is there parking? " * 40, "en", None),
    ],
)
def test_in_the_words_and_the_language_of_the_contact(parking, question, language, text):
    assert told(question, language=language) == text


def test_who_speaks_another_language_hears_the_companys_first(north):
    Profile.current()
    Profile.objects.update(languages=["es", "ar"])
    services.add_curated_answer(
        questions=["Is there parking?"], answers={"ar": "نعم.", "es": "Sí."}
    )

    assert told("is there parking", language="fr") == "Sí."


def test_it_is_given_to_whom_it_is_for(parking):
    services.change_curated_answer(answer=parking, languages=["es"], channels=["whatsapp"])

    assert told("is there parking", language="en", channel="whatsapp") is None
    assert told("is there parking", language="es", channel="telegram") is None
    assert told("is there parking", language="es", channel="whatsapp")


def test_it_is_given_while_it_is_valid(parking):
    first, last = date(2026, 12, 1), date(2026, 12, 24)
    services.change_curated_answer(answer=parking, valid_from=first, valid_until=last)

    days = [first - timedelta(days=1), first, last, last + timedelta(days=1)]
    assert [bool(told("is there parking", day=day)) for day in days] == [False, True, True, False]


def test_a_change_is_heard_by_the_next_question(parking):
    assert told("is there parking")
    services.change_curated_answer(answer=parking, answers={"en": "No longer."})
    assert told("is there parking", language="en") == "No longer."
    services.change_curated_answer(answer=parking, is_active=False)
    assert told("is there parking") is None
    assert profile().curated_answers == 0
    services.change_curated_answer(answer=parking, is_active=True)
    services.remove_curated_answer(answer=CuratedAnswer.objects.get())
    assert told("is there parking") is None
    assert not CuratedQuestion.objects.exists()


def test_a_second_question_costs_one_query(parking):
    told("is there parking")
    with CaptureQueriesContext(context.connection) as captured:
        assert told("do you have parking")
    assert len(captured) == 1


def test_without_an_embedder_the_very_same_words_do(parking, monkeypatch):
    def fail(texts):
        raise Unavailable("down")

    monkeypatch.setattr(matching, "embedded", fail)

    assert told("is there parking")
    assert told("do you have parking") is None


def test_an_answer_that_is_too_long_for_the_channel_is_not_given(parking):
    assert told("is there parking", language="en", longest=10) is None


def test_another_embedder_moves_the_questions(parking, monkeypatch):
    other = copy.copy(embedding.current_embedder())
    monkeypatch.setattr(other, "space", "other")
    monkeypatch.setattr(embedding, "current_embedder", lambda: other)
    for module in (matching, services.curating):
        monkeypatch.setattr(module, "current_embedder", lambda: other)

    assert services.sweep()["questions"] == 3
    assert services.sweep()["questions"] == 0
    assert told("do you have parking")


def test_uses_are_counted(parking):
    services.count_use(answer_id=parking.pk)
    services.count_use(answer_id=parking.pk)

    parking.refresh_from_db()
    assert parking.used_count == 2
    assert timezone.now() - parking.last_used_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    "given",
    [
        {"questions": [], "answers": {"en": "x"}},
        {"questions": [" "], "answers": {"en": "x"}},
        {"questions": ["a?"], "answers": {"en": "  "}},
        {"questions": ["a" * 301], "answers": {"en": "x"}},
        {"questions": [f"a {n}?" for n in range(51)], "answers": {"en": "x"}},
        {"questions": ["a?"], "answers": {"en": "x" * 4_001}},
        {
            "questions": ["a?"],
            "answers": {"en": "x"},
            "valid_from": date(2026, 2, 1),
            "valid_until": date(2026, 1, 1),
        },
    ],
)
def test_what_makes_no_answer_is_refused(north, given):
    with pytest.raises(ValidationError):
        services.add_curated_answer(**given)
    assert not CuratedAnswer.objects.exists()

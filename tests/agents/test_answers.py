"""What the offline engine takes from the sources as its answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.offline.alignment import words_by
from agents.offline.answers import Passage, extract_answer
from agents.offline.asking import questions_in, wording
from knowledge.services.embedding import embed_locally

BIKES = (
    "The Acme Breeze is our city bike. It costs 690 euros, weighs 14 kg and comes with lights."
    " It is available in sizes S, M and L."
)
SPANISH = "La bicicleta de ciudad Acme Breeze cuesta 690 euros. Abrimos de lunes a viernes."


def answered(question, *sources, language="en"):
    found = extract_answer(
        question,
        [Passage(source) for source in sources],
        language=language,
        words=words_by(embed_locally),
    )
    return " ".join(one.text for one in found)


def test_a_price_is_found_in_a_sentence_that_leans_on_the_one_before_it():
    assert answered("How much is the Acme Breeze?", BIKES).startswith(
        "The Acme Breeze is our city bike. It costs 690 euros"
    )


def test_ones_own_words_are_a_better_answer_than_a_quotation():
    for sources in ((BIKES, SPANISH), (SPANISH, BIKES)):
        assert "cuesta" not in answered("How much does the Acme Breeze cost?", *sources)
        assert "costs" not in answered("¿Cuánto cuesta la Acme Breeze?", *sources, language="es")


def test_another_language_is_better_than_no_answer():
    assert "«La bicicleta" in answered("How much does the Acme Breeze cost?", SPANISH)


def test_a_question_is_told_apart_from_the_facts_around_it():
    [asked] = questions_in("We need 10 e-bikes for our hotel, what discount do you give?")

    assert asked.text == "what discount do you give?"
    assert [kind.name for kind in asked.kinds] == ["discount"]


def test_a_question_that_says_nothing_takes_along_what_it_leans_on():
    asked = questions_in("Thanks! I'm thinking about the Volt. What does it cost?")

    assert "Volt" in wording(asked, "en")


def test_a_short_follow_up_takes_the_last_question_along():
    asked = questions_in("and how much is it?", earlier="Do you have the Breeze in green?")

    assert "Breeze" in wording(asked, "en")


@pytest.mark.parametrize(
    ("question", "colour"),
    [("is it in stock in green?", "green"), ("does the Breeze come in size L?", "M and L")],
)
def test_an_attribute_that_the_source_names_is_the_answer(question, colour):
    source = BIKES + " It comes in green and in black."

    assert colour in answered(f"I like the Breeze. {question}", source)


@pytest.mark.parametrize(
    "question",
    [
        "Does the Breeze come in red?",
        "Does the Acme Breeze have a child seat?",
        "Do you take PayPal?",
    ],
)
def test_an_attribute_that_no_source_names_is_not_answered(question):
    assert answered(question, BIKES + " It comes in green and in black.") == ""


def test_of_two_questions_the_one_that_is_known_is_answered_and_the_other_admitted():
    said = answered("How much is the Breeze? Do you sell helmets?", BIKES)

    assert "690 euros" in said
    assert said.endswith("I could not find an answer to the rest of your question.")


@given(st.text(max_size=300))
def test_any_text_has_questions_made_of_its_own_words(text):
    assert all(one.text in text for one in questions_in(text) if one.kinds)


TEST_RIDES = (
    "A test ride lasts 30 minutes and is free."
    " E-bikes can be booked for a weekend test for 49 euros."
)


def test_what_it_costs_is_not_answered_where_it_is_not_known_whether_it_is_done():
    question = "Do you rent e-bikes for a weekend, and what does it cost?"

    assert answered(question, TEST_RIDES) == ""
    rented = answered(question, TEST_RIDES, "We rent e-bikes: a weekend costs 80 euros.")
    assert "80 euros" in rented
    assert "49" not in rented


def test_what_it_costs_is_answered_where_only_a_part_is_not_known():
    found = answered("Do you have the Breeze in green, and what does it cost?", BIKES)

    assert "690 euros" in found

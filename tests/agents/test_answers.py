"""What the offline engine takes from the sources as its answer."""

from agents.offline.answers import extract_answer
from knowledge.services.embedding import embed_locally

BIKES = (
    "The Acme Breeze is our city bike. It costs 690 euros, weighs 14 kg and comes with lights."
    " It is available in sizes S, M and L."
)
SPANISH = "La bicicleta de ciudad Acme Breeze cuesta 690 euros. Abrimos de lunes a viernes."


def answered(question, *sources, language="en"):
    found = extract_answer(question, sources, language=language, embed=embed_locally)
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

"""What people say of themselves, what they speak of, and how they sound."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.offline.entities import find_entities, without_addresses
from agents.offline.intent import LABELS, classify
from agents.offline.people import find_mentions
from agents.offline.sentiment import sentiment_of
from knowledge.services.embedding import embed_locally

ANY_TEXT = st.text(max_size=400) | st.text(
    alphabet="abcXYZ áñسعلا0123456789@.,+-€$/:;\n'", max_size=400
)


def told(text):
    return {found.name: found.value for found in find_entities(text)}


def spoken_of(text, name):
    return [found.value for found in find_mentions(text) if found.name == name]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            "Hi, I'm Grace Mwangi from Savanna Tours Ltd. Budget around 4000 EUR, by March."
            " grace@savannatours.example",
            {"name": "Grace Mwangi", "company": "Savanna Tours Ltd", "budget": "4000 EUR"},
        ),
        (
            "Hola, me llamo Marta Vidal, somos de Sevilla. Tel. +34 600 111 222",
            {"name": "Marta Vidal", "location": "Sevilla", "phone": "+34 600 111 222"},
        ),
        (
            "مرحبا، اسمي خالد العمري من الرياض، الميزانية 40 ألف ريال",
            {"name": "خالد العمري", "location": "الرياض", "budget": "40 ألف ريال"},
        ),
        ("We are 20 to 50 employees, staff of three", {"company_size": "20 to 50 employees"}),
        ("Somos 120 empleados", {"company_size": "120 empleados"}),
        ("لدينا 30 موظفا", {"company_size": "30 موظفا"}),
    ],
)
def test_what_they_say_of_themselves(text, facts):
    assert told(text).items() >= facts.items()


@pytest.mark.parametrize(
    "text",
    [
        "I'm interested in the blue one",
        "soy cliente desde hace años",
        "أنا مهتم بالعرض",
        "I spoke to Peter Marsh yesterday",
        "order 48213 has not arrived",
    ],
)
def test_no_name_and_no_phone_is_made_up(text):
    assert not {"name", "phone", "email"} & told(text).keys()


def test_who_is_spoken_of_is_found_beside_the_facts():
    assert spoken_of("Yesterday I spoke to Peter Marsh about it.", "name") == ["Peter Marsh"]
    assert spoken_of("Ayer hablé con la señora Gómez en Lima", "name") == ["Gómez"]
    assert "three days ago" in spoken_of("I ordered three days ago", "timeline")


def test_an_everyday_word_is_no_name():
    assert spoken_of("Will you mark it in may? Hope so.", "name") == []


@settings(deadline=None)
@given(ANY_TEXT)
def test_findings_stand_literally_where_they_say(text):
    for find in (find_entities, find_mentions):
        found = find(text)
        assert all(0 <= one.start < one.end <= len(text) for one in found)
        assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))
        # digits of other scripts are read as 0-9; everything else is a copy
        assert all(len(one.value) == one.end - one.start for one in found)


@settings(deadline=None)
@given(ANY_TEXT)
def test_addresses_are_taken_out_and_nothing_else_is_lost(text):
    found = find_entities(text)
    if not any(one.name in {"email", "phone"} for one in found):
        assert without_addresses(text, found) == text


@pytest.mark.parametrize(
    "hostile",
    ["a@" + "a." * 4000, "1 " * 4000, "A" * 8000, "Mr. " * 2000, "el " * 3000, "de la " * 2000,
     "من " * 3000, "12 de " * 1500, "€" * 8000, "i am " * 1600],
)  # fmt: skip
def test_hostile_texts_are_read_in_a_moment(hostile):
    began = time.process_time()

    find_mentions(hostile)
    sentiment_of(hostile)

    assert time.process_time() - began < 3


@settings(max_examples=40, deadline=None)
@given(ANY_TEXT)
def test_shares_are_shares(text):
    meaning = embed_locally([text])[0]
    guess = classify(text, meaning)

    assert guess.intent in LABELS
    assert sum(guess.shares.values()) == pytest.approx(1, abs=0.01)
    assert 0 <= guess.confidence <= guess.step_confidence <= 1
    assert -1 <= sentiment_of(text, np.asarray(meaning)) <= 1


@pytest.mark.parametrize(
    ("text", "below", "above"),
    [
        ("This is the worst service ever, I hate it!", -0.5, -1.01),
        ("Estoy encantada, muchísimas gracias", 1.01, 0.4),
        ("خدمة سيئة جداً", -0.3, -1.01),
        ("What time do you open?", 0.4, -0.4),
        ("not bad at all", 1.01, -0.3),
    ],
)
def test_how_it_sounds(text, below, above):
    assert above <= sentiment_of(text, embed_locally([text])[0]) <= below

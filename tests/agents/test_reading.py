"""What the engine reads by itself, and when it needs no model far away."""

import pytest

from agents.offline.reading import read
from knowledge.services.embedding import embed_locally


def reading(text):
    return read(text, language="en", embed=embed_locally)


@pytest.mark.parametrize(
    "text",
    [
        "CONGRATULATIONS!!! You won a casino bonus, claim your FREE crypto now at http://win.example",
        "Good morning everybody, have a beautiful day!",
        "muchas gracias, sois geniales",
    ],
)
def test_advertisements_and_small_talk_need_no_model(text):
    assert reading(text).needs_no_model


@pytest.mark.parametrize(
    "text",
    [
        "Good morning, what does the desk cost?",
        "Thanks! You can reach me at grace@savannatours.example",
        "gracias, quiero hablar con una persona",
        "My card was stolen, please block it",
        "Sofia Lindqvist here, procurement lead at Nordvik AB, please quote 400 chairs by May",
        "جاهزين نوقع العقد اليوم، الميزانية 9000 دولار، كلمني على 00962791234567",
    ],
)
def test_whatever_may_hold_something_is_asked_of_a_model(text):
    said = reading(text)

    assert not said.needs_no_model
    assert said.intent != "spam"

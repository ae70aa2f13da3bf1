"""Two questions get one fixed answer only if they surely ask the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from knowledge.languages import detect
from knowledge.likeness import likeness, meaning_of
from knowledge.services import embed_locally

SAME = [
    ("Do you rent e-bikes for a weekend?", "do you rent ebikes on weekends?"),
    ("What are your opening hours?", "when are you open?"),
    ("What are your opening hours?", "Hi, what time do you open please"),
    ("How can I return a product?", "how can i return a prodcut??"),
    ("Do you repair bicycles?", "can you repair my bicycle?"),
    ("What is the price of a monthly pass?", "how much is the monthly pass"),
    ("¿Cuánto cuesta el envío?", "hola, cuanto vale el envio"),
    ("¿Cuál es el horario?", "que horario tienen"),
    ("كم سعر التوصيل؟", "بكم التوصيل"),
    ("Is there parking?", "do you have parking"),
]
DIFFERENT = [
    ("Do you deliver to Madrid?", "Do you deliver to Paris?"),
    ("Do you deliver to Madrid?", "Do you deliver?"),
    ("Do you deliver to Madrid?", "¿Entregáis en París?"),
    ("What is the price of a monthly pass?", "What is the price of a yearly pass?"),
    ("What are your opening hours?", "What are your opening hours on Sunday?"),
    ("When is breakfast?", "Where is breakfast?"),
    ("When is breakfast?", "How much is breakfast?"),
    ("Do you rent e-bikes for a weekend?", "Do you rent e-bikes for a month?"),
    ("Can I return a product after 14 days?", "Can I return a product after 30 days?"),
    ("Where is my order 4711?", "Where is my order 4712?"),
    ("Can I pay with PayPal?", "Can I not pay with PayPal?"),
    ("Is there a train from Madrid to Paris?", "Is there a train from Paris to Madrid?"),
    ("Can I cancel my order?", "Can I change my order?"),
    ("Are dogs allowed?", "Are cats allowed?"),
    ("¿Cuánto cuesta el envío?", "¿Cuánto tarda el envío?"),
    ("كم سعر التوصيل؟", "كم مدة التوصيل؟"),
    ("Can I book a table for tonight?", "Can I cancel a table for tonight?"),
    ("How can I return a product?", "How can I return a product, and when are you open?"),
]


def alike(one, other):
    ours, theirs = embed_locally([one, other])
    meanings = [meaning_of(text, detect(text) or "en") for text in (one, other)]
    return likeness(meanings[0], meanings[1], float(ours @ theirs))


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_question(one, other):
    assert alike(one, other) == pytest.approx(alike(other, one))
    assert alike(one, other) >= 0.8


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_another_question(one, other):
    assert alike(one, other) == alike(other, one) == 0


@given(some.text(max_size=80), some.text(max_size=80), some.floats(-1, 1))
def test_it_is_a_share_and_symmetric(one, other, cosine):
    ours, theirs = meaning_of(one, "en"), meaning_of(other, "en")

    assert 0 <= likeness(ours, theirs, cosine) <= 1
    assert likeness(ours, theirs, cosine) == likeness(theirs, ours, cosine)

"""Sentences: arithmetic on plain values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.sentences import LONGEST, sentences


@given(st.text(max_size=2_000))
def test_sentences_are_the_text_again(text):
    pieces = sentences(text)
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= LONGEST for piece in pieces)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two? Three!", ["One. ", "Two? ", "Three!"]),
        ("It costs 6.49 €.", ["It costs 6.49 €."]),
        ("كم السعر؟ نعم.", ["كم السعر؟ ", "نعم."]),
        ("a\nb", ["a\n", "b"]),
        ("", []),
    ],
)
def test_where_a_sentence_ends(text, expected):
    assert sentences(text) == expected

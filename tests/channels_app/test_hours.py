"""Opening hours and sentences: arithmetic on plain values."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.hours import Unreadable, is_open, read_hours
from channels_app.sentences import LONGEST, sentences

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def at(day, hour, minute=0):
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("text", "moment", "expected"),
    [
        ("", at(6, 3), True),
        ("Mon-Fri 09:00-18:00", at(0, 9), True),
        ("Mon-Fri 09:00-18:00", at(0, 18), False),
        ("Mon-Fri 09:00-18:00", at(5, 12), False),
        ("mon - fri 9-18\nsat 10:30–14:00", at(5, 11), True),
        ("Sun 20:00-24:00", at(6, 23, 59), True),
        ("Sat-Mon 10:00-12:00", at(0, 11), True),
        ("Sat-Mon 10:00-12:00", at(1, 11), False),
    ],
)
def test_whether_it_is_open(text, moment, expected):
    assert is_open(read_hours(text), moment) is expected


@pytest.mark.parametrize(
    "line", ["always", "Mon", "Mon 9", "Mon 25:00-26:00", "Foo 9-10", "Mon 10-9", "Mon 9:99-10"]
)
def test_what_names_no_hours_is_said_so(line):
    with pytest.raises(Unreadable, match=line.lower()):
        read_hours(line)


@given(st.text())
def test_hours_of_any_text_are_read_or_refused(text):
    with suppress(Unreadable):
        is_open(read_hours(text), MONDAY)


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

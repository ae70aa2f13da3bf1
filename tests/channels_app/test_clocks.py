"""Timers as plain values: what runs, what stands still, and that looking changes nothing."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.clocks import FIRST, NEXT, RESOLUTION, Clock, State, Terms, wound
from tenants.hours import Hours, read_week

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
TERMS = Terms(first=60, next=30, resolve=480)
OFFICE = Hours(ZoneInfo("UTC"), read_week({"mon": "09:00-17:00", "tue": "09:00-17:00"}))


def at(hour, minute=0, day=0):
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def seen(clock, now, waiting=None, terms=TERMS, **state):
    return wound(clock, State(now=now, waiting_since=waiting, **state), terms)


def test_the_first_answer_and_all_of_it_are_due_from_the_first_words():
    clock = seen(Clock(), at(9, 1), at(9))
    assert clock.dues == [(at(10), FIRST), (at(17), RESOLUTION)]
    assert clock.alarm_at == at(10)


def test_who_was_answered_waits_for_the_next_and_their_matter_stands_still_meanwhile():
    clock = seen(seen(Clock(), at(9), at(9)), at(9, 30))
    assert clock.dues == []
    clock = seen(clock, at(12), at(12))
    assert clock.dues == [(at(12, 30), NEXT), (at(19, 30), RESOLUTION)]


def test_what_is_put_away_loses_no_time():
    clock = seen(Clock(), at(9), at(9))
    clock = seen(clock, at(9, 20), at(9), stands_still=True)
    assert (clock.dues, clock.answer_left) == ([], 40 * 60)
    assert seen(clock, at(15), at(9)).dues == [(at(15, 40), FIRST), (at(22, 40), RESOLUTION)]


def test_only_opening_hours_count_where_that_is_promised():
    late = seen(Clock(), at(16, 30), at(16, 30), Terms(first=60, hours=OFFICE))
    assert late.dues == [(at(9, 30, day=1), FIRST)]
    never = Hours(ZoneInfo("UTC"), read_week({"mon": "09:00-09:01"}))
    assert seen(Clock(), at(10), at(10), Terms(first=10_000, hours=never)).dues == []


def test_a_conversation_that_is_closed_forgets_its_timers():
    clock = seen(seen(Clock(), at(9), at(9)), at(9, 5), is_closed=True)
    assert clock.as_json() == {}
    assert seen(clock, at(12), at(12)).dues[0] == (at(13), FIRST)


@pytest.mark.parametrize(
    ("late", "waiting", "kept"),
    [
        ([FIRST, RESOLUTION], at(9), [FIRST, RESOLUTION]),
        ([FIRST, RESOLUTION], at(11), [RESOLUTION]),
    ],
)
def test_what_was_noted_is_noted_for_these_words_only(late, waiting, kept):
    clock = seen(Clock(opened=at(9), waits=at(9), late=late), at(12), waiting)
    assert clock.late == kept


DEEDS = st.lists(
    st.tuples(
        st.integers(0, 300),  # minutes later
        st.sampled_from(["write", "answer", "put away", "bring back", "close", "look"]),
    ),
    max_size=25,
)
HOURS = st.sampled_from([OFFICE, Hours(ZoneInfo("Europe/Madrid"))])


@given(DEEDS, HOURS)
def test_whatever_happens_looking_twice_is_looking_once(deeds, hours):
    terms = Terms(first=60, next=30, resolve=480, hours=hours)
    clock, now, waiting, away, closed = Clock(), MONDAY, None, False, False
    for minutes, deed in deeds:
        now += timedelta(minutes=minutes)
        if deed == "write":
            waiting, away, closed = waiting or now, False, False
        elif deed in {"answer", "close"}:
            waiting, closed = None, deed == "close"
        elif deed in {"put away", "bring back"}:
            away = deed == "put away"
        clock = seen(clock, now, waiting, terms, stands_still=away, is_closed=closed)
        again = seen(clock, now, waiting, terms, stands_still=away, is_closed=closed)
        assert again == clock
        assert Clock.of_json(clock.as_json()) == clock
        runs = waiting is not None and not away and not closed
        assert bool(clock.dues) is runs
        if waiting is None:
            assert clock.answer_due is clock.answer_left is None
        if runs:  # time never grows: what is left is no more than was promised
            assert hours.seconds_between(now, clock.dues[0][0]) <= 3600
            assert clock.resolve_due is not None
            assert hours.seconds_between(now, clock.resolve_due) <= 480 * 60

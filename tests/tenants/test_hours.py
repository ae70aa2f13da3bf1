"""Opening hours: what people write down, and arithmetic over nights in which clocks change."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.hours import (
    MIDNIGHT,
    Hours,
    OtherDay,
    Unreadable,
    read_day,
    read_hours,
    read_other_days,
    read_week,
    write_day,
)

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
OFFICE = read_week(dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-13:00, 15:00-18:00"))


def at(day, hour, minute=0):
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def here(said, zone=MADRID):
    return datetime.fromisoformat(said).replace(tzinfo=zone)


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
    assert Hours(ZoneInfo("UTC"), read_hours(text)).is_open(moment) is expected


@pytest.mark.parametrize(
    "line", ["always", "Mon", "Mon 9", "Mon 25:00-26:00", "Foo 9-10", "Mon 10-9", "Mon 9:99-10"]
)
def test_what_names_no_hours_is_said_so(line):
    with pytest.raises(Unreadable, match=line.lower()):
        read_hours(line)


@pytest.mark.parametrize("text", ["9", "9-8", "9-12, 11-13", "20-24, 0-1x", "9-12 13-14", "25-26"])
def test_what_is_no_day_is_said_so(text):
    with pytest.raises(Unreadable):
        read_day(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "2026-12-25 Christmas",
            OtherDay(date(2026, 12, 25), date(2026, 12, 25), name="Christmas"),
        ),
        ("05-01", OtherDay(date(2000, 5, 1), date(2000, 5, 1), is_yearly=True)),
        (
            "2026-12-24 - 2027-01-01 Winter",
            OtherDay(date(2026, 12, 24), date(2027, 1, 1), name="Winter"),
        ),
        (
            "2026-12-24 9-13 Christmas Eve",
            OtherDay(
                date(2026, 12, 24),
                date(2026, 12, 24),
                spans=((time(9), time(13)),),
                name="Christmas Eve",
            ),
        ),
    ],
)
def test_days_that_are_otherwise(text, expected):
    assert read_other_days(text) == (expected,)


@pytest.mark.parametrize("line", ["Christmas", "2026-02-30", "2026-12-24 - 12-25", "13-01", "1-1"])
def test_days_that_are_none_are_said_so(line):
    with pytest.raises(Unreadable, match=line):
        read_other_days(line)


def test_a_yearly_span_goes_over_new_year():
    holidays = Hours(MADRID, (), read_other_days("12-24 - 01-06"))
    closed = ["2026-12-24T10:00", "2027-01-06T23:59", "2031-01-01T00:00"]
    assert [holidays.is_open(here(day)) for day in closed] == [False] * 3
    assert holidays.is_open(here("2027-01-07T00:00"))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-20T10:00", "2026-11-20T10:00"),
        ("2026-11-20T13:00", "2026-11-20T15:00"),
        ("2026-11-20T18:00", "2026-11-23T09:00"),  # a Friday evening
        ("2026-12-24T18:30", "2026-12-28T09:00"),  # Christmas and a weekend
    ],
)
def test_when_it_opens_next(moment, opens):
    hours = Hours(MADRID, OFFICE, read_other_days("12-25 Christmas"))
    assert hours.next_opening(here(moment)) == here(opens)


def test_who_never_opens_is_not_waited_for():
    shut = Hours(MADRID, OFFICE, read_other_days("2020-01-01 - 2099-12-31"))
    assert not shut.is_open(MONDAY)
    assert shut.next_opening(MONDAY) is None
    assert shut.later(MONDAY, 60) is None
    assert shut.seconds_between(MONDAY, MONDAY + timedelta(days=9)) == 0


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-20", 24)],  # forward, back, neither
)
def test_a_day_is_as_long_as_people_live_it(day, hours):
    every_night = Hours(MADRID, read_week({"sun": "00:00-24:00", "fri": "0-24"}))
    start = here(f"{day}T00:00")
    spent = every_night.seconds_between(start, start + timedelta(days=1))
    assert spent == hours * 3600


SPANS = st.tuples(st.integers(0, 47), st.integers(1, 48)).filter(lambda two: two[0] < two[1])
ONE_DAY = SPANS.map(
    lambda two: f"{two[0] // 2}:{two[0] % 2 * 30:02}-{two[1] // 2}:{two[1] % 2 * 30:02}"
)
WEEKS = st.dictionaries(st.sampled_from(("mon", "tue", "wed", "fri", "sat", "sun")), ONE_DAY)
ZONES = st.sampled_from(
    # Half hours, a day left out, midnight left out, the day begun twice, far from Greenwich.
    ["UTC", "Europe/Madrid", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Beirut", "America/Havana"]
).map(ZoneInfo)
OTHER_DAYS = st.sampled_from(["", "12-25", "03-29 - 04-02"]).map(read_other_days)
HOURS = st.builds(Hours, ZONES, WEEKS.map(read_week), OTHER_DAYS)
MOMENTS = st.integers(1_300_000_000, 1_900_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))
NEAR = st.integers(0, 20 * 86_400).map(lambda seconds: timedelta(seconds=seconds))


@given(HOURS, MOMENTS, NEAR, NEAR)
def test_what_is_open_adds_up(hours, start, first, second):
    middle, end = start + first, start + first + second
    whole = hours.seconds_between(start, end)
    assert whole == hours.seconds_between(start, middle) + hours.seconds_between(middle, end)
    assert 0 <= whole <= (end - start).total_seconds()
    assert hours.seconds_between(end, start) in (0, 0.0)


@given(HOURS, MOMENTS, st.integers(0, 50 * 3600))
def test_later_is_the_other_way_round(hours, start, seconds):
    end = hours.later(start, seconds)
    assert end is not None
    assert end >= start
    assert hours.seconds_between(start, end) == seconds
    if seconds:
        assert hours.is_open(end - timedelta(seconds=1))
    else:
        assert end == hours.next_opening(start)


@given(HOURS, MOMENTS)
def test_nothing_is_open_before_the_next_opening(hours, moment):
    opens = hours.next_opening(moment)
    assert opens is not None
    assert hours.is_open(opens)
    assert hours.is_open(moment) is (opens == moment)
    assert hours.seconds_between(moment, opens) == 0


@given(WEEKS.map(read_week), MOMENTS)
def test_where_clocks_never_change_the_clock_decides(week, moment):
    hours = Hours(ZoneInfo("UTC"), week)
    spans = hours.spans_of(moment.date())
    shown = moment.time()
    assert hours.is_open(moment) is any(
        since <= shown and (shown < until or until == MIDNIGHT) for since, until in spans
    )


@given(ONE_DAY)
def test_a_day_is_written_as_it_is_read(text):
    assert read_day(write_day(read_day(text))) == read_day(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    for read in (read_hours, read_day, read_other_days):
        with suppress(Unreadable):
            read(text)

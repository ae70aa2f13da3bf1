"""Quiet hours on the company's clock."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from channels_app.quiet import quiet_until

MADRID = ZoneInfo("Europe/Madrid")
MOMENTS = st.integers(1_600_000_000, 2_200_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))
CLOCKS = st.times(timezones=st.none()).map(lambda at: at.replace(second=0, microsecond=0))


@pytest.mark.parametrize(
    ("now", "start", "end", "until"),
    [
        ("2026-11-20T20:59", time(21), time(8), None),
        ("2026-11-20T21:00", time(21), time(8), "2026-11-21T08:00"),
        ("2026-11-20T07:59", time(21), time(8), "2026-11-20T08:00"),
        ("2026-11-20T08:00", time(21), time(8), None),
        ("2026-11-20T13:00", time(12), time(14), "2026-11-20T14:00"),
        ("2026-11-20T14:00", time(12), time(14), None),
        ("2026-03-28T23:00", time(21), time(8), "2026-03-29T08:00"),  # clocks go forward
        ("2026-11-20T13:00", time(12), time(12), None),
        ("2026-11-20T13:00", None, None, None),
    ],
)
def test_table(now, start, end, until):
    at = datetime.fromisoformat(now).replace(tzinfo=MADRID)
    over = quiet_until(now=at.astimezone(UTC), zone=MADRID, start=start, end=end)
    assert over == (datetime.fromisoformat(until).replace(tzinfo=MADRID) if until else None)


@given(now=MOMENTS, start=CLOCKS, end=CLOCKS)
def test_what_waits_until_then_may_go(now, start, end):
    over = quiet_until(now=now, zone=MADRID, start=start, end=end)
    if over is not None:
        assert over.timestamp() > now.timestamp()
        assume(over == over.astimezone(UTC))  # an hour that the clocks leave out has no end
        assert over.time() == end
        assert quiet_until(now=over, zone=MADRID, start=start, end=end) is None

"""Rate limits, against a real server."""

import time

from tenants import context, limits
from tenants.limits import Rate, take
from tenants.redis import client


def test_a_burst_is_let_through_and_then_the_pace_is_kept(north):
    rate = Rate(count=100, seconds=10, burst=3)

    verdicts = [take("test", rate) for _ in range(4)]

    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0]
    assert 0 < verdicts[3].wait_seconds <= 0.1


def test_room_comes_back_with_time(north):
    rate = Rate(count=50, seconds=1, burst=1)
    assert take("test", rate).allowed
    refused = take("test", rate)
    assert not refused.allowed

    time.sleep(refused.wait_seconds + 0.005)
    assert take("test", rate).allowed


def test_a_refusal_uses_nothing_up(north):
    rate = Rate(count=1, seconds=60)
    take("test", rate)

    waits = [take("test", rate).wait_seconds for _ in range(5)]

    assert max(waits) - min(waits) < 1


def test_a_costly_thing_takes_more_room(north):
    rate = Rate(count=10, seconds=60)

    assert take("test", rate, cost=8).remaining == 2
    assert not take("test", rate, cost=3).allowed
    assert take("test", rate, cost=2).allowed


def test_limits_of_companies_do_not_meet(north, south):
    rate = Rate(count=1, seconds=60)
    assert take("test", rate).allowed
    with context.inside(south):
        assert take("test", rate).allowed
    assert not take("test", rate).allowed


def test_a_limit_leaves_nothing_behind(north):
    take("test", Rate(count=10, seconds=1))

    assert 0 < client().pttl(context.scoped("limit", "test")) <= 2_000


def test_without_redis_nobody_is_held_up(north, monkeypatch, redis_away):
    monkeypatch.setattr(limits, "client", lambda: redis_away)

    assert take("test", Rate(count=1, seconds=60)).allowed

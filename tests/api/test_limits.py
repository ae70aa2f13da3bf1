"""How much may be asked, by one program and by a company in all."""

import pytest

from tenants import context, limits
from tenants.limits import Rate, take


@pytest.fixture
def narrow(settings):
    settings.API_CALLER_PER_MINUTE = 3
    settings.API_COMPANY_PER_MINUTE = 5


def test_every_answer_says_how_much_room_is_left(program, narrow):
    answer = program().get("/api/v1/users/me/")

    assert answer["RateLimit-Policy"] == '"caller";q=3;w=60, "company";q=5;w=60'
    assert answer["RateLimit"] == '"caller";r=2;t=20, "company";r=4;t=12'


def test_a_program_that_asks_too_much_is_told_when_to_come_back(program, narrow):
    busy, calm = program(), program()
    answers = [busy.get("/api/v1/users/me/") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["code"] == "throttled"
    assert 1 <= int(answers[3]["Retry-After"]) <= 20
    assert '"caller";r=0' in answers[3]["RateLimit"]
    assert calm.get("/api/v1/users/me/").status_code == 200


def test_a_company_has_a_limit_in_all_and_no_company_uses_up_anothers(program, narrow, south):
    statuses = [program().get("/api/v1/users/me/").status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]
    other = program("admin", company=south, host="south.localhost")
    assert other.get("/api/v1/users/me/").status_code == 200


# -- the limits themselves, against a real server


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

    import time

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

    assert 0 < limits.client().pttl(context.scoped("limit", "test")) <= 2_000


def test_without_redis_nobody_is_held_up(north, monkeypatch):
    import redis

    away = redis.Redis(port=1, socket_connect_timeout=0.1)
    monkeypatch.setattr(limits, "client", lambda: away)

    assert take("test", Rate(count=1, seconds=60)).allowed

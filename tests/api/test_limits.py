"""How much may be asked, by one program and by a company in all."""

import pytest


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

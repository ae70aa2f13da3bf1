"""Worker and Valkey (wiped) are killed while 42 letters are fetched and answered."""

import pytest

from tests.crash.playing import played

BOUND = 200  # seconds; about 55 on two quiet cores


@pytest.fixture(scope="module")
def counted():
    return played("mail", "20261120", seconds=BOUND)


def test_every_letter_has_one_row(counted):
    assert counted["rows"] == counted["different"] == 42, counted
    assert counted["fetched"] > 42, counted  # else nothing was numbered anew


def test_no_letter_is_answered_twice(counted):
    assert counted["answered_twice"] == counted["left_twice"] == [], counted
    assert counted["not_ours"] == [], counted
    assert counted["replies"] > 0


def test_every_reply_is_in_its_thread(counted):
    assert counted["conversations"] == 28, counted
    assert counted["out_of_thread"] == [], counted


def test_nobody_is_left_without_an_answer_or_a_person(counted):
    assert counted["silent"] == [], counted
    assert not {"queued", "sending"} & set(counted["states"]), counted

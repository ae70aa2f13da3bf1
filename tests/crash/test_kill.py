"""Web, worker and Valkey (wiped) are killed among 300 messages; then everything is counted."""

import pytest

from tests.crash.playing import played

BOUND = 300  # seconds; about 60 on two quiet cores


@pytest.fixture(scope="module")
def counted():
    return played("scenario", "20261120", seconds=BOUND)


def test_every_message_has_one_row(counted):
    assert counted["taken"] == 300
    assert counted["rows"] == counted["different"] == 300


def test_nobody_is_answered_more_often_than_they_wrote(counted):
    assert counted["too_many"] == []


def test_nobody_is_left_without_an_answer_or_a_person(counted):
    assert counted["silent"] == []
    assert counted["open_runs"] == 0


def test_each_lead_is_one_contact_in_the_crm_in_its_final_state(counted):
    assert counted["crm_contacts"] == counted["leads"] > 0
    assert counted["crm_contacts_twice"] == counted["crm_behind"] == 0

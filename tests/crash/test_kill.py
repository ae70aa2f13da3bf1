"""Web, worker and Valkey (wiped) are killed among 300 messages; then everything is counted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOUND = 300  # seconds; about 60 on two quiet cores


@pytest.fixture(scope="module")
def counted():
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.scenario", "20261120"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=BOUND,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


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

"""Worker and Valkey (wiped) are killed while 42 letters are fetched and answered."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOUND = 200  # seconds; about 55 on two quiet cores


@pytest.fixture(scope="module")
def counted():
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.mail", "20261120"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=BOUND,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


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

"""Whatever is killed, nothing is left running and the ports are free again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from config.launcher import wait_until_up

BASE_DIR = Path(__file__).resolve().parent.parent
SECONDS = 20
# Two leaders, each with a child that nobody tells anything.
RUN = """
from config.launcher import Plan, Ports, run

class Sleepers(Plan):
    commands = dict.fromkeys(("one", "two"), "sleep {mark} & exec sleep {mark}")

raise SystemExit(run(Sleepers(Ports(1, 2, 3)), when_ready=lambda: None))
"""


@pytest.fixture
def sleepers():
    """The launcher at work, and a way to ask which of its processes are alive."""
    mark = f"90.{os.getpid()}"
    launcher = subprocess.Popen(  # noqa: S603 (our own program)
        [sys.executable, "-c", RUN.format(mark=mark)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=BASE_DIR,
        stderr=subprocess.DEVNULL,
    )

    def alive():
        return [
            one
            for one in psutil.process_iter(["cmdline"])
            if one.info["cmdline"] == ["sleep", mark]
        ]

    until(lambda: len(alive()) == 4)
    yield launcher, alive
    launcher.kill()
    launcher.wait()
    for one in alive():
        one.kill()


def until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_launcher(sleepers, number):
    launcher, alive = sleepers

    launcher.send_signal(number)

    launcher.wait(SECONDS)
    until(lambda: not alive())


def test_a_leader_that_is_killed_takes_everything_with_it(sleepers):
    launcher, alive = sleepers
    leader = next(one for one in alive() if os.getpgid(one.pid) == one.pid)

    leader.kill()

    assert launcher.wait(SECONDS) != 0
    assert not alive()


def test_waiting_for_what_never_answers_ends():
    assert not wait_until_up("http://127.0.0.1:9/", seconds=0.2)

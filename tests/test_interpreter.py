"""Which Python the environment is made with."""

import subprocess
import sys

import pytest
from django.conf import settings

from config.interpreter import Tried, attempt, choose

OURS = Tried("/pyenv/python3", (3, 11), 0.010)


@pytest.mark.parametrize(
    ("other", "chosen"),
    [
        (Tried("/usr/bin/python3", (3, 11), 0.008), "/usr/bin/python3"),
        (Tried("/usr/bin/python3", (3, 11), 0.0097), "/pyenv/python3"),  # as good as
        (Tried("/usr/bin/python3", (3, 13), 0.005), "/pyenv/python3"),  # not what was asked for
    ],
)
def test_a_clearly_quicker_build_of_the_same_version_is_taken(other, chosen):
    assert choose(OURS, [OURS, other]).path == chosen
    assert choose(OURS, []) == OURS


def test_one_that_cannot_make_environments_is_passed_over(tmp_path):
    broken = tmp_path / "python3.11"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)

    assert attempt(str(broken)) is None
    assert attempt(str(tmp_path / "nowhere")) is None


def test_make_is_told_one_that_runs():
    script = settings.BASE_DIR / "config" / "interpreter.py"
    told = subprocess.run(  # noqa: S603
        [sys.executable, script], capture_output=True, text=True, check=True
    )

    tried = attempt(told.stdout.strip())
    assert tried is not None
    assert tried.version == sys.version_info[:2]

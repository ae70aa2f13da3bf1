"""Worker and Valkey (wiped) are killed among 180 comments that we have to look for ourselves."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOUND = 240  # seconds; about 40 on two quiet cores


def test_every_comment_is_read_once():
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.polling"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=BOUND,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counted = json.loads(done.stdout.splitlines()[-1])
    assert counted["rows"] == counted["different"] == counted["events"] == 180
    assert counted["pending"] == 0

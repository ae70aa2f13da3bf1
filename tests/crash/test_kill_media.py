"""Worker and Valkey (wiped) are killed while 120 pictures are being fetched."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOUND = 280  # seconds; about 60 on two quiet cores


def test_every_file_is_stored_once_and_nothing_else_lies_around():
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.media"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=BOUND,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counted = json.loads(done.stdout.splitlines()[-1])
    assert counted["rows"] == counted["whole"] == 120, counted
    assert counted["states"] == {"stored": 120}, counted
    assert counted["files"] == 120, counted
    assert counted["tried_again"] > 0, counted  # else no kill hit a download

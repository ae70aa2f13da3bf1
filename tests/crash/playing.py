"""A scenario played in a process of its own; what it counted comes back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def played(scenario: str, *arguments: str, seconds: float) -> dict[str, Any]:
    """The last line of ``python -m tests.crash.<scenario>``, which takes at most so long."""
    done = subprocess.run(  # noqa: S603 (ourselves)
        [sys.executable, "-m", f"tests.crash.{scenario}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counted: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return counted

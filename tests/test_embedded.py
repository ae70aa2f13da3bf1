"""PostgreSQL and Valkey from wheels: started and stopped on machines of all kinds."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

BASE_DIR = Path(__file__).resolve().parent.parent
START_AND_LEAVE = """
import sys
from pathlib import Path
from config.embedded import Embedded

servers = Embedded(Path(sys.argv[1]), needs_postgres=True, needs_valkey=True)
servers.start()
servers.leave()
"""


@pytest.fixture
def folder():
    # A socket's path is short; pytest's own folders are not.
    with tempfile.TemporaryDirectory(prefix="lw-") as made:
        yield Path(made)


def test_servers_start_beside_another_users_and_leave_nothing(folder):
    taken = folder / "tmp"
    # What PostgreSQL's wheel locks in /tmp belongs to whoever was first on the machine; not even
    # root can open a folder for writing.
    (taken / ".lockfile").mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}

    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", START_AND_LEAVE, str(folder / "data")],
        env={**environment, "TMPDIR": str(taken)},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (done.returncode, done.stderr) == (0, "")
    commands = [
        " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    ]
    assert not [command for command in commands if str(folder) in command]

"""A command of ours with servers and data of its own, of which nothing is left afterwards."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from config.embedded import Embedded
from config.simulator.serving import free_port

# What would lead a throw-away run to real vendors. Set to nothing rather than unset: a .env
# file would fill what is unset.
EMPTIED = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "COMPATIBLE_API_KEY",
    "COMPATIBLE_BASE_URL",
    "META_APP_SECRET",
    "META_VERIFY_TOKEN",
    "SENTRY_DSN",
)


def run_throwaway(arguments: list[str], **variables: str) -> int:
    """Run ``python <arguments>`` beside servers that live as long; return its exit code."""
    folder = Path(tempfile.mkdtemp(prefix="leadwire-"))
    servers = Embedded(folder, needs_postgres=True, needs_valkey=True)
    try:
        servers.start()
        return _run(arguments, environment(servers, variables))
    finally:
        servers.leave()
        shutil.rmtree(folder, ignore_errors=True)


def environment(servers: Embedded, variables: Mapping[str, str]) -> dict[str, str]:
    port = free_port()
    return {
        **os.environ,
        **dict.fromkeys(EMPTIED, ""),
        "DATA_DIR": str(servers.data_dir),
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "MODEL_ROUTES": "{}",
        "PUBLIC_HOST": "localhost",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "LIVE_PORT": str(free_port()),
        "SIMULATOR_PORT": str(free_port()),
        **variables,
    }


def _run(arguments: list[str], environment: dict[str, str]) -> int:
    process = subprocess.Popen([sys.executable, *arguments], env=environment)  # noqa: S603

    def pass_on(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    # Ctrl-C reaches the child by itself: they share the terminal.
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
    }
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

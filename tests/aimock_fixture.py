"""aimock, a model server that nobody here wrote: OpenAI's and Anthropic's dialects and their ills.

``.ci/run`` brings it where Node is. One process for the session; which ill befalls a request is
said by the model it names, so that one server serves every test.
"""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.model_server import UNDERSTANDING

ROOT = Path(__file__).resolve().parent.parent
# As .ci/run installs it, and as ``npm install @copilotkit/aimock`` does.
PLACES = (ROOT / "var" / "node" / "node_modules", ROOT / "node_modules")
CLI = Path("@copilotkit") / "aimock" / "dist" / "cli.js"
START_SECONDS = 30

QUOTE = "Our standing desk Nova costs 349 EUR."
REPLY = {
    "grounded": True,
    "sentences": [{"text": "The standing desk Nova costs 349 EUR.", "source": 1, "quote": QUOTE}],
}
# As either vendor counts.
USAGE = {"input_tokens": 42, "output_tokens": 9, "prompt_tokens": 42, "completion_tokens": 9}
ILLS: dict[str, dict[str, Any]] = {
    "ill-429": {"response": {"error": {"message": "Slow down."}, "status": 429, "retryAfter": 7}},
    "ill-500": {"response": {"error": {"message": "Oops."}, "status": 500}},
    "ill-529": {
        "response": {"error": {"message": "Overloaded", "type": "overloaded_error"}, "status": 529}
    },
    "ill-401": {
        "response": {
            "error": {"message": "invalid x-api-key", "type": "authentication_error"},
            "status": 401,
        }
    },
    "ill-slow": {"response": {"content": "late"}, "latency": 4_000},
    "ill-malformed": {"response": {"content": "x"}, "chaos": {"malformedRate": 1}},
    "ill-dropped": {"response": {"content": "x"}, "chaos": {"disconnectRate": 1}},
    "ill-cut": {
        "response": {"content": json.dumps(REPLY)},
        "chunkSize": 12,
        "truncateAfterChunks": 3,
    },
    "ill-prose": {"response": {"content": "I would rather write prose."}},
}


def fixtures() -> dict[str, Any]:
    """The ills by model; then what a model in good health says, by what it is asked."""
    said = [{"match": {"model": model}, **ill} for model, ill in ILLS.items()]
    said += [
        {
            "match": {"model": "tools", "hasToolResult": False},
            "response": {"toolCalls": [{"name": "search", "arguments": {"query": "desk"}}]},
        },
        {
            "match": {"systemMessage": "You read messages"},
            "response": {"content": json.dumps(UNDERSTANDING)},
            "chunkSize": 16,
        },
        {
            "match": {"systemMessage": "You answer customers"},
            "response": {"content": json.dumps(REPLY)},
            "chunkSize": 16,
        },
        {
            "match": {"userMessage": "plain"},
            "response": {"content": "The desk costs 349 EUR.", "usage": USAGE},
        },
        {"match": {"userMessage": ""}, "response": {"content": json.dumps(REPLY)}, "chunkSize": 16},
    ]
    return {"fixtures": said}


@pytest.fixture(scope="session")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address; skips where it was not installed."""
    cli = next((place / CLI for place in PLACES if (place / CLI).exists()), None)
    node = shutil.which("node")
    if cli is None or node is None:
        pytest.skip("aimock is not installed: npm install @copilotkit/aimock")
    path = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    path.write_text(json.dumps(fixtures()))
    port = _free_port()
    process = subprocess.Popen(  # noqa: S603 (our own words)
        [node, str(cli), "-p", str(port), "-h", "127.0.0.1", "-f", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    pytest.skip("aimock did not start")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])

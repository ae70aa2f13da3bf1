"""A model vendor on loopback: says what it is told to, and remembers what it was asked."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "llms"
# What a model makes of a plain question about something to buy.
UNDERSTANDING: dict[str, Any] = {
    "intent": "sales",
    "confidence": 0.95,
    "sentiment": 0.1,
    "language": "en",
    "wants_human": False,
    "is_closing": False,
    "facts": [],
}


@dataclass
class Said:
    """One answer: a status and a body; or silence, or a line that goes dead."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    drop: bool = False
    content_type: str = "application/json"

    @property
    def raw(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass
class ModelServer:
    """``say`` queues answers; when the queue is empty the last one is said again.

    ``thinks`` answers by what it was asked instead.
    """

    url: str
    answers: deque[Said] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    thinks: Callable[[dict[str, Any]], Said] | None = None

    def say(self, *answers: Said) -> None:
        self.answers = deque(answers)

    def next(self) -> Said:
        if self.thinks is not None:
            return self.thinks(self.asked[-1])
        return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]


def recorded(kind: str, name: str) -> Any:
    return json.loads((FIXTURES / kind / f"{name}.json").read_text())


def by_claude(content: Any, **ways: Any) -> Said:
    """This object, or text, as Claude answers it; ``ways`` are how it comes."""
    body = recorded("anthropic", "message")
    body["content"][0]["text"] = content if isinstance(content, str) else json.dumps(content)
    return Said(body=body, **ways)


@contextmanager
def serving() -> Iterator[ModelServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.asked.append({"path": self.path, **json.loads(body)})
            server.headers.append({k.lower(): v for k, v in self.headers.items()})
            said = server.next()
            time.sleep(said.wait)
            if said.drop:
                self.close_connection = True
                return
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", said.content_type)
            self.send_header("Content-Length", str(len(said.raw)))
            self.end_headers()
            try:
                self.wfile.write(said.raw)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the caller's patience ended first

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = ModelServer(f"http://127.0.0.1:{httpd.server_port}")
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()

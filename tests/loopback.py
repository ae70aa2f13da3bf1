"""A server on loopback that a test tells how to behave, and what became of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tenants.plugins import http


class Place(ThreadingHTTPServer):
    """What it was asked, path and headers; ``over`` is set when the test is."""

    def __init__(self, door: type["Door"]) -> None:
        super().__init__(("127.0.0.1", 0), door)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.over = threading.Event()
        self.written = 0
        self.url = f"http://127.0.0.1:{self.server_port}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


class Door(BaseHTTPRequestHandler):
    """Answers as the path asks: ``/fine/…`` by ``answer_fine``."""

    server: Place
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        getattr(self, "answer_" + self.path.strip("/").partition("/")[0].replace("-", "_"))()

    do_POST = do_GET  # noqa: N815

    def begin(self, status: int = 200, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def answer_nothing(self) -> None:
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serving(door: type[Door]) -> Iterator[Place]:
    """Up for a while; our own connections to it are closed before it goes."""
    place = Place(door)
    thread = threading.Thread(target=place.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield place
    finally:
        place.over.set()
        for trusting in (True, False):
            http._client(trusting=trusting).close()
        http._client.cache_clear()
        place.shutdown()
        place.server_close()
        thread.join()

"""A web site on loopback, with whatever a test wants it to do."""

import contextlib
import gzip
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tenants.plugins import http

Page = tuple[int, dict[str, str], bytes]


class Site(ThreadingHTTPServer):
    """``pages`` maps paths to answers; ``asked`` is what came, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def say(self, path: str, body: str | bytes = "", status: int = 200, **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, {"Content-Type": "text/html", **named}, content)

    def page(self, path: str, text: str, *links: str, head: str = "", **headers: str) -> None:
        """A page that says something of its own and links on."""
        anchors = "".join(f'<a href="{link}">on</a> ' for link in links)
        self.say(
            path,
            f"<!doctype html><html><head><title>{path}</title>{head}</head>"
            f"<body><nav>Menu</nav><main><h1>{path}</h1><p>{text}</p>{anchors}</main></body></html>",
            **headers,
        )

    def stop(self) -> None:
        self.closing.set()
        for trusting in (True, False):
            http._client(trusting=trusting).close()
        http._client.cache_clear()
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Door(BaseHTTPRequestHandler):
    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        special = {"/slow": self._slow, "/bomb": self._bomb, "/endless": self._endless}
        if self.path in special:
            special[self.path]()
            return
        status, headers, body = self.server.pages.get(self.path, (404, {}, b"nothing here"))
        etag = headers.get("ETag")
        if etag and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _begin(self, **headers: str) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _slow(self) -> None:
        self._begin()
        try:
            while not self.server.closing.wait(0.02):
                self.wfile.write(b"<p>.</p>")
                self.wfile.flush()
        except OSError:
            pass

    def _bomb(self) -> None:
        self._begin(Content_Encoding="gzip")
        with contextlib.suppress(OSError):
            self.wfile.write(gzip.compress(b"<p>" * 3_000_000, 1))

    def _endless(self) -> None:
        self._begin()
        until = time.monotonic() + 10
        try:
            while time.monotonic() < until and not self.server.closing.is_set():
                self.wfile.write(b"x" * 65_536)
        except OSError:
            pass

    def log_message(self, *args: Any) -> None:
        pass

"""Our side of a webhook, reduced to what a vendor sees of it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Listener:
    """Keeps what arrives; answers with ``statuses`` in turn, then 200."""

    def __init__(self, verify_token=""):
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                listener.received.append((dict(self.headers.items()), body))
                self.answer(listener.statuses.pop(0) if listener.statuses else 200, b"")

            def do_GET(self):
                query = parse_qs(urlsplit(self.path).query)
                if query.get("hub.verify_token") == [verify_token]:
                    self.answer(200, query["hub.challenge"][0].encode())
                else:
                    self.answer(403, b"")

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

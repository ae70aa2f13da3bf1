"""An OpenID Connect provider on loopback: description, token and userinfo.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
"""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class IdentityProvider:
    """``person`` is who signs in there; ``asked`` what the token endpoint was sent."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []
        self.status = 200
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.endswith("/.well-known/openid-configuration"):
                    self.say(200, provider.description)
                elif self.headers.get("Authorization") == "Bearer an-access-token":
                    self.say(200, provider.person)
                else:
                    self.say(401, {"error": "invalid_token"})

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
                provider.asked.append(form)
                if provider.status != 200:
                    self.say(provider.status, {"error": "invalid_grant"})
                    return
                self.say(
                    200,
                    {
                        "access_token": "an-access-token",
                        "token_type": "Bearer",
                        "id_token": provider.id_token(form.get("client_id", "")),
                    },
                )

            def say(self, status: int, body: dict[str, Any]) -> None:
                sent = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def id_token(self, audience: str) -> str:
        """Unsigned: it comes over the very line that we asked (section 3.1.3.7)."""
        claims = {
            "iss": self.url,
            "aud": audience,
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            **self.person,
        }
        parts = ({"alg": "none"}, claims)
        head, body = (
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
            for part in parts
        )
        return f"{head}.{body}."

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

"""The simulator's own server process: how it is served, started, spoken to and stopped."""

import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

START_SECONDS = 20


def serve(port: int) -> None:
    """Serve on loopback until a signal comes."""
    Granian(
        "config.simulator.app:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.asyncio,
        # A connection cut on purpose is logged as an error by the server.
        log_level=LogLevels.critical,
    ).serve()


def base_urls(base: str) -> dict[str, str]:
    """The settings that make the simulator stand in for the vendors."""
    return {
        "META_GRAPH_URL": f"{base}/meta/v25.0",
        "META_DIALOG_URL": f"{base}/meta/v25.0",
        "INSTAGRAM_GRAPH_URL": f"{base}/instagram",
        "INSTAGRAM_TOKEN_URL": f"{base}/instagram",
        "INSTAGRAM_LOGIN_URL": f"{base}/instagram",
        "TELEGRAM_API_URL": f"{base}/telegram",
        "HUBSPOT_API_URL": f"{base}/hubspot",
        "HUBSPOT_LOGIN_URL": f"{base}/hubspot",
        "PIPEDRIVE_API_URL": f"{base}/pipedrive",
        "PIPEDRIVE_LOGIN_URL": f"{base}/pipedrive",
        "SALESFORCE_LOGIN_URL": f"{base}/salesforce",
        "SALESFORCE_SANDBOX_LOGIN_URL": f"{base}/salesforce/sandbox",
        "X_API_URL": f"{base}/x",
        "X_LOGIN_URL": f"{base}/x",
        "LINKEDIN_API_URL": f"{base}/linkedin",
        "LINKEDIN_AUTH_URL": f"{base}/linkedin",
        "TIKTOK_API_URL": f"{base}/tiktok/open_api/v1.3",
        "TIKTOK_LOGIN_URL": f"{base}/tiktok",
        "GOOGLE_LOGIN_URL": f"{base}/google",
        "GOOGLE_TOKEN_URL": f"{base}/google",
        "MICROSOFT_LOGIN_URL": f"{base}/microsoft",
        "TWILIO_API_URL": f"{base}/twilio",
        "RESEND_API_URL": f"{base}/resend",
        "VAPI_API_URL": f"{base}/vapi",
        "CALENDLY_API_URL": f"{base}/calendly",
        "OPENAI_BASE_URL": f"{base}/openai/v1",
        "ANTHROPIC_BASE_URL": f"{base}/anthropic",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class SimulatorClient:
    """Speaks to a running simulator; see ``control`` for what can be said."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    @property
    def settings(self) -> dict[str, str]:
        return base_urls(self.url)

    def sign_in(self, vendor: str, **told: Any) -> None:
        """Who sits before a vendor's consent page: accounts, withheld scopes, client_secret …"""
        self._say("oauth", vendor=vendor, **told)

    def grants(self, vendor: str, **change: Any) -> dict[str, Any]:
        """A scope less for every token of a vendor (``without``), or the end of all (``over``)."""
        return self._say("grants", vendor=vendor, **change)

    def hook_url(self, name: str) -> str:
        return f"{self.url}/hook/{name}"

    def reset(self) -> None:
        self._say("reset")

    def forget_journal(self) -> None:
        self._say("forget")

    def account(self, platform: str, account_id: str, **known: str) -> dict[str, Any]:
        """Register an account; ``verified`` in the answer says how the handshake went."""
        return self._say("accounts", platform=platform, account_id=account_id, **known)

    def behave(self, vendor: str, **behaviour: Any) -> None:
        self._say("behaviour", vendor=vendor, **behaviour)

    def fail(self, vendor: str, kind: str = "error", **fault: Any) -> None:
        """Let the next call (or the next ``count``) to a vendor go wrong."""
        self._say("faults", vendor=vendor, kind=kind, **fault)

    def recover(self, vendor: str) -> None:
        """A vendor that was down is up again."""
        self._say("recover", vendor=vendor)

    def person(self, platform: str, account_id: str, person_id: str, **state: Any) -> None:
        self._say("people", platform=platform, account_id=account_id, person_id=person_id, **state)

    def inbound(self, platform: str, account_id: str, text: str, **more: Any) -> dict[str, Any]:
        """A person writes; returns once our side has taken the webhook or the vendor gave up."""
        return self._say("inbound", platform=platform, account_id=account_id, text=text, **more)

    def journal(self, **equal: Any) -> list[dict[str, Any]]:
        response = self._http.get("/_sim/journal", params={k: str(v) for k, v in equal.items()})
        entries: list[dict[str, Any]] = response.json()["entries"]
        return entries

    def sends(self, **equal: Any) -> list[dict[str, Any]]:
        """The messages a messaging vendor accepted from us, oldest first."""
        return self.journal(kind="send", **equal)

    def objects(self, kind: str = "contacts") -> list[dict[str, Any]]:
        """HubSpot's objects, or ``salesforce:Lead``, each with its number of ``writes``."""
        found: list[dict[str, Any]] = self._http.get(f"/_sim/objects/{kind}").json()["results"]
        return found

    def is_up(self) -> bool:
        try:
            return self._http.get("/_sim/").is_success
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self._http.close()

    def _say(self, what: str, **body: Any) -> dict[str, Any]:
        response = self._http.post(f"/_sim/{what}", json=body)
        response.raise_for_status()
        said: dict[str, Any] = response.json()
        return said


class SimulatorProcess(SimulatorClient):
    """A simulator of one's own on a free port, stopped on leaving the ``with`` block."""

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        super().__init__(self.port)
        self.process = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", "config.simulator", str(self.port)],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_up():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"The simulator did not start on port {self.port}.")
            time.sleep(0.02)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

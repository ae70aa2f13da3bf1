"""Leadwire as it runs, with its demo company, and Chromium in front of it.

Skipped where no Chromium is installed. ``CHROMIUM`` names another one than the usual places;
``SCREENSHOTS`` names a folder that every page is pictured into.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
)
FLAGS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY_SECONDS = 180
PASSWORD = "ride-a-bike-today"


@dataclass
class Site:
    """Where everything listens."""

    web: int
    live: int
    simulator: int
    log: Path
    accounts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def public(self) -> str:
        return f"http://localhost:{self.web}"

    @property
    def acme(self) -> str:
        return f"http://acme.localhost:{self.web}"

    def write(self, text: str, *, sender: str, name: str) -> None:
        """A customer writes to the demo company's Telegram bot."""
        told = httpx.post(
            f"http://127.0.0.1:{self.simulator}/_sim/inbound",
            json={
                "platform": "telegram",
                "account_id": "7000000001",
                "sender_id": sender,
                "sender_name": name,
                "text": text,
            },
            timeout=30,
        )
        assert told.is_success, told.text


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """``manage.py up`` on ports and data of its own; gone without a trace afterwards."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    web, live, simulator = free_ports(3)
    # Short: PostgreSQL's socket has a path of at most 107 bytes.
    data = Path(tempfile.mkdtemp(prefix="lw-b-", dir="/tmp"))
    log = data / "up.log"
    environment = {
        **{k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(data),
        "PORT": str(web),
        "LIVE_PORT": str(live),
        "SIMULATOR_PORT": str(simulator),
        "PUBLIC_URL": f"http://localhost:{web}",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await(process, log)
        yield Site(web, live, simulator, log)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(data, ignore_errors=True)


def _await(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        said = log.read_text(errors="replace")
        if "Leadwire is up." in said:
            return
        if process.poll() is not None:
            break
        time.sleep(0.3)
    pytest.fail(f"up did not come up:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="package")
def chromium(site: Site) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[Any]:
    """``open_page(role="agent", width=390, scheme="dark", language="ar")`` -> a signed-in page.

    Whatever the page complains about in its console fails the test: a broken policy, a missing
    file, a script's error. ``forgives`` is what the test itself brings about, as a pattern.
    """
    complaints: list[str] = []
    forgiven = ["status of (422|403)"]
    contexts = []

    def opened(
        *,
        role: str = "",
        width: int = 1440,
        height: int = 900,
        scheme: Any = "light",
        language: str = "en",
        scripts: bool = True,
        forgives: str = "",
    ) -> Page:
        forgiven.extend([forgives] if forgives else [])
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=scripts,
            locale="en-GB",
        )
        contexts.append(context)
        for host in ("localhost", "acme.localhost"):
            context.add_cookies(
                [{"name": "django_language", "value": language, "domain": host, "path": "/"}]
            )
        page = context.new_page()
        page.on("console", lambda said: complaints.extend([said.text] * (said.type == "error")))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if role:
            enter(page, site, role)
        return page

    yield opened
    for context in contexts:
        context.close()
    # Chromium calls a refused form (422) an error, too; it is an answer.
    serious = [said for said in complaints if not re.search("|".join(forgiven), said)]
    assert serious == []


def enter(page: Page, site: Site, role: str) -> None:
    """Sign in as one of the demo's three people."""
    page.goto(f"{site.acme}/accounts/login/")
    page.fill("#id_login", f"{role}@acme.example")
    page.fill("#id_password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{site.acme}/")

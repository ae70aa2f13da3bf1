"""From a message's commit to two people's screens: real browsers, live server and worker.

The commit is the moment at which the event enters its stream, right behind it: the number of an
event begins with Redis's clock. What a page shows is noted by the page. Nothing is measured where
no Chromium is installed.
"""

import os
import re
import shutil
import statistics
import threading
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from config.demo.stage import Stage
from tests.benchmarks.inbox import PASSWORD
from tests.benchmarks.stand import Figures, line, load

CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
)
MESSAGES, RATE = 60, 2
WARM = 6  # the first ones wake processes up
P95_AIM = 300.0  # ms
# When each conversation was announced, and when its row was first on the screen.
WATCH = """
window.told = {}; window.seen = {};
window.leadwireLive((event) => {
  if (event.kind === "new_message" && event.data.direction === "in")
    window.told[event.data.conversation] ??= Number(event.id.split("-")[0]);
});
const look = () => document.querySelectorAll(".row").forEach((row) => {
  if (window.told[row.dataset.pk]) window.seen[row.dataset.pk] ??= Date.now();
});
const all = { childList: true, subtree: true };
new MutationObserver(look).observe(document.querySelector(".pane--list"), all);
"""


def screens(stage: Stage) -> Figures:
    """Two people look at the list while customers write."""
    if CHROMIUM is None:
        return
    stage.machine.names = ("web", "live", "worker")
    with stage.machine, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        pages = [_looking(browser, stage.plan.ports.web) for _ in range(2)]
        writing = threading.Thread(target=_write, args=(stage,))
        writing.start()
        while writing.is_alive():
            pages[0].wait_for_timeout(200)
        pages[0].wait_for_timeout(3_000)
        took = sorted(value for page in pages for value in _delays(page))
        browser.close()
    p95 = took[min(int(len(took) * 0.95), len(took) - 1)]
    yield line(
        "live_commit_to_screen_p95",
        p95,
        "ms",
        aim=f"<= {P95_AIM:.0f}",
        met=p95 <= P95_AIM,
        p50=round(statistics.median(took)),
        browsers=len(pages),
        seen=len(took),
    )


def _looking(browser: Browser, port: int) -> Page:
    page = browser.new_context().new_page()
    base = f"http://stage.localhost:{port}"
    page.goto(f"{base}/accounts/login/")
    page.fill("#id_login", "admin@stage.example")
    page.fill("#id_password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(rf"{base}/$"))
    page.goto(f"{base}/inbox/?tab=all")
    page.locator(".live-state[data-state=live]").wait_for()
    page.evaluate(WATCH)
    return page


def _write(stage: Stage) -> None:
    load(
        stage,
        stage.plan.ports.web,
        "/webhooks/messenger/",
        run="screens",
        people="screens",
        count=MESSAGES,
        rate=RATE,
    )


def _delays(page: Page) -> list[float]:
    noted: dict[str, Any] = page.evaluate("({ told: window.told, seen: window.seen })")
    told, seen = noted["told"], noted["seen"]
    shown = [seen[pk] - told[pk] for pk in sorted(told, key=int)[WARM:] if pk in seen]
    assert len(shown) > MESSAGES // 2, f"{len(shown)} of {MESSAGES} were seen"
    return shown

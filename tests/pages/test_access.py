"""Every page as axe-core judges it: nothing serious or critical, by daylight, by night, in Arabic.
And the inbox by those who have no mouse.

The pages are drawn by Django first and shown to Chromium by their addresses afterwards, so that
no server has to run. ``.ci/run`` brings axe-core where Node is.
"""

import mimetypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse
from playwright.sync_api import Page, Route, ViewportSize, expect, sync_playwright

from tests.pages.test_every_page import PAGES, address

ROOT = Path(__file__).resolve().parent.parent.parent
PLACES = (ROOT / "var" / "node" / "node_modules", ROOT / "node_modules")
AXE = next((at for place in PLACES if (at := place / "axe-core" / "axe.min.js").exists()), None)
CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (apt-get install chromium)"),
]
needs_axe = pytest.mark.skipif(
    AXE is None, reason="axe-core is not installed: npm install axe-core"
)

HOST = "http://north.localhost"
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
# Drawn by others' code in our dress, and what a stranger sees.
OTHERS = [
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/leads/lead/",
    "/channels_app/contact/",
]
STRANGERS = ["/accounts/login/", "/accounts/password/reset/"]
PUBLIC = ["/", "/sign-up/", "/find/"]
JUDGE = """async (rules) => {
    // What a change of the scheme brings about is seen from the next frame on.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const options = {resultTypes: ["violations"], iframes: false};
    if (rules) options.runOnly = rules;
    const found = await axe.run(document, options);
    return found.violations
        .filter((each) => ["serious", "critical"].includes(each.impact))
        .flatMap((each) => each.nodes.map((node) => (
            `${each.id}: ${node.target.join(" ")}: ${node.any.map((one) => one.message)[0] ?? ""}`
        )));
}"""


@pytest.fixture
def draw(scene, sign_in, client):
    """``draw("ar")`` gives every page's HTML by its address."""

    def drawn(language: str) -> dict[str, str]:
        client.cookies["django_language"] = language
        client.logout()
        pages = {f"{HOST}{path}": ask(client, path) for path in STRANGERS}
        public = {f"http://localhost{path}": ask(client, path, "localhost") for path in PUBLIC}
        sign_in("admin")
        client.cookies["django_language"] = language
        paths = [address(scene, name, argument) for name, argument, _ in PAGES] + OTHERS
        pages |= public | {f"{HOST}{path}": ask(client, path) for path in paths}
        # Parts of pages are judged where they stand.
        return {url: html for url, html in pages.items() if "<!DOCTYPE html>" in html}

    return drawn


def ask(client: Any, path: str, host: str = "north.localhost") -> str:
    answer = client.get(path, HTTP_HOST=host)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


@contextmanager
def shown(pages: dict[str, str]) -> Iterator[Page]:
    """A browser's page that finds those, our static files, and no more."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--headless", "--disable-gpu"]
        )
        # axe is no part of the page, whose policy knows only scripts of our own.
        context = browser.new_context(viewport=DESK, reduced_motion="reduce", bypass_csp=True)
        if AXE:
            context.add_init_script(path=AXE)
        context.route("**/*", lambda route: answer(route, pages))
        yield context.new_page()
        browser.close()


def answer(route: Route, pages: dict[str, str]) -> None:
    url = route.request.url
    asked = url if route.request.method == "GET" else f"POST {url}"
    page = pages.get(asked, pages.get(asked.partition("?")[0]))
    if page is not None:
        route.fulfill(body=page, content_type="text/html; charset=utf-8")
    elif file := static_file(urlsplit(url).path):
        route.fulfill(path=file, content_type=mimetypes.guess_type(file)[0])
    else:
        route.fulfill(status=404)


@cache
def static_file(path: str) -> str | None:
    """Where a file of ours or of a package lies; the tests' settings know only the packages'."""
    name = path.removeprefix("/static/")
    ours = ROOT / "static" / name
    if ours.is_file():
        return str(ours)
    return finders.find(name) if name != path else None


@needs_axe
@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_page_has_a_serious_or_critical_issue(draw, language):
    pages = draw(language)  # before the browser: Django asks no database beside its event loop

    found = []
    with shown(pages) as page:
        for url in pages:
            page.set_viewport_size(DESK)
            page.emulate_media(color_scheme="light")
            page.goto(url)
            found += [f"{url} {said}" for said in page.evaluate(JUDGE)]
            # Neither needs another page: the night has other colours, a phone has other sizes.
            if language == "en":
                page.emulate_media(color_scheme="dark")
                said = page.evaluate(JUDGE, ["color-contrast"])
            else:
                page.set_viewport_size(PHONE)
                said = page.evaluate(JUDGE, ["scrollable-region-focusable", "target-size"])
            found += [
                f"{url} at {'night' if language == 'en' else '390 px'} {each}" for each in said
            ]

    assert len(pages) > len(PAGES) / 2
    assert found == [], "\n" + "\n".join(found)


FOCUS = """() => {
    const here = document.activeElement;
    // A choice that is drawn by its label shows its focus there.
    const seen = [here, ...(here.labels ?? [])];
    const ring = seen.some((each) => getComputedStyle(each).outlineStyle !== "none");
    return here === document.body ? null : [here.outerHTML.slice(0, 120), ring];
}"""


def test_the_inbox_is_worked_by_keyboard(scene, sign_in):
    client = sign_in("admin")
    names = ("conversation", "thread", "context", "take_over")
    talk = {name: reverse(f"channels_app:{name}", args=[scene.conversation.pk]) for name in names}
    paths = [reverse("channels_app:inbox"), reverse("channels_app:list")]
    paths += [talk[name] for name in ("conversation", "thread", "context")]
    pages = {f"{HOST}{path}": ask(client, path) for path in paths}
    taken = client.post(talk["take_over"], headers={"HX-Request": "true"})
    pages[f"POST {HOST}{talk['take_over']}"] = taken.content.decode()

    with shown(pages) as page:
        page.goto(f"{HOST}{paths[0]}")
        press = page.keyboard.press
        press("?")
        expect(page.locator("#shortcuts")).to_be_visible()
        press("Escape")
        expect(page.locator("#shortcuts")).to_be_hidden()
        press("/")
        expect(page.locator("#id_q")).to_be_focused()
        press("Escape")
        press("j")
        expect(page.locator(".row").first).to_be_focused()
        press("Enter")
        expect(page.locator("#thread")).to_be_focused()
        press("k")
        expect(page.locator(".row").first).to_be_focused()
        page.locator("#thread").focus()
        press("Shift+Tab")
        expect(page.locator("[data-key=t]")).to_have_text("Take over")
        expect(page.locator("[data-key=t]")).to_be_focused()
        press("Enter")
        expect(page.locator("[data-key=t]")).to_have_text("Hand back to AI")
        expect(page.locator("[data-key=t]")).to_be_focused()
        press("n")
        expect(page.locator("#id_text")).to_be_focused()
        expect(page.locator("#mode-note")).to_be_checked()
        unseen = [stop[0] for stop in walk(page) if not stop[1]]

    assert unseen == []


def walk(page: Page) -> list[tuple[str, bool]]:
    """What Tab stops at from top to bottom, and whether one sees that it is there."""
    page.reload()
    stops: list[tuple[str, bool]] = []
    while True:
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None:
            break
        stops.append(stop)
        assert len(stops) < 200, "Tab never leaves the page"
    assert any("id_text" in stop[0] for stop in stops)
    return stops

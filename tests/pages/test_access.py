"""Every page as axe-core judges it: nothing serious or critical, by daylight, by night, in Arabic.

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
from playwright.sync_api import Page, Route, sync_playwright

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
    pytest.mark.skipif(AXE is None, reason="axe-core is not installed: npm install axe-core"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (apt-get install chromium)"),
]

HOST = "http://north.localhost"
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
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, reduced_motion="reduce", bypass_csp=True
        )
        context.add_init_script(path=AXE)
        context.route("**/*", lambda route: answer(route, pages))
        yield context.new_page()
        browser.close()


def answer(route: Route, pages: dict[str, str]) -> None:
    url = route.request.url
    if url in pages:
        route.fulfill(body=pages[url], content_type="text/html; charset=utf-8")
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


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_page_has_a_serious_or_critical_issue(draw, language):
    pages = draw(language)  # before the browser: Django asks no database beside its event loop

    found = []
    with shown(pages) as page:
        for url in pages:
            page.emulate_media(color_scheme="light")
            page.goto(url)
            found += [f"{url} {said}" for said in page.evaluate(JUDGE)]
            if language == "en":  # the night has other colours and no other page
                page.emulate_media(color_scheme="dark")
                said = page.evaluate(JUDGE, ["color-contrast"])
                found += [f"{url} dark {each}" for each in said]

    assert len(pages) > len(PAGES) / 2
    assert found == [], "\n" + "\n".join(found)

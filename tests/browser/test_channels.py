"""Connecting a channel as people do: gallery, the network's consent page, the choice, the doctor.

With ``SCREENSHOTS=<folder>`` each stop is pictured there, for people to look at.
"""

import os
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.test_pictures import fits

FOLDER = os.environ.get("SCREENSHOTS", "")
DRESSES = {
    "light": {},
    "dark": {"scheme": "dark"},
    "phone-arabic": {"width": 390, "height": 844, "language": "ar"},
}


def picture(page, name):
    fits(page, name)
    if FOLDER:
        page.wait_for_timeout(250)
        page.screenshot(path=str(Path(FOLDER) / f"{name}.png"), full_page=True)


def told(site, what, **body):
    httpx.post(f"http://127.0.0.1:{site.simulator}/_sim/{what}", json=body).raise_for_status()


def test_a_page_is_connected_by_signing_in_and_the_doctor_names_a_lost_permission(open_page, site):
    page = open_page(role="admin")
    page.goto(f"{site.acme}/channels/")
    expect(page.get_by_role("heading", name="Connect a channel")).to_be_visible()
    picture(page, "channels-gallery")

    card = page.locator("#net-messenger")
    card.get_by_role("button", name="Sign in with Facebook").click()
    # The network's own page, on another host:
    expect(page.get_by_text("Leadwire would like to use your account")).to_be_visible()
    assert "/meta/" in page.url
    picture(page, "channels-consent")
    page.get_by_role("button", name="Continue as Demo").click()

    expect(page.get_by_role("heading", name="Choose what to connect")).to_be_visible()
    picture(page, "channels-choice")
    page.get_by_label("Acme Bikes").uncheck()
    page.get_by_label("Acme Rentals").check()
    page.get_by_role("button", name="Connect the chosen").click()

    expect(page.get_by_role("heading", name="Acme Rentals")).to_be_visible()
    expect(page.get_by_text("Connected: Acme Rentals")).to_be_visible()
    doctor = page.locator("#doctor")
    doctor.get_by_role("button", name="Look now").click()
    expect(doctor.locator(".card__head").get_by_text("All is well")).to_be_visible(timeout=20_000)
    picture(page, "channels-doctor-well")

    told(site, "grants", vendor="meta", without="pages_messaging")
    doctor.get_by_role("button", name="Look now").click()
    expect(doctor.get_by_text("The permission pages_messaging is missing.")).to_be_visible(
        timeout=20_000
    )
    page.reload()
    expect(page.locator(".banner--bad")).to_contain_text("pages_messaging")
    picture(page, "channels-doctor-bad")

    # What was lost is given again, and the same connection goes on.
    before = page.url
    page.get_by_role("button", name="Sign in again with Facebook").first.click()
    page.get_by_role("button", name="Continue as Demo").click()
    expect(page.get_by_role("heading", name="Acme Rentals")).to_be_visible()
    assert page.url.split("#")[0] == before.split("#")[0]
    doctor.get_by_role("button", name="Look now").click()
    expect(doctor.locator(".card__head").get_by_text("All is well")).to_be_visible(timeout=20_000)


def test_a_cancelled_sign_in_says_so_and_offers_the_form(open_page, site):
    page = open_page(role="admin")
    page.goto(f"{site.acme}/channels/add/x/")
    page.get_by_role("button", name="Sign in with X").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="You did not give your consent")).to_be_visible()
    picture(page, "channels-cancelled")
    page.get_by_role("link", name="Connect by the form").click()
    expect(page.get_by_role("heading", name="Connect X")).to_be_visible()


def test_signing_in_needs_no_scripts(open_page, site):
    told(site, "oauth", vendor="tiktok", accounts=[{"id": "no-script", "name": "plain"}])
    page = open_page(role="admin", scripts=False)
    page.goto(f"{site.acme}/channels/")
    page.locator("#net-tiktok").get_by_role("button", name="Sign in with TikTok").click()
    page.get_by_role("button", name="Continue as Demo").click()
    expect(page.get_by_role("heading", name="@demo")).to_be_visible()


@pytest.mark.parametrize("dress", list(DRESSES) if FOLDER else ["phone-arabic"])
def test_the_pages_of_channels_in_every_dress(open_page, site, dress):
    page = open_page(role="admin", **DRESSES[dress])
    page.goto(f"{site.acme}/channels/")
    picture(page, f"{dress}-channels-gallery")
    page.goto(f"{site.acme}/channels/add/instagram/")
    picture(page, f"{dress}-channels-form")
    page.goto(f"{site.acme}/channels/")
    page.locator("#net-messenger form button").first.click()
    page.locator("button[value=allow]").click()
    page.locator(".offers").wait_for()
    picture(page, f"{dress}-channels-choice")
    page.goto(f"{site.acme}/channels/")
    page.locator("table a").first.click()
    page.locator("#doctor form button").click()
    page.locator("#doctor .card__head .badge:not(.badge--info)").wait_for(timeout=20_000)
    picture(page, f"{dress}-channels-doctor")
    page.goto(f"{site.public}/oauth/callback/x/?state=forged")
    picture(page, f"{dress}-channels-forged")

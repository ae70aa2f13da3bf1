"""A sandbox from the first click to its removal, in a real browser."""

import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.test_pictures import FOLDER


def picture(page, name):
    if FOLDER:
        page.wait_for_timeout(400)
        page.screenshot(path=str(Path(FOLDER) / f"sandbox-{name}.png"))


def test_one_click_a_question_an_answer_and_gone(open_page, site):
    page = open_page(role="admin")
    page.goto(f"{site.acme}/channels/")
    page.get_by_role("link", name="Try a sandbox").click()
    picture(page, "choose")
    page.get_by_role("button", name="Try it WhatsApp", exact=True).click()
    phone = page.locator(".phone")
    expect(phone).to_contain_text("Write the first words")
    expect(page.locator(".badge--sandbox").first).to_be_visible()
    words = f"How much is the city bike Acme Breeze? {uuid.uuid4().hex[:6]}"
    phone.locator("#id_text").fill(words)
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator("#id_text")).to_have_value("", timeout=15_000)
    expect(phone.locator(".phone__row--mine")).to_contain_text(words, timeout=15_000)
    expect(phone.locator(".phone__row:not(.phone__row--mine)")).to_contain_text(
        "690", timeout=30_000
    )
    picture(page, "phone")

    with page.expect_popup() as opened:
        page.get_by_role("link", name="See it in the inbox").click()
    inbox = opened.value
    expect(inbox.locator(".badge--sandbox").first).to_be_visible()
    expect(inbox.locator(".msg--ai .tick").last).to_contain_text("Read", timeout=20_000)
    picture(inbox, "inbox")
    inbox.close()

    page.get_by_role("link", name="Back to the channel").click()
    picture(page, "channel")
    page.get_by_text("Remove the sandbox").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("The sandbox is gone")).to_be_visible()
    expect(page.locator(".badge--sandbox")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_in_arabic_with_scripts_and_without(open_page, site, scripts):
    page = open_page(role="admin", scripts=scripts, width=390, height=844, language="ar")
    page.goto(f"{site.acme}/channels/sandboxes/")
    page.get_by_role("button", name=re.compile("Telegram")).click()
    page.fill("#id_text", "مرحبا")
    page.locator(".phone__form button").click()
    for _ in range(20):
        if page.locator(".phone__row--mine").count():
            break
        page.wait_for_timeout(500)
        if not scripts:
            page.reload()
    expect(page.locator(".phone__row--mine")).to_contain_text("مرحبا")
    if scripts:
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0
        picture(page, "phone-arabic")

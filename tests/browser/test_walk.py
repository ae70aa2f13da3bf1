"""The main ways through Leadwire, walked in a real browser on the running whole."""

import re
import time
import uuid

import pytest
from playwright.sync_api import expect

QUESTION = "Hello! How much is the city bike Acme Breeze? My email is mia@rides.example"


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def test_a_stranger_signs_up_and_stands_in_the_new_workspace(open_page, site):
    page = open_page()
    name = unique("blue")
    page.goto(f"{site.public}/")
    page.get_by_role("main").get_by_role("link", name="Open a workspace").click()
    page.fill("#id_name", name)

    assert page.input_value("#id_subdomain") == name  # suggested from the name
    page.fill("#id_admin_email", "ana@blue.example")
    page.fill("#id_password", "correct horse battery")
    page.get_by_role("button", name="Open the workspace").click()

    page.wait_for_url(f"http://{name}.localhost:{site.web}/")
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    expect(page.get_by_text("0 of 7 done")).to_be_visible()
    page.get_by_role("link", name="Connect", exact=True).first.click()
    expect(page.get_by_text("No channel connected")).to_be_visible()


def test_a_message_shows_up_live_and_is_answered_with_its_source(open_page, site):
    page = open_page(role="agent")
    page.goto(f"{site.acme}/inbox/")
    expect(page.locator(".live-state[data-state=live]")).to_be_visible()
    name = unique("Mia")

    site.write(QUESTION, sender=str(uuid.uuid4().int % 10**9), name=name)

    row = page.get_by_role("link", name=name)
    expect(row).to_be_visible(timeout=15_000)
    row.click()
    expect(page.locator("#conversation")).to_contain_text(QUESTION)
    expect(page.locator(".msg--ai").first).to_be_visible(timeout=30_000)
    expect(page.locator("#context")).to_contain_text("What the AI did last")


def test_a_person_takes_over_writes_and_hands_back(open_page, site):
    name = unique("Tom")
    site.write("I want to speak with a person", sender=str(uuid.uuid4().int % 10**9), name=name)
    page = open_page(role="agent")
    page.goto(f"{site.acme}/inbox/")
    row = page.get_by_role("link", name=name)
    expect(row).to_be_visible(timeout=15_000)
    row.click()
    expect(page.locator("#conversation")).to_contain_text("I want to speak with a person")

    page.get_by_label("Message", exact=True).fill("Hello Tom, this is Omar.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".msg--human")).to_contain_text("Hello Tom, this is Omar.")
    expect(page.locator(".control--human")).to_be_visible()
    expect(page.locator(".msg--human .tick")).to_contain_text("Accepted", timeout=30_000)

    page.locator(".composer label", has_text="Note for colleagues").click()
    page.get_by_label("Message", exact=True).fill("He rides a Trail 5.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".msg--note")).to_contain_text("He rides a Trail 5.")

    page.get_by_role("button", name="Hand back to AI").click()
    expect(page.locator(".control--ai")).to_be_visible()


def test_what_is_being_written_survives_live_updates(open_page, site):
    sender, name = str(uuid.uuid4().int % 10**9), unique("Eva")
    site.write("First words", sender=sender, name=name)
    page = open_page(role="agent")
    page.goto(f"{site.acme}/inbox/")
    row = page.get_by_role("link", name=name)
    expect(row).to_be_visible(timeout=15_000)
    row.click()
    page.get_by_label("Message", exact=True).fill("Half a sen")

    site.write("Second words", sender=sender, name=name)

    expect(page.locator("#thread")).to_contain_text("Second words", timeout=15_000)
    assert page.get_by_label("Message", exact=True).input_value() == "Half a sen"


def test_the_dashboard_counts_along(open_page, site):
    page = open_page(role="viewer")
    expect(page.locator(".live-state[data-state=live]")).to_be_visible()
    hint = page.locator(".tile", has_text="Conversations").locator(".tile__hint")
    before = hint.inner_text()

    site.write("One more", sender=str(uuid.uuid4().int % 10**9), name=unique("Ivo"))

    expect(hint).not_to_have_text(before, timeout=15_000)


def test_the_inbox_by_keyboard(open_page, site):
    page = open_page(role="agent")
    page.goto(f"{site.acme}/inbox/")
    page.locator(".row").first.wait_for()

    page.keyboard.press("j")
    assert "row" in (page.evaluate("document.activeElement.className") or "")
    page.keyboard.press("Enter")
    page.locator("#conversation[data-open]").wait_for()
    page.locator("body").click(position={"x": 700, "y": 20})
    page.keyboard.press("n")
    assert page.is_checked("#mode-note")
    page.get_by_label("Message", exact=True).fill("")  # a draft may have been kept here
    page.keyboard.type("jkr?e")  # inside a field they are letters
    assert page.get_by_label("Message", exact=True).input_value() == "jkr?e"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()

    page.uncheck("#shortcuts-on")
    page.get_by_role("dialog").get_by_role("button").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    assert page.is_checked("#mode-note")  # switched off: nothing happened
    page.reload()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()  # the one key that is left
    assert not page.is_checked("#shortcuts-on")  # the person's, not the browser's
    page.check("#shortcuts-on")
    with page.expect_response("**/inbox/habits/"):
        page.get_by_role("dialog").get_by_role("button").click()


def test_a_viewer_sees_everything_and_can_change_nothing(open_page, site):
    page = open_page(role="viewer")
    page.goto(f"{site.acme}/inbox/")
    page.locator(".row").first.click()
    page.locator("#conversation[data-open]").wait_for()

    expect(page.locator(".composer")).to_have_count(0)
    expect(page.locator("main").get_by_role("button", name="Take over")).to_have_count(0)
    menu = page.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link", name="Leads")).to_be_visible()
    expect(menu.get_by_role("link", name="Team")).to_have_count(0)
    assert page.goto(f"{site.acme}/team/").status == 403


def test_pages_read_and_submit_without_javascript(open_page, site):
    name = unique("Noor")
    site.write("Without scripts, please", sender=str(uuid.uuid4().int % 10**9), name=name)
    page = open_page(role="agent", scripts=False)
    row = page.get_by_role("link", name=re.compile(name))
    for _ in range(40):
        page.goto(f"{site.acme}/inbox/")
        if row.count():
            break
        time.sleep(0.5)
    row.first.click()
    page.fill("#id_text", "Plain and simple.")
    page.get_by_role("button", name="Send").click()

    expect(page.locator(".msg--human")).to_contain_text("Plain and simple.")


def test_the_colour_scheme_is_remembered(open_page, site):
    page = open_page()
    page.goto(f"{site.public}/")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Colour scheme").click()

    dark = page.evaluate(background)
    page.reload()

    assert light != dark
    assert page.evaluate(background) == dark


@pytest.mark.parametrize("scripts", [True, False])
def test_a_wrong_password_says_so(open_page, site, scripts):
    page = open_page(scripts=scripts)
    page.goto(f"{site.acme}/accounts/login/")
    page.fill("#id_login", "agent@acme.example")
    page.fill("#id_password", "wrong")
    page.click("main button[type=submit]")

    expect(page.locator(".notice--bad, .field__error").first).to_be_visible()

"""A network refuses an answer: the dead letter is found, read, and sent after all."""

import re
import uuid

import httpx
from playwright.sync_api import expect

REFUSAL = "Bad Request: the simulator refuses this once"


def refuse_once(site):
    """The next message we send to Telegram is refused for good."""
    fault = {
        "vendor": "telegram", "kind": "error", "status": 400, "code": 400,
        "message": REFUSAL, "match": "sendMessage",
    }  # fmt: skip
    told = httpx.post(f"http://127.0.0.1:{site.simulator}/_sim/faults", json=fault, timeout=30)
    assert told.is_success, told.text


def refused_answer(page, site):
    """Somebody asks for a person; what the person writes is refused. Returns who asked."""
    name = f"Tom-{uuid.uuid4().hex[:8]}"
    site.write("I want to speak with a person", sender=str(uuid.uuid4().int % 10**9), name=name)
    page.goto(f"{site.acme}/inbox/")
    row = page.get_by_role("link", name=name)
    expect(row).to_be_visible(timeout=15_000)
    row.click()
    expect(page.locator(".control--human")).to_be_visible(timeout=30_000)
    refuse_once(site)
    page.get_by_label("Message", exact=True).fill(f"Hello {name}")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".msg--human").last).to_contain_text(REFUSAL, timeout=30_000)
    return name


def test_a_refused_answer_is_found_read_and_sent_after_all(open_page, site):
    page = open_page(role="agent")
    name = refused_answer(page, site)
    talk = page.url

    page.goto(f"{site.acme}/dead-letters/?kind=outbound")
    page.locator(".letter__reason a", has_text=REFUSAL).first.click()
    expect(page.locator(".payload")).to_contain_text(f"Hello {name}")
    page.get_by_role("button", name="Try again").click()

    expect(page.locator(".toast")).to_contain_text("1 letter is tried again.")
    page.goto(talk)
    expect(page.locator(".msg--human .tick").last).to_contain_text("Accepted", timeout=30_000)


def test_letting_go_asks_once_more(open_page, site):
    page = open_page(role="agent")
    refused_answer(page, site)
    page.goto(f"{site.acme}/dead-letters/?kind=outbound")
    letters = page.locator(".letter")
    before = letters.count()

    letters.first.locator(".letter__check").check()
    page.get_by_text("Let the chosen go").click()
    expect(page.locator(".letters__foot .confirm__box")).to_be_visible()
    page.get_by_role("button", name="Yes, let them go").last.click()

    expect(page.locator(".toast")).to_contain_text("1 letter is gone.")
    expect(letters).to_have_count(before - 1)


def test_all_of_a_reason_are_tried_again_and_the_page_follows(open_page, site):
    page = open_page(role="agent")
    refused_answer(page, site)
    page.goto(f"{site.acme}/dead-letters/?kind=outbound")

    page.get_by_role("button", name="Try all again").first.click()

    page.wait_for_url(re.compile(r"/dead-letters/orders/\d+/"))
    expect(page.locator("#order .badge--good")).to_have_text("Done", timeout=30_000)


def test_it_works_without_javascript_on_a_phone(open_page, site):
    page = open_page(role="admin")
    refused_answer(page, site)
    plain = open_page(role="admin", scripts=False, width=390, height=844)
    plain.goto(f"{site.acme}/dead-letters/?kind=outbound")

    beyond = plain.evaluate("document.documentElement.scrollWidth - innerWidth")
    plain.locator(".letter").first.get_by_role("button", name="Try again").click()

    assert beyond <= 0
    expect(plain.locator(".toast")).to_contain_text("1 letter is tried again.")


def test_nobody_left_alone_is_said_as_well(open_page, site):
    page = open_page(role="viewer")
    page.goto(f"{site.acme}/incidents/")

    expect(page.get_by_text("Nobody is left alone")).to_be_visible()

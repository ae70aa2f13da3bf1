"""The web chat on a website of another origin, under a strict policy, in a real browser."""

import re
import time
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.test_pictures import FOLDER

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000080000000808020000004b6d29dc00000011494441"
    "5478da63e08f09c08a188696040034962ec171a1cd420000000049454e44ae426082"
)
PRICE = "How much is the city bike Acme Breeze?"


@pytest.fixture
def shop(site):
    return f"http://127.0.0.1:{site.simulator}/site/"


def enter_chat(page, shop, query=""):
    page.goto(f"{shop}{query}")
    page.locator(".launcher").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page.get_by_role("dialog")


def say(chat, text):
    chat.locator("textarea").fill(text)
    chat.locator("button.go").click()


def picture(page, name):
    if FOLDER:
        page.wait_for_timeout(500)
        page.screenshot(path=str(Path(FOLDER) / f"chat-{name}.png"))


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def open_in_inbox(agent, site, text):
    """The conversation in which this was said."""
    for _ in range(40):
        agent.goto(f"{site.acme}/inbox/")
        row = agent.locator(".row", has_text=text)
        if row.count():
            row.first.click()
            agent.locator("#conversation[data-open]").wait_for()
            return
        time.sleep(0.25)
    pytest.fail(f"{text!r} did not reach the inbox")


def test_a_visitor_asks_and_the_answer_streams_in(open_page, shop):
    page = open_page()
    chat = enter_chat(page, shop)
    expect(chat).to_contain_text("Hello! Ask us anything")
    expect(chat.locator("textarea")).to_be_focused()
    page.evaluate(
        """() => {
          window.seen = [];
          const { shadowRoot } = document.querySelector("leadwire-chat");
          const thread = shadowRoot.querySelector(".thread");
          new MutationObserver((all) => all.forEach((each) => each.addedNodes.forEach((node) => {
            if (node.classList?.contains("piece")) window.seen.push(node.textContent);
            if (node.querySelector?.(".dots")) window.seen.push("…");
          }))).observe(thread, { childList: true, subtree: true });
        }"""
    )
    say(chat, PRICE)
    expect(chat.locator(".row.mine")).to_contain_text(PRICE)
    answer = chat.locator(".row:not(.mine)", has_text="AI assistant").first
    expect(answer).to_contain_text("690", timeout=30_000)
    first, *pieces = page.evaluate("window.seen")
    assert first == "…"
    assert len(pieces) == 2, "one a sentence"
    expect(page.locator("leadwire-chat .sr[aria-live]")).to_contain_text("AI assistant:")
    picture(page, "answer")

    page.reload()
    expect(page.locator(".launcher")).to_be_visible()
    page.locator(".launcher").click()
    chat = page.get_by_role("dialog")
    expect(chat.locator(".row.mine")).to_contain_text(PRICE)
    expect(chat).to_contain_text("690")
    globals_ = page.evaluate("Object.keys(window).filter((name) => /lead/i.test(name))")
    assert globals_ == ["leadwire"]


def test_opened_while_it_begins_to_listen_it_still_listens_once(open_page, shop):
    page = open_page()
    say(enter_chat(page, shop), unique("I come back"))
    expect(page.locator(".row.mine .foot")).to_be_hidden(timeout=10_000)

    def later(route):
        time.sleep(0.3)
        route.continue_()

    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.route("**/session", later)
    page.reload()
    with page.expect_response(re.compile("/stream")) as heard:
        page.locator(".launcher").click()
    assert heard.value.status == 200
    page.unroute_all(behavior="wait")
    assert len([url for url in asked if "/stream?" in url]) == 1


def test_a_person_takes_over_is_seen_writing_and_gets_their_ticks(open_page, site, shop):
    visitor = open_page()
    chat = enter_chat(visitor, shop)
    words = unique("I want to speak with a person")
    say(chat, words)
    agent = open_page(role="agent")
    open_in_inbox(agent, site, words)

    field = agent.get_by_label("Message", exact=True)
    field.click()
    field.press_sequentially("Hello, this is Omar.")
    expect(chat.locator(".dots")).to_be_visible(timeout=10_000)
    agent.get_by_role("button", name="Send").click()

    expect(chat).to_contain_text("Hello, this is Omar.", timeout=15_000)
    tick = agent.locator(".msg--human .tick")
    expect(tick).to_contain_text("Read", timeout=20_000)
    visitor.get_by_role("dialog").get_by_role("button", name="Close chat").click()
    expect(visitor.locator(".launcher")).to_be_focused()

    agent.get_by_label("Message", exact=True).fill("Are you there?")
    agent.get_by_role("button", name="Send").click()
    expect(visitor.locator(".count")).to_have_text("1", timeout=15_000)
    expect(agent.locator(".msg--human .tick").last).to_contain_text("Delivered", timeout=20_000)
    picture(visitor, "unread")


def test_a_signed_in_visitor_finds_their_thread_in_another_browser(open_page, site, shop):
    user, words = unique("user"), unique("my order")
    query = f"?user={user}&name=Ada+Byron&email=ada@example.com"
    first = open_page()
    chat = enter_chat(first, shop)  # as a stranger
    say(chat, words)
    expect(chat.locator(".row.mine .foot")).to_be_hidden(timeout=10_000)
    chat = enter_chat(first, shop, query)
    expect(chat.locator(".row.mine")).to_contain_text(words, timeout=20_000)

    second = open_page()
    chat = enter_chat(second, shop, query)
    expect(chat.locator(".row.mine")).to_contain_text(words, timeout=10_000)

    another = open_page()
    chat = enter_chat(another, shop, f"?user={unique('user')}&name=Eve")
    another.wait_for_timeout(1_000)
    expect(chat.locator(".row.mine")).to_have_count(0)

    second.evaluate("leadwire('identify', null)")
    expect(second.locator(".row.mine")).to_have_count(0)
    # Gone from the first browser too, where the stranger's words were.
    first.wait_for_timeout(9_000)
    chat = enter_chat(first, shop)
    first.wait_for_timeout(1_000)
    expect(chat.locator(".row.mine")).to_have_count(0)


def test_hostile_words_stay_words(open_page, site, shop):
    page = open_page()
    evil = "<img src=x onerror=\"document.title='owned'\">"
    chat = enter_chat(page, shop, f"?user={unique('u')}&name=%3Cscript%3Ealert(1)%3C/script%3E")
    words = f"{evil} {unique('x')} https://evil.example/?a=<b> javascript:alert(1)"
    say(chat, words)
    expect(chat.locator(".row.mine .bubble")).to_have_text(words)
    assert chat.locator(".bubble a").get_attribute("href") == "https://evil.example/?a="
    assert chat.locator(".bubble img").count() == 0

    agent = open_page(role="agent")
    open_in_inbox(agent, site, "<script>alert(1)</script>")
    agent.get_by_label("Message", exact=True).fill(evil)
    agent.get_by_role("button", name="Send").click()
    expect(chat).to_contain_text(evil, timeout=15_000)
    assert page.title() == agent.evaluate("'Acme Bikes'")
    assert "owned" not in agent.title()


@pytest.mark.parametrize("width", [390, 1280])
def test_in_arabic_from_right_to_left(open_page, shop, width):
    page = open_page(width=width, height=800)
    chat = enter_chat(page, shop, "?lang=ar")
    expect(chat).to_contain_text("مرحبًا")
    expect(chat.locator("textarea")).to_have_attribute("placeholder", "اكتب رسالة…")
    box = page.get_by_role("dialog").bounding_box()
    if width < 480:
        assert (box["x"], box["width"]) == (0, width)
    else:
        assert box["x"] < 100  # the corner is on the left now
    say(chat, "كم سعر الدراجة؟")
    expect(chat.locator(".row.mine .bubble")).to_contain_text("كم سعر")
    picture(page, f"arabic-{width}")


def test_on_a_phone_it_fills_the_screen_and_keeps_the_focus(open_page, shop):
    page = open_page(width=390, height=760, scheme="dark")
    chat = enter_chat(page, shop)
    box = chat.bounding_box()
    assert (box["width"], box["height"]) == (390, 760)
    expect(page.locator(".launcher")).to_be_hidden()
    for _ in range(6):
        page.keyboard.press("Tab")
        inside = "document.activeElement.tagName"
        assert page.evaluate(inside) == "LEADWIRE-CHAT"
    picture(page, "phone-dark")
    page.keyboard.press("Escape")
    expect(chat).to_be_hidden()
    expect(page.locator(".launcher")).to_be_focused()


def test_by_keyboard_alone(open_page, shop):
    page = open_page()
    page.goto(shop)
    page.locator(".launcher").wait_for()
    page.locator("#ask").focus()
    page.keyboard.press("Enter")  # the page's own button opens it
    chat = page.get_by_role("dialog")
    expect(chat.locator("textarea")).to_be_focused()
    words = unique("typed")
    page.keyboard.type(f"{words} one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    expect(chat.locator(".row.mine .bubble")).to_have_text(re.compile(f"{words} one\\s+two"))


def test_an_address_is_asked_for_once_and_only_a_good_one_is_taken(open_page, shop):
    page = open_page()
    chat = enter_chat(page, shop)
    say(chat, unique("hello"))
    ask = chat.locator("form.ask")
    expect(ask).to_be_visible(timeout=20_000)
    ask.get_by_role("textbox").fill("nonsense")
    ask.get_by_role("button").click()
    expect(ask.get_by_role("alert")).to_have_text("That is no e-mail address.")
    picture(page, "email")
    ask.get_by_role("textbox").fill("mia@rides.example")
    ask.get_by_role("button").click()
    expect(ask).to_have_text("Thank you.")


def test_without_the_stream_answers_come_all_the_same(open_page, site, shop):
    page = open_page(forgives="status of 503")
    page.route(re.compile(r"/stream\?"), lambda route: route.fulfill(status=503, body=""))
    chat = enter_chat(page, shop)
    say(chat, PRICE)
    expect(chat.locator(".row:not(.mine)", has_text="690")).to_be_visible(timeout=40_000)


def test_while_we_cannot_be_reached_words_wait_and_then_arrive(open_page, shop):
    page = open_page(forgives="ERR_INTERNET_DISCONNECTED")
    chat = enter_chat(page, shop)
    expect(chat.locator(".notice")).to_be_hidden()
    page.wait_for_timeout(500)
    page.context.set_offline(True)
    words = unique("offline")
    say(chat, words)
    expect(chat.locator(".row.mine .foot")).to_contain_text("Sending…")
    page.wait_for_timeout(1_500)
    page.context.set_offline(False)
    expect(chat.locator(".row.mine .foot")).to_be_hidden(timeout=20_000)
    page.reload()
    page.locator(".launcher").click()
    expect(page.get_by_role("dialog").locator(".row.mine")).to_contain_text(words)


def test_a_picture_is_shown_on_both_sides(open_page, site, shop):
    page = open_page()
    name = unique("Pia")
    chat = enter_chat(page, shop, f"?user={name}&name={name}")
    say(chat, "Look at this")
    picked = {"name": "bike.png", "mimeType": "image/png", "buffer": PNG}
    page.locator("leadwire-chat input[type=file]").set_input_files(picked)
    image = chat.locator(".row.mine img")
    expect(image).to_be_visible(timeout=15_000)
    page.wait_for_timeout(1_500)
    assert image.evaluate("(shown) => shown.naturalWidth") == 8
    agent = open_page(role="agent")
    open_in_inbox(agent, site, name)
    expect(agent.locator("#conversation img").first).to_be_visible(timeout=20_000)


def test_while_nobody_is_there_it_says_so_and_takes_the_message(open_page, site, shop):
    admin = open_page(role="admin")

    def set_up(ai_on, hours):
        admin.goto(f"{site.acme}/settings/")
        admin.locator("#id_ai_enabled").set_checked(ai_on)
        admin.get_by_role("button", name="Save").first.click()
        admin.goto(f"{site.acme}/channels/")
        admin.get_by_role("link", name="Website (demo)").click()
        expect(admin.locator("#script-tag")).to_be_visible()
        admin.locator("main").get_by_role("link", name="Settings", exact=True).click()
        admin.locator("#id_config-open_hours").fill(hours)
        admin.locator("#id_config-offline_text").fill("en: We are out riding.")
        admin.get_by_role("button", name="Save").click()
        expect(admin.get_by_text("Saved. Open pages show it")).to_be_visible()

    another_day = time.strftime("%a", time.localtime(time.time() + 3 * 86_400))
    try:
        set_up(False, f"{another_day} 09:00-10:00")
        time.sleep(6)  # what a process remembers of a channel
        page = open_page()
        chat = enter_chat(page, shop)
        expect(chat.get_by_role("status")).to_have_text("We are out riding.")
        words = unique("later then")
        say(chat, words)
        picture(page, "away")
        open_in_inbox(admin, site, words)
    finally:
        set_up(True, "")


def test_the_console_shows_the_tag_and_a_page_to_try_it(open_page, site):
    page = open_page(role="admin")
    page.goto(f"{site.acme}/channels/")
    page.get_by_role("link", name="Website (demo)").click()
    expect(page.locator("#script-tag")).to_have_value(re.compile(r"<script src=.*/chat/.*\.js"))
    picture(page, "console")
    page.get_by_role("link", name="Settings", exact=True).last.click()
    page.locator("#id_config-team").fill("Acme Bikes Valencia")
    picture(page, "settings")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Open pages show it")).to_be_visible()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Try it").click()
    trial = opened.value
    trial.locator(".launcher").click()
    chat = trial.get_by_role("dialog")
    say(chat, unique("from the console"))
    expect(chat.locator(".row.mine .foot")).to_be_hidden(timeout=10_000)
    picture(trial, "preview")

"""The inbox in two browsers at once: what one does the other sees, however long it was away."""

import re
import uuid
from typing import Any

from playwright.sync_api import expect

COUNT_EVENTS = "window.heard = []; window.leadwireLive((event) => window.heard.push(event.kind));"


def opened(page, site, name):
    page.goto(f"{site.acme}/inbox/")
    row = page.get_by_role("link", name=name)
    expect(row).to_be_visible(timeout=15_000)
    row.click()
    page.locator("#conversation[data-open]").wait_for()
    expect(page.locator(".live-state[data-state=live]")).to_be_visible()


def test_a_page_that_was_cut_off_for_a_hundred_events_catches_up_without_a_reload(open_page, site):
    name = f"Ida-{uuid.uuid4().hex[:6]}"
    site.write("I want to speak with a person", sender=str(uuid.uuid4().int % 10**9), name=name)
    agent, admin = open_page(role="agent"), open_page(role="admin", forgives="WebSocket")
    line: dict[str, Any] = {"cut": False, "sockets": []}

    def carry(socket):
        if line["cut"]:
            return socket.close()
        socket.connect_to_server()
        return line["sockets"].append(socket)

    admin.route_web_socket(re.compile("/ws/"), carry)
    opened(admin, site, name)
    opened(agent, site, name)
    expect(admin.locator("#colleagues")).to_contain_text("is here", timeout=15_000)
    admin.evaluate(f"window.stays = true; {COUNT_EVENTS}")

    line["cut"] = True
    for socket in line["sockets"]:
        socket.close()
    expect(admin.locator(".live-state")).to_have_attribute("data-state", "polling")
    agent.evaluate(
        """async () => {
          const composer = document.querySelector("[data-composer]");
          const token = composer.querySelector("[name=csrfmiddlewaretoken]").value;
          for (let n = 0; n < 100; n++)
            await fetch(composer.dataset.typing, {
              method: "POST",
              headers: { "X-CSRFToken": token },
              body: new URLSearchParams(n % 2 ? { over: "1" } : { mode: "note" }),
            });
        }"""
    )
    agent.locator(".composer label", has_text="Note for colleagues").click()
    agent.get_by_label("Message", exact=True).fill("She has the blue one.")
    agent.get_by_role("button", name="Send").click()
    expect(agent.locator(".msg--note")).to_contain_text("She has the blue one.")

    line["cut"] = False
    expect(admin.locator(".live-state")).to_have_attribute("data-state", "live", timeout=60_000)
    expect(admin.locator(".msg--note")).to_contain_text("She has the blue one.", timeout=15_000)
    assert admin.evaluate("window.stays")  # the very page that was cut off
    kinds = admin.evaluate("window.heard")
    assert kinds.count("typing") >= 100
    assert "new_message" in kinds


def test_write_keep_take_back_and_put_away(open_page, site):
    name = f"Udo-{uuid.uuid4().hex[:6]}"
    site.write("I want to speak with a person", sender=str(uuid.uuid4().int % 10**9), name=name)
    page = open_page(role="agent")
    opened(page, site, name)
    text = page.get_by_label("Message", exact=True)

    text.fill("Half a sen")
    expect(page.locator("#kept")).to_have_text("Draft kept")
    page.reload()
    assert text.input_value() == "Half a sen"

    text.fill("Too hasty, this.")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(text).to_have_value("Too hasty, this.")
    expect(page.locator(".msg--human")).to_have_count(0)

    page.locator("#thread").focus()
    page.keyboard.press("s")
    page.locator("#id_typed").fill("tomorrow 9am")
    page.keyboard.press("Enter")
    expect(page.locator(".talk__sub")).to_contain_text("snoozed until")

    page.keyboard.press("Control+k")
    page.keyboard.type("reop")
    page.keyboard.press("Enter")
    expect(page.locator(".talk__sub")).not_to_contain_text("snoozed until")

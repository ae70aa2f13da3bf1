"""One customer by WhatsApp and by SMS: suggested, compared, merged, parted; and a template sent."""

import uuid

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.test_pictures import DRESSES, FOLDER, fits, picture

BUSINESS = "20900"
ORDER = [
    {"type": "HEADER", "format": "TEXT", "text": "Good news"},
    {
        "type": "BODY",
        "text": "Hi {{1}}, your order {{2}} is ready. Come by until Friday.",
        "example": {"body_text": [["Ada", "A-12"]]},
    },
    {"type": "FOOTER", "text": "Acme Rides"},
]


# By the page itself: its host name is known to the browser alone.
CONNECT = """async (body) => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const answer = await fetch("/api/v1/connections/", {
    method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
  });
  return { status: answer.status, said: await answer.json() };
}"""

# Whether people whom two networks prove to be one become one without a word.
JOINS_PROVEN = """async (joins_proven) => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const answer = await fetch("/api/v1/profile/", {
    method: "PATCH", body: JSON.stringify({ joins_proven }),
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
  });
  return answer.status;
}"""


@pytest.fixture
def channels(open_page, site):
    """A WhatsApp number and an SMS number of the demo company's, both at the simulator."""
    page = open_page(role="admin")
    unique = str(uuid.uuid4().int % 10**8)
    accounts = {
        "whatsapp": {
            "account_id": f"7{unique}",
            "name": "WhatsApp line",
            "config": {
                "access_token": "t",
                "app_secret": "s3cret",
                "verify_token": "v",
                "business_account_id": f"{BUSINESS}{unique}",
            },
        },
        "twilio": {
            "account_id": f"+1555{unique}",
            "name": "Text line",
            "config": {"account_sid": "AC01", "auth_token": "s3cret"},
        },
    }
    page.goto(f"{site.acme}/inbox/")
    assert page.evaluate(JOINS_PROVEN, False) == 200
    for platform, wanted in accounts.items():
        made = page.evaluate(CONNECT, {"platform": platform, **wanted})
        assert made["status"] == 201, made
        _tell(
            site,
            "accounts",
            platform=platform,
            account_id=wanted["account_id"],
            webhook_url=made["said"]["webhook_url"],
            secret="s3cret",
        )
    yield page, {platform: wanted["account_id"] for platform, wanted in accounts.items()}
    page.goto(f"{site.acme}/inbox/")
    assert page.evaluate(JOINS_PROVEN, True) == 200


def _tell(site, what, **said):
    answer = httpx.post(f"http://127.0.0.1:{site.simulator}/_sim/{what}", json=said, timeout=30)
    assert answer.is_success, answer.text


def _writes(site, accounts, number, name):
    senders = {"whatsapp": number, "twilio": f"+{number}"}
    for platform, sender in senders.items():
        _tell(
            site,
            "inbound",
            platform=platform,
            account_id=accounts[platform],
            sender_id=sender,
            sender_name=name,
            text="Is my order ready?",
        )


def test_one_customer_over_two_networks(open_page, site, channels):
    page, accounts = channels
    number, name = f"34600{uuid.uuid4().int % 10**6:06d}", f"Ada {uuid.uuid4().hex[:6]}"
    _writes(site, accounts, number, name)
    page.goto(f"{site.acme}/inbox/")
    page.get_by_role("link", name=name).click(timeout=20_000)
    expect(page.locator(".countdown")).to_have_text("(23h 59m)", timeout=10_000)

    # A template, filled while its preview follows.
    business = BUSINESS + accounts["whatsapp"][1:]
    httpx.post(
        f"http://127.0.0.1:{site.simulator}/meta/v25.0/{business}/message_templates",
        headers={"Authorization": "Bearer t"},
        json={"name": "order_ready", "language": "en", "components": ORDER},
        timeout=30,
    ).raise_for_status()
    page.locator(".templates > summary").click()
    page.get_by_role("button", name="Fetch the templates").click()
    page.select_option("#id_template", label="order_ready · en · Utility")
    page.fill("#id_body-1", "Ada")
    page.fill("#id_body-2", "A-77")
    expect(page.locator("#preview")).to_contain_text("Hi Ada, your order A-77 is ready.")
    fits(page, "template")
    picture(page, "light-template", whole=False)
    conversation = page.url
    page.get_by_role("button", name="Send the template").click()
    expect(page.locator("#thread")).to_contain_text("Hi Ada, your order A-77 is ready.")
    expect(page.locator(".control--human")).to_be_visible()

    # The beat compares once a minute.
    page.goto(f"{site.acme}/contacts/?q=%2B{number}")
    expect(page.get_by_role("link", name=name)).to_have_count(1)
    page.get_by_role("link", name=name).click()
    for _ in range(45):
        if page.get_by_text("Probably one person").count():
            break
        page.wait_for_timeout(2_000)
        page.reload()
    own = page.url
    dresses = DRESSES if FOLDER else {"phone-arabic": DRESSES["phone-arabic"]}
    for dress, worn in dresses.items():
        other = open_page(role="agent", **worn)
        for what, address in {
            "contacts": f"{site.acme}/contacts/",
            "contact": own,
            "conversation-suggested": conversation,
        }.items():
            other.goto(address)
            fits(other, what)
            picture(other, f"{dress}-{what}", whole="conversation" not in what)

    page.get_by_role("link", name="Compare and merge").first.click()
    expect(page.get_by_text("Becomes part of it")).to_be_visible()
    expect(page.locator(".evidence")).to_contain_text(f"+{number}")
    fits(page, "compare")
    picture(page, "light-compare")
    page.get_by_role("button", name="Merge them").click()
    expect(page.get_by_text("They are one contact now.")).to_be_visible()
    expect(page.get_by_role("link", name="Text line")).to_be_visible()
    expect(page.get_by_role("link", name="WhatsApp line")).to_be_visible()
    picture(page, "light-merged")

    page.get_by_role("link", name="Undo").click()
    picture(page, "light-part")
    page.get_by_role("button", name="Make them two again").click()
    expect(page.get_by_text("They are two contacts again.")).to_be_visible()


def test_a_template_goes_out_without_scripts(open_page, site, channels):
    _page, accounts = channels
    number, name = f"34600{uuid.uuid4().int % 10**6:06d}", f"Eva {uuid.uuid4().hex[:6]}"
    _writes(site, accounts, number, name)
    business = BUSINESS + accounts["whatsapp"][1:]
    httpx.post(
        f"http://127.0.0.1:{site.simulator}/meta/v25.0/{business}/message_templates",
        headers={"Authorization": "Bearer t"},
        json={"name": "order_ready", "language": "en", "components": ORDER},
        timeout=30,
    ).raise_for_status()
    page = open_page(role="agent", scripts=False)
    for _ in range(20):
        page.goto(f"{site.acme}/inbox/")
        if page.get_by_role("link", name=name).count():
            break
        page.wait_for_timeout(500)
    page.locator(".row", has_text=name).filter(
        has=page.locator("[title*='WhatsApp line']")
    ).first.click()
    page.locator(".templates > summary").click()
    page.get_by_role("button", name="Fetch the templates").click()
    page.select_option("#id_template", label="order_ready · en · Utility")
    page.get_by_role("button", name="Choose").click()
    page.fill("#id_body-1", "Eva")
    page.fill("#id_body-2", "B-5")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Hi Eva, your order B-5 is ready.")
    page.get_by_role("button", name="Send the template").click()
    expect(page.locator("#thread")).to_contain_text("Hi Eva, your order B-5 is ready.")

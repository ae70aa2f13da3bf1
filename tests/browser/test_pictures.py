"""Every page in every dress: nothing sticks out sideways, nothing is complained about.

With ``SCREENSHOTS=<folder>`` every page is pictured there in every dress, for people to look at.
"""

import os
from pathlib import Path
from typing import Any

import pytest

PUBLIC = {"landing": "/", "sign-up": "/sign-up/", "find": "/find/"}
PAGES = {
    "dashboard": "/",
    "inbox": "/inbox/",
    "incidents": "/incidents/",
    "dead-letters": "/dead-letters/",
    "leads": "/leads/",
    "knowledge": "/knowledge/",
    "document": "/knowledge/1/",
    "runs": "/runs/",
    "ask": "/ask/",
    "versions": "/versions/",
    "playground": "/playground/",
    "channels": "/channels/",
    "channel": "/channels/1/",
    "connect": "/channels/add/whatsapp/",
    "crm": "/crm/",
    "crm-connect": "/crm/add/hubspot/",
    "team": "/team/",
    "keys": "/keys/",
    "audit": "/audit/",
    "settings": "/settings/",
    "records": "/records/",
    "components": "/components/",
    "notices": "/notices/",
    "notices-settings": "/notices/settings/",
    "hours": "/service/",
    "sandboxes": "/channels/sandboxes/",
    "go-live": "/go-live/",
    "samples": "/samples/",
    "model-list": "/leads/lead/",
    "password": "/accounts/password/change/",
    "two-factors": "/accounts/2fa/",
}
DRESSES: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"scheme": "dark"},
    "arabic": {"language": "ar"},
    "spanish": {"language": "es"},
    "phone": {"width": 390, "height": 844},
    "phone-arabic": {"width": 390, "height": 844, "language": "ar"},
    "wide": {"width": 1600, "height": 1000},
}
FOLDER = os.environ.get("SCREENSHOTS", "")
# Without pictures to take, the narrowest and the widest are enough.
WORN = list(DRESSES) if FOLDER else ["phone-arabic", "wide"]


@pytest.mark.parametrize("dress", WORN)
def test_every_page_fits_its_window(open_page, site, dress):
    page = open_page(**DRESSES[dress])
    for name, path in PUBLIC.items():
        visit(page, f"{site.public}{path}", f"{dress}-{name}")
    page.goto(f"{site.acme}/accounts/login/")
    picture(page, f"{dress}-sign-in")
    page = open_page(role="admin", **DRESSES[dress])
    for name, path in PAGES.items():
        visit(page, f"{site.acme}{path}", f"{dress}-{name}")
    site.write("How much is the Acme Volt?", sender="7700", name="Mia Costa")
    page.goto(f"{site.acme}/inbox/")
    page.locator(".row").first.click(timeout=20_000)
    page.locator("#conversation[data-open]").wait_for()
    fits(page, "conversation")
    picture(page, f"{dress}-conversation", whole=False)


def visit(page, url, name):
    answer = page.goto(url)
    assert answer.status == 200, name
    fits(page, name)
    picture(page, name, whole="inbox" not in name)


def fits(page, name):
    beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert beyond <= 0, f"{name} sticks out by {beyond} px"


def picture(page, name, whole=True):
    if FOLDER:
        page.wait_for_timeout(200)
        page.screenshot(path=str(Path(FOLDER) / f"{name}.png"), full_page=whole)

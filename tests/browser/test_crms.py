"""Connecting a CRM as people do: its own consent page, the way back, and a consent taken back.

With ``SCREENSHOTS=<folder>`` each stop is pictured there, for people to look at.
"""

from playwright.sync_api import expect

from tests.browser.test_channels import DRESSES, FOLDER, picture, told


def test_a_crm_is_signed_in_to_and_again_after_it_was_taken_back(open_page, site):
    page = open_page(role="admin")
    page.goto(f"{site.acme}/crm/add/pipedrive/")
    picture(page, "crm-connect")
    page.get_by_role("button", name="Sign in with Pipedrive").click()
    expect(page.get_by_text("Leadwire would like to use your account")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="You did not give your consent")).to_be_visible()
    picture(page, "crm-denied")
    page.get_by_role("button", name="Sign in again").click()
    page.get_by_role("button", name="Continue as Demo").click()

    expect(page.get_by_text("Connected. Your leads are on their way.")).to_be_visible()
    access = page.get_by_role("region", name="Our access")
    expect(access.get_by_text("Somebody signed in for account 7700")).to_be_visible()
    picture(page, "crm-connected")

    told(site, "grants", vendor="pipedrive", over=True)
    page.reload()  # the names of its fields are asked for
    banner = page.get_by_text("Acme Bikes has to be connected again")
    for _look in range(20):
        page.reload()
        if banner.count():
            break
        page.wait_for_timeout(250)
    expect(banner).to_be_visible()
    for dress in DRESSES if FOLDER else ["phone-arabic"]:
        dressed = open_page(role="admin", **DRESSES[dress])
        dressed.goto(page.url)
        picture(dressed, f"crm-taken-back-{dress}")
        dressed.goto(f"{site.acme}/crm/add/salesforce/")
        picture(dressed, f"crm-connect-{dress}")
    page.get_by_role("button", name="Sign in again with Pipedrive").click()
    page.get_by_role("button", name="Continue as Demo").click()
    expect(page.get_by_text("Connected. Your leads are on their way.")).to_be_visible()
    expect(page.get_by_text("has to be connected again")).to_have_count(0)

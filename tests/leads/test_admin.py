import pytest

from tests.factories import make_lead


@pytest.fixture
def admin(client, people):
    client.force_login(people["admin"])
    return client


def test_the_pages_open(admin):
    lead = make_lead()
    assert admin.get("/leads/lead/").status_code == 200
    assert admin.get(f"/leads/lead/{lead.pk}/change/").status_code == 200
    assert admin.get("/leads/leadchange/").status_code == 200


def test_take_makes_selected_leads_mine(admin, people):
    lead = make_lead()
    admin.post("/leads/lead/", {"action": "take", "_selected_action": [lead.pk]})
    lead.refresh_from_db()
    assert lead.owner == people["admin"]


def test_a_change_on_the_page_goes_through_the_services(admin, people):
    lead = make_lead()
    admin.post(
        f"/leads/lead/{lead.pk}/change/",
        {
            "stage": "won",
            "owner": people["agent"].pk,
            "contributions-TOTAL_FORMS": 0,
            "contributions-INITIAL_FORMS": 0,
        },
    )
    lead.refresh_from_db()
    assert (lead.stage, lead.owner) == ("won", people["agent"])
    assert {change.actor for change in lead.changes.all()} == {people["admin"].actor}

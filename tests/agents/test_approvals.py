"""Where people decide on what programs would do: the page, and the API."""

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import ToolApproval
from agents.services.approvals import ask_for_approval
from channels_app.models import Conversation
from leads.models import Lead
from tenants.services import create_api_key
from tests.factories import make_conversation, make_message

FACTS = {"facts": [{"name": "budget", "value": "900 EUR", "quote": "900 EUR"}]}
LIST = "/api/v1/tool-approvals/"


@pytest.fixture
def waiting(north):
    key, _full = create_api_key(name="n8n", role="admin")
    conversation = make_conversation()
    make_message(conversation=conversation, text="My budget is 900 EUR")
    return ask_for_approval(
        tool="update_lead",
        arguments=FACTS,
        conversation=conversation,
        asked_by=f"key:{key.prefix}",
    )


def test_a_person_reads_what_it_is_and_says_yes(sign_in, waiting):
    browser = sign_in("agent")
    page = browser.get(reverse("agents:approvals")).content.decode()
    assert "Update the lead" in page
    assert "900 EUR" in page

    answer = browser.post(reverse("agents:approve_tool", args=[waiting.pk]), follow=True)

    assert answer.status_code == 200
    waiting.refresh_from_db()
    assert (waiting.state, Lead.objects.get().facts) == ("done", {"budget": "900 EUR"})
    again = browser.post(reverse("agents:approve_tool", args=[waiting.pk]), follow=True)
    assert "decided already" in again.content.decode()


def test_or_no(sign_in, waiting):
    sign_in("agent").post(reverse("agents:reject_tool", args=[waiting.pk]))

    assert ToolApproval.objects.get().state == "rejected"
    assert not Lead.objects.exists()


def test_a_viewer_sees_it_and_decides_nothing(sign_in, waiting):
    browser = sign_in("viewer")

    assert "Do it" not in browser.get(reverse("agents:approvals")).content.decode()
    assert browser.post(reverse("agents:approve_tool", args=[waiting.pk])).status_code == 403
    assert ToolApproval.objects.get().state == "waiting"


def test_what_could_not_be_done_says_so(sign_in, waiting):
    Conversation.objects.all().delete()

    page = sign_in("admin").post(reverse("agents:approve_tool", args=[waiting.pk]), follow=True)

    assert "could not be done" in page.content.decode()
    assert ToolApproval.objects.get().state == "failed"


def test_over_the_api_people_decide_and_programs_only_look(program, people, waiting):
    shown = program("admin").get(LIST).json()["results"][0]
    assert (shown["state"], shown["arguments"]) == ("waiting", FACTS)
    refused = program("admin").post(f"{LIST}{waiting.pk}/approve/")
    assert (refused.status_code, refused.json()["code"]) == (403, "person_needed")

    browser = Client(headers={"Host": "north.localhost"})
    browser.force_login(people["agent"])
    done = browser.post(f"{LIST}{waiting.pk}/approve/")
    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert done.json()["decided_by"] == people["agent"].actor
    late = browser.post(f"{LIST}{waiting.pk}/reject/")
    assert (late.status_code, late.json()["code"]) == (409, "decided")

"""Incidents on the page and over the API: who sees them, and what each button does."""

from datetime import timedelta

from django.utils import timezone

from channels_app.models import Incident, Message
from channels_app.services import watch_silence
from tenants import context
from tests.factories import make_connection, make_contact, make_conversation, make_message

URL = "/api/v1/incidents/"


def silence(kind="unanswered", **kwargs):
    at = timezone.now() - timedelta(minutes=20)
    talk = make_conversation(
        contact=make_contact(name="Mia Costa"), waiting_since=at, last_inbound_at=at
    )
    make_message(conversation=talk, provider_time=at)
    return Incident.objects.create(
        **{
            "kind": kind,
            "connection": talk.connection,
            "conversation": talk,
            "cause": "run_stuck",
            "since": at,
            **kwargs,
        }
    )


def test_the_page_says_who_since_when_and_why(sign_in):
    incident = silence()

    html = sign_in("viewer").get("/incidents/").content.decode()

    assert "Mia Costa" in html
    assert "The AI began and never finished." in html
    assert f"/inbox/{incident.conversation_id}/" in html
    assert 'action="/incidents/' not in html  # a viewer only looks


def test_what_is_over_has_a_list_of_its_own(sign_in):
    silence(resolved_at=timezone.now(), resolution="answered")
    agent = sign_in("agent")

    assert "Nobody is left alone" in agent.get("/incidents/").content.decode()
    past = agent.get("/incidents/?show=past").content.decode()
    assert "Mia Costa" in past
    assert "Answered" in past


def test_pages_of_many_are_walked(sign_in):
    connection = make_connection()
    for _ in range(60):
        silence(connection=connection)
    agent = sign_in("agent")

    first = agent.get("/incidents/").content.decode()
    oldest = min(Incident.objects.order_by("-pk").values_list("pk", flat=True)[:50])
    second = agent.get(f"/incidents/?after={oldest}").content.decode()

    assert first.count("letter__reason") == 50
    assert f"after={oldest}" in first
    assert second.count("letter__reason") == 10
    assert agent.get("/incidents/?after=x").status_code == 200


def test_every_page_and_the_menu_warn_of_it(sign_in):
    agent = sign_in("agent")
    assert b"left alone" not in agent.get("/leads/").content
    silence()

    html = agent.get("/leads/").content.decode()

    assert "A customer is left alone: nobody answered in time." in html
    assert 'data-badge="incidents"' in html


def test_somebody_is_at_it(sign_in, people):
    incident = silence()

    sign_in("agent").post(f"/incidents/{incident.pk}/seen/")

    incident.refresh_from_db()
    assert incident.acknowledged_by == people["agent"]
    assert b"is at it" in sign_in("viewer").get("/incidents/").content


def test_closing_needs_a_reason(sign_in):
    incident = silence()
    agent = sign_in("agent")

    agent.post(f"/incidents/{incident.pk}/close/", {"reason": "  "})
    incident.refresh_from_db()
    assert incident.is_open
    agent.post(f"/incidents/{incident.pk}/close/", {"reason": "wrong number"})

    incident.refresh_from_db()
    incident.conversation.refresh_from_db()
    assert incident.resolution == "closed"
    assert incident.conversation.closing_reason == "wrong number"


def test_a_retry_that_is_no_use_says_why(sign_in):
    incident = silence(kind="waiting")

    answer = sign_in("agent").post(f"/incidents/{incident.pk}/again/", follow=True)

    assert b"It waits for a person: open it and answer." in answer.content


def test_the_api_lists_acknowledges_retries_and_closes(program):
    incident, other = silence(), silence(kind="waiting")
    agent = program("agent")

    listed = agent.get(URL, {"kind": "unanswered", "resolved_at__isnull": True}).json()["results"]
    assert [row["id"] for row in listed] == [incident.pk]
    assert listed[0]["cause_text"] == "The AI began and never finished."
    assert agent.post(f"{URL}{incident.pk}/acknowledge/").json()["acknowledged_at"]
    assert agent.post(f"{URL}{incident.pk}/retry/").status_code == 200
    refused = agent.post(f"{URL}{other.pk}/retry/")
    assert (refused.status_code, refused.json()["code"]) == (409, "a_person_is_waited_for")
    closed = agent.post(f"{URL}{other.pk}/close/", {"reason": "spam"}, "application/json")
    assert closed.json()["resolution"] == "closed"
    assert agent.post(f"{URL}{incident.pk}/close/", {}, "application/json").status_code == 400


def test_a_viewers_key_looks_only(program):
    incident = silence()
    viewer = program("viewer")

    assert len(viewer.get(URL).json()["results"]) == 1
    for deed in ("acknowledge", "retry", "close"):
        answer = viewer.post(f"{URL}{incident.pk}/{deed}/", {"reason": "x"}, "application/json")
        assert answer.status_code == 403
    incident.refresh_from_db()
    assert incident.is_open


def test_the_other_companys_incidents_are_not_found(program, south):
    with context.inside(south):
        incident = silence()
    agent = program("agent")

    assert agent.get(URL).json()["results"] == []
    assert agent.get(f"{URL}{incident.pk}/").status_code == 404
    assert agent.post(f"{URL}{incident.pk}/acknowledge/").status_code == 404


def test_an_answer_from_the_page_ends_it(sign_in):
    incident = silence()

    sign_in("agent").post(
        f"/inbox/{incident.conversation_id}/reply/", {"text": "Here I am", "kind": "reply"}
    )
    assert Message.objects.filter(direction="out").exists()
    watch_silence()

    incident.refresh_from_db()
    assert not incident.is_open

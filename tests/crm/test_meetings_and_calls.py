"""What calendars and telephony tell, on the timeline of whoever it was with."""

from datetime import UTC, datetime

import pytest

from channels_app.services import merge, undo
from crm.models import TimelineEntry
from crm.services import (
    change_hook,
    match_timeline,
    sweep,
)
from tenants import context
from tests.crm.said import REPORT, booked, canceled, told
from tests.factories import make_contact, make_hook, make_lead


class TestCalendly:
    def test_an_appointment_is_one_entry_whatever_becomes_of_it(self, tell, sign_in):
        lead = make_lead(contact=make_contact(email="Ada@example.com"))
        hook = make_hook()
        assert tell(hook, booked()) == ("handled", "meeting")
        entry = TimelineEntry.objects.get()
        assert (entry.lead, entry.status, entry.title) == (lead, "booked", "Half an hour")
        assert entry.happens_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
        tell(hook, canceled())
        entry.refresh_from_db()
        assert (TimelineEntry.objects.count(), entry.status) == (1, "canceled")
        assert entry.details["reason"] == "I am ill"
        assert entry.happens_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
        page = sign_in("viewer").get(f"/leads/{lead.pk}/").content.decode()
        assert all(text in page for text in ("Half an hour", "I am ill", "Two rooms", "canceled"))

    def test_the_cancellation_may_come_first(self, tell, north):
        hook = make_hook()
        tell(hook, canceled())
        tell(hook, booked())
        assert TimelineEntry.objects.get().status == "canceled"

    def test_nobody_yet_is_found_once_they_are_known(self, tell, north, south):
        hook = make_hook()
        assert tell(hook, booked()) == ("handled", "nobody")
        assert "No lead" in hook.events.get().reason
        with context.inside(south):  # whoever the other company knows is not ours
            make_lead(contact=make_contact(email="ada@example.com"))
        assert match_timeline() == 0
        lead = make_lead(contact=make_contact(email="ada@example.com"))
        assert sweep()["matched"] == 1
        assert TimelineEntry.objects.get().lead == lead

    def test_it_follows_a_merge_and_goes_back(self, tell, north):
        survivor = make_contact(name="Ada")
        absorbed = make_contact(email="ada@example.com")
        stays, moves = make_lead(contact=survivor), make_lead(contact=absorbed)
        tell(make_hook(), booked())
        done = merge(survivor=survivor, absorbed=absorbed, actor="user:1")
        assert TimelineEntry.objects.get().lead == stays
        undo(merge=done, actor="user:1")
        assert TimelineEntry.objects.get().lead == moves


class TestVapi:
    @pytest.fixture
    def vapi(self, north):
        return make_hook(kind="vapi")

    def test_a_call_is_one_entry_that_grows(self, tell, vapi, sign_in):
        lead = make_lead(contact=make_contact(phone="+34600000000"))
        assert tell(vapi, told("status-update", status="ringing")) == ("handled", "call")
        assert TimelineEntry.objects.get().status == "ringing"
        tell(vapi, REPORT)
        tell(vapi, told("status-update", status="in-progress"))  # late
        entry = TimelineEntry.objects.get()
        assert (entry.lead, entry.status) == (lead, "ended")
        assert entry.text == "Ada wants two rooms in May."
        assert entry.details["seconds"] == 150
        assert entry.details["recording_url"] == "https://storage.vapi.example/c1.wav"
        page = sign_in("viewer").get(f"/leads/{lead.pk}/").content.decode()
        assert "Ada wants two rooms in May." in page
        assert "2 min" in page

    @pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", 7, {}])
    def test_a_recording_lies_on_the_web_or_nowhere(self, tell, vapi, address):
        tell(vapi, told("end-of-call-report", artifact={"recordingUrl": address}))
        assert "recording_url" not in TimelineEntry.objects.get().details

    def test_what_is_asked_is_answered_honestly(self, knock, vapi):
        calls = [{"id": "t1", "name": "book"}, {"id": "t2", "function": {"name": "mail"}}, None]
        answer = knock(vapi, told("tool-calls", toolCallList=calls)).json()
        assert [(each["toolCallId"], each["name"]) for each in answer["results"]] == [
            ("t1", "book"),
            ("t2", "mail"),
        ]
        assert all(each["error"] and "result" not in each for each in answer["results"])
        assert "error" in knock(vapi, told("assistant-request")).json()
        assert "error" in knock(vapi, told("transfer-destination-request")).json()
        assert knock(vapi, told("knowledge-base-request")).json() == {"documents": []}
        # Asked again it is answered again, and kept once.
        assert "error" in knock(vapi, told("assistant-request")).json()
        assert vapi.events.filter(kind="assistant-request").count() == 1

    def test_an_assistant_of_the_company_takes_the_call(self, knock, vapi):
        change_hook(hook=vapi, config={"assistant_id": "asst-1", "sorry": "We are out."})
        assert knock(vapi, told("assistant-request")).json() == {"assistantId": "asst-1"}
        change_hook(hook=vapi, config={"assistant_id": "", "sorry": "We are out."})
        assert knock(vapi, told("assistant-request")).json() == {"error": "We are out."}

    def test_a_bearer_or_the_old_secret_will_do(self, knock, vapi):
        for headers in ({"Authorization": "Bearer s3cret"}, {"X-Vapi-Secret": "s3cret"}):
            assert knock(vapi, told("hang"), headers=headers).status_code == 200
        assert knock(vapi, told("hang"), headers={"X-Vapi-Secret": "S3cret"}).status_code == 403

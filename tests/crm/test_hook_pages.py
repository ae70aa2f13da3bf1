"""Incoming webhooks in the console and over the API."""

import pytest

from crm.models import IncomingHook
from tests.crm.said import REPORT, booked
from tests.factories import make_contact, make_hook, make_lead


class TestPagesAndApi:
    def test_an_admin_opens_one_and_sees_what_came(self, sign_in, tell):
        admin = sign_in("admin")
        form = admin.get("/crm/incominghook/add/?kind=calendly")
        assert "POST /webhook_subscriptions" in form.content.decode()
        made = admin.post(
            "/crm/incominghook/add/?kind=calendly",
            {"name": "Bookings", "is_active": "on", "config__secret": ""},
            follow=True,
        )
        hook = IncomingHook.objects.get()
        page = made.content.decode()
        assert hook.config["secret"] in page
        assert hook.address in page
        tell(hook, booked(), secret=hook.config["secret"])
        page = admin.get(f"/crm/incominghook/{hook.pk}/change/").content.decode()
        assert hook.config["secret"] not in page
        assert hook.address in page
        assert "nobody" in page
        event = hook.events.get()
        assert "ada@example.com" in admin.get(f"/crm/hookevent/{event.pk}/change/").content.decode()
        assert hook.address in admin.get("/crm/").content.decode()

    def test_changing_it_keeps_a_secret_left_empty(self, sign_in, north):
        hook = make_hook(kind="vapi")
        changed = {"name": "Calls", "is_active": "on", "config__assistant_id": "a1"}
        changed |= {"events-TOTAL_FORMS": "0", "events-INITIAL_FORMS": "0"}
        answer = sign_in("admin").post(f"/crm/incominghook/{hook.pk}/change/", changed)
        assert answer.status_code == 302
        hook.refresh_from_db()
        assert (hook.name, hook.config["secret"], hook.config["assistant_id"]) == (
            "Calls",
            "s3cret",
            "a1",
        )

    def test_a_viewer_sees_no_bodies_and_no_addresses(self, sign_in, tell):
        hook = make_hook()
        tell(hook, booked())
        viewer = sign_in("viewer")
        event = hook.events.get()
        assert viewer.get(f"/crm/incominghook/{hook.pk}/change/").status_code == 403
        assert "ada@" not in viewer.get(f"/crm/hookevent/{event.pk}/change/").content.decode()

    def test_over_the_api(self, program, tell):
        admin = program("admin")
        body = {"kind": "vapi", "name": "Calls", "config": {"assistant_id": "a1"}}
        made = admin.post("/api/v1/incoming-hooks/", body, "application/json")
        assert made.status_code == 201
        found = made.json()
        assert found["address"].endswith("/")
        assert len(found["secret"]) > 30
        assert "secret" not in admin.get(f"/api/v1/incoming-hooks/{found['id']}/").json()
        hook = IncomingHook.objects.get()
        lead = make_lead(contact=make_contact(phone="+34600000000"))
        tell(hook, REPORT, secret=found["secret"])
        (event,) = admin.get("/api/v1/hook-events/?state=handled").json()["results"]
        assert event["outcome"] == "call"
        assert "body" not in event
        again = admin.post(f"/api/v1/hook-events/{event['id']}/replay/").json()
        assert again["state"] == "received"
        (entry,) = admin.get(f"/api/v1/timeline-entries/?lead={lead.pk}").json()["results"]
        assert (entry["kind"], entry["details"]["seconds"]) == ("call", 150)
        closed = admin.post(f"/api/v1/incoming-hooks/{hook.pk}/close/").json()
        assert (closed["is_active"], closed["address"]) == (False, "")
        bad = admin.post("/api/v1/incoming-hooks/", {"kind": "hubspot"}, "application/json")
        assert bad.status_code == 400

    @pytest.mark.parametrize("role", ["agent", "viewer"])
    def test_hooks_are_an_admins_business(self, program, role):
        hook = make_hook()
        client = program(role)
        assert client.get("/api/v1/incoming-hooks/").status_code == 403
        assert client.post(f"/api/v1/incoming-hooks/{hook.pk}/close/").status_code == 403
        assert client.get("/api/v1/hook-events/").status_code == 200
        assert client.get("/api/v1/timeline-entries/").status_code == 200

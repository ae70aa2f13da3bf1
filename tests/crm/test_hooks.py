"""What comes back from CRMs, calendars and telephony: doors, deeds, replays, two companies."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.utils import timezone

from channels_app.services import merge, undo
from crm import webhooks
from crm.models import HookEvent, HookEventStep, IncomingHook, SyncRecord, TimelineEntry
from crm.services import (
    change_hook,
    close_hook,
    identify_hook,
    mark_dirty,
    match_timeline,
    open_hook,
    push_due,
    read_hook_event,
    replay_hook_events,
    retry_dead,
    sweep,
)
from leads.models import LeadChange
from leads.services import set_stage
from tenants import context, platform_apps
from tenants.audit.models import AuditEntry
from tenants.models import UnroutedEvent, WebhookRoute
from tests.crm.conftest import signed
from tests.factories import make_contact, make_crm, make_hook, make_lead, make_user

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def millis(at) -> int:
    return int(at.timestamp() * 1000)


def changed(name, value, *, at=None, **more):
    """One event of HubSpot's: a property of contact 7001 has another value."""
    at = at or timezone.now() + timedelta(seconds=2)
    return {
        "objectId": 7001,
        "propertyName": name,
        "propertyValue": value,
        "changeSource": "CRM_UI",
        "eventId": 1,
        "subscriptionId": 25,
        "portalId": 33,
        "appId": 5,
        "occurredAt": millis(at),
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        **more,
    }


def deleted(kind="contact.deletion", **more):
    return {**changed("", ""), "subscriptionType": kind, **more}


def booked(email="ada@example.com", **more):
    return {
        "event": "invitee.created",
        "created_at": "2026-11-20T09:00:00.000000Z",
        "payload": {
            "uri": "https://api.calendly.com/scheduled_events/E1/invitees/I1",
            "email": email,
            "name": "Ada Byron",
            "status": "active",
            "questions_and_answers": [{"question": "What about?", "answer": "Two rooms"}],
            "scheduled_event": {
                "name": "Half an hour",
                "start_time": "2026-11-25T10:00:00.000000Z",
                "end_time": "2026-11-25T10:30:00.000000Z",
                "location": {"type": "zoom", "join_url": "https://zoom.example/1"},
            },
            **more,
        },
    }


def canceled(**more):
    event = booked(cancellation={"reason": "I am ill"}, **more)
    return {**event, "event": "invitee.canceled", "created_at": "2026-11-20T10:00:00.000000Z"}


def told(kind, **more):
    """One message of Vapi's about call C1."""
    call = {"id": "C1", "type": "inboundPhoneCall", "customer": {"number": "+34600000000"}}
    return {"message": {"type": kind, "call": call, "timestamp": millis(NOW), **more}}


REPORT = told(
    "end-of-call-report",
    endedReason="customer-ended-call",
    startedAt="2026-11-20T09:00:00Z",
    endedAt="2026-11-20T09:02:30Z",
    analysis={"summary": "Ada wants two rooms in May."},
    artifact={"recordingUrl": "https://storage.vapi.example/c1.wav", "transcript": "AI: Hello."},
)


@pytest.fixture
def hubspot(north):
    """A lead that is contact 7001 of the company's HubSpot, in step."""
    crm = make_crm()
    lead = make_lead()
    SyncRecord.objects.create(
        connection=crm,
        lead=lead,
        external_id="7001",
        state="clean",
        wanted_version=lead.version,
        synced_version=lead.version,
    )
    return make_hook(kind="hubspot", crm=crm)


@pytest.fixture
def record(hubspot):
    return SyncRecord.objects.get()


@pytest.fixture
def tell(knock, work):
    """Post a body to a hook and let the workers read it; returns what became of the last event."""

    def deliver(hook, body, **more):
        assert knock(hook, body, **more).status_code == 200
        work()
        event = hook.events.order_by("pk").last()
        return event.state, event.outcome

    return deliver


@pytest.fixture
def ours(settings):
    """Our own public app at HubSpot."""
    settings.HUBSPOT_CLIENT_SECRET = "app-secret"
    platform_apps.forget_apps()
    yield f"{settings.PUBLIC_URL}/hooks/hubspot/"
    platform_apps.forget_apps()


class TestDoor:
    def test_nothing_is_taken_without_a_signature_of_ours(self, knock, north):
        hook = make_hook()
        body = json.dumps(booked()).encode()
        wrong = [
            {},
            signed("calendly", hook.address, body, "another"),
            signed("calendly", hook.address, b"{}"),
            signed("vapi", hook.address, body),
            {"Calendly-Webhook-Signature": "\u00e9"},
        ]
        for headers in wrong:
            assert knock(hook, body, headers=headers).status_code == 403
        assert HookEvent.objects.count() == 0

    def test_addresses_of_nobody(self, knock, client, north):
        hook = make_hook()
        for path in ("/hooks/calendly/nobody/", "/hooks/fax/", "/hooks/calendly/", "/hooks/vapi/"):
            assert knock(hook, b"{}", url=f"http://localhost{path}").status_code == 404, path
        path = "/" + hook.address.partition("://")[2].partition("/")[2]
        assert client.get(path, headers={"Host": "localhost"}).status_code == 405

    def test_a_token_opens_only_the_door_of_its_kind(self, knock, north):
        hook = make_hook()
        other = hook.address.replace("calendly", "vapi")
        assert knock(hook, b"{}", url=other).status_code == 404

    def test_a_body_too_large_is_not_read(self, knock, north, settings):
        settings.WEBHOOK_MAX_BYTES = 100
        assert knock(make_hook(), b"x" * 101).status_code == 413

    def test_a_store_that_fails_has_the_vendor_send_it_again(self, knock, north, monkeypatch):
        hook = make_hook()

        def fail(**_):
            raise OperationalError("gone")

        monkeypatch.setattr(webhooks, "keep_events", fail)
        assert knock(hook, booked()).status_code == 503
        monkeypatch.undo()
        assert knock(hook, booked()).status_code == 200
        assert HookEvent.objects.count() == 1

    def test_what_cannot_be_read_is_kept_for_a_person(self, tell, north, people):
        hook = make_hook()
        assert tell(hook, b"\xff{") == ("rejected", "rejected")
        event = HookEvent.objects.get()
        assert "UTF-8" in event.reason
        # A second delivery of what was rejected is a second try, not a second row.
        assert tell(hook, b"\xff{") == ("rejected", "rejected")
        assert HookEvent.objects.count() == 1

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("calendly", {"event": "fax\0"}),
            ("vapi", {"message": {"type": "\0"}}),
            ("hubspot", [{"subscriptionType": "a\0b"}, {"subscriptionType": "contact.creation"}]),
        ],
    )
    def test_a_kind_that_no_column_holds_takes_no_sibling_along(self, knock, work, kind, body):
        """PostgreSQL has no NUL: the whole delivery was refused, and would be each time."""
        hook = make_hook(kind=kind)
        assert knock(hook, body).status_code == 200
        work()
        states = list(hook.events.values_list("state", flat=True))
        assert states == ["unsupported"] * (len(body) if isinstance(body, list) else 1)

    def test_a_closed_or_paused_hook_takes_nothing(self, knock, north):
        hook = make_hook()
        address = hook.address
        change_hook(hook=hook, is_active=False)
        assert knock(hook, booked(), url=address).status_code == 404
        change_hook(hook=hook, is_active=True)
        assert knock(hook, booked(), url=address).status_code == 200
        close_hook(hook=hook)
        assert knock(hook, booked(), url=address).status_code == 404
        hook.refresh_from_db()
        assert (hook.config, hook.token, hook.events.count()) == ({}, "", 1)


class TestTwoCompanies:
    def test_token_and_secret_of_one_are_worth_nothing_at_the_other(self, knock, south):
        with context.inside(south):
            theirs = make_hook(config={"secret": "of south"})
        ours = make_hook(config={"secret": "of north"})
        # Our secret at their address, theirs at ours.
        assert knock(theirs, booked(), secret="of north").status_code == 403
        assert knock(ours, booked(), secret="of south").status_code == 403
        assert knock(theirs, booked(), secret="of south").status_code == 200
        assert HookEvent.objects.count() == 0
        with context.inside(south):
            assert HookEvent.objects.count() == 1

    def test_what_one_company_says_changes_nothing_at_the_other(self, tell, south, hubspot):
        with context.inside(south):
            crm = make_crm()
            lead = make_lead()
            SyncRecord.objects.create(connection=crm, lead=lead, external_id="7001", state="clean")
        assert tell(hubspot, [changed("lifecyclestage", "customer")]) == ("handled", "stage")
        with context.inside(south):
            lead.refresh_from_db()
            assert lead.stage == "new"

    def test_our_apps_address_brings_each_account_to_its_company(
        self, knock, work, ours, south, hubspot, crm_server
    ):
        route = WebhookRoute.objects.get(platform="hubspot", connection_id=hubspot.pk)
        WebhookRoute.objects.filter(pk=route.pk).update(account_id="33", is_verified=True)
        with context.inside(south):
            theirs = make_hook(kind="hubspot")
            WebhookRoute.objects.filter(
                platform="hubspot", connection_id=theirs.pk, company=south
            ).update(account_id="34", is_verified=True)
        batch = [
            changed("lifecyclestage", "customer"),
            changed("lifecyclestage", "customer", portalId=34),
            changed("lifecyclestage", "customer", portalId=35),
        ]
        assert knock(hubspot, batch, url=ours, secret="s3cret").status_code == 403
        assert knock(hubspot, batch, url=ours, secret="app-secret").status_code == 200
        work()
        assert hubspot.events.count() == 1
        with context.inside(south):
            assert HookEvent.objects.get().hook == theirs
        assert UnroutedEvent.objects.values_list("account_id", flat=True).get() == "35"

    def test_an_account_typed_by_another_company_is_not_theirs(self, ours, hubspot, south, knock):
        """Without having been shown, an account's id leads nowhere."""
        WebhookRoute.objects.filter(connection_id=hubspot.pk, platform="hubspot").update(
            account_id="33"
        )
        event = [changed("lifecyclestage", "customer")]
        assert knock(hubspot, event, url=ours, secret="app-secret").status_code == 200
        assert HookEvent.objects.count() == 0
        assert UnroutedEvent.objects.values_list("account_id", flat=True).get() == "33"

    def test_what_came_before_the_account_was_known_is_taken_in(
        self, ours, hubspot, knock, work, respx_mock, django_capture_on_commit_callbacks
    ):
        knock(hubspot, [changed("lifecyclestage", "customer")], url=ours, secret="app-secret")
        respx_mock.get("https://api.hubapi.com/account-info/v3/details").respond(
            json={"portalId": 33}
        )
        with django_capture_on_commit_callbacks(execute=True):
            assert identify_hook(hook_id=hubspot.pk) == "33"
        work()
        assert UnroutedEvent.objects.count() == 0
        assert list(hubspot.events.values_list("outcome", flat=True)) == ["stage"]

    def test_no_server_of_a_companys_own_says_whose_account_it_is(self, ours, hubspot, respx_mock):
        """Else anybody could name somebody's account and be brought their events."""
        lies = {"token": "pat", "base_url": "https://evil.example"}
        type(hubspot.crm).objects.update(config=lies)
        evil = respx_mock.route(host="evil.example").respond(json={"portalId": 33})
        real = respx_mock.get("https://api.hubapi.com/account-info/v3/details").respond(401)
        assert identify_hook(hook_id=hubspot.pk) == ""
        assert (evil.call_count, real.call_count) == (0, 1)

    def test_an_account_belongs_to_one_company(self, ours, hubspot, south, respx_mock):
        with context.inside(south):
            theirs = make_hook(kind="hubspot")
        WebhookRoute.objects.filter(platform="hubspot", connection_id=theirs.pk).exclude(
            company=context.current_company()
        ).update(account_id="33", is_verified=True)
        respx_mock.get("https://api.hubapi.com/account-info/v3/details").respond(
            json={"portalId": 33}
        )
        assert identify_hook(hook_id=hubspot.pk) == ""
        hubspot.refresh_from_db()
        assert hubspot.account_id == ""

    def test_of_another_account_nothing_is_believed_at_ones_own_address(self, tell, hubspot):
        IncomingHook.objects.update(account_id="33")
        stray = changed("lifecyclestage", "customer", portalId=34)
        assert tell(hubspot, [stray]) == ("unsupported", "unrouted")


class TestHubSpot:
    @pytest.mark.parametrize(
        ("name", "value", "stage"),
        [
            ("leadwire_stage", "proposal", "proposal"),
            ("lifecyclestage", "opportunity", "proposal"),
            ("lifecyclestage", "customer", "won"),
            ("hs_lead_status", "UNQUALIFIED", "lost"),
        ],
    )
    def test_a_stage_is_pulled_back_and_not_pushed_again(
        self, tell, hubspot, record, crm_server, name, value, stage
    ):
        assert tell(hubspot, [changed(name, value)]) == ("handled", "stage")
        lead = record.lead
        lead.refresh_from_db()
        assert lead.stage == stage
        change = LeadChange.objects.get(lead=lead, field="stage")
        who = (change.actor, change.reason, change.after)
        assert who == (f"hook:{hubspot.pk}", "Changed in HubSpot", stage)
        record.refresh_from_db()
        assert (record.state, record.is_behind) == ("clean", False)
        sweep()
        assert push_due(connection=hubspot.crm).synced == 0
        assert crm_server.requests == []

    def test_other_crms_hear_of_it(self, tell, hubspot):
        other = make_crm(kind="webhook")
        tell(hubspot, [changed("lifecyclestage", "customer")])
        assert SyncRecord.objects.get(connection=other).state == "dirty"

    def test_the_generic_form_of_a_subscription_says_the_same(self, tell, hubspot):
        event = changed("lifecyclestage", "customer")
        event |= {"subscriptionType": "object.propertyChange", "objectTypeId": "0-1"}
        assert tell(hubspot, [event]) == ("handled", "stage")
        event |= {"objectTypeId": "0-2", "eventId": 9}  # a company
        assert tell(hubspot, [event]) == ("unsupported", "unsupported")

    def test_delivered_again_or_read_again_it_changes_nothing(
        self, tell, hubspot, record, work, django_capture_on_commit_callbacks
    ):
        event = changed("lifecyclestage", "customer")
        tell(hubspot, [event])
        version = type(record.lead).objects.get().version
        tell(hubspot, [{**event, "attemptNumber": 3}])
        assert hubspot.events.count() == 1
        with django_capture_on_commit_callbacks(execute=True):
            replay_hook_events(events=HookEvent.objects.all(), actor="user:1")
        work()
        assert hubspot.events.get().outcome == "older"
        assert type(record.lead).objects.get().version == version
        steps = HookEventStep.objects.order_by("pk").values_list("state", "outcome", "actor")
        assert list(steps) == [
            ("handled", "stage", "system"),
            ("received", "replayed", "user:1"),
            ("handled", "older", "system"),
        ]

    def test_what_is_older_than_ours_is_left(self, tell, hubspot, record):
        set_stage(lead=record.lead, stage="contacted", actor="user:1")
        before = timezone.now() - timedelta(minutes=5)
        late = changed("lifecyclestage", "customer", at=before)
        assert tell(hubspot, [late]) == ("handled", "older")
        record.lead.refresh_from_db()
        assert record.lead.stage == "contacted"

    def test_in_any_order_the_newest_wins(self, tell, hubspot, record):
        first, second = timezone.now() - timedelta(seconds=9), timezone.now() - timedelta(seconds=5)
        record.lead.changes.all().delete()
        newer = changed("lifecyclestage", "customer", at=second)
        older = changed("lifecyclestage", "opportunity", at=first)
        tell(hubspot, [newer, older])
        record.lead.refresh_from_db()
        assert record.lead.stage == "won"
        # Both in one batch and in order: the second is not older than what we did with the first.
        third = changed("hs_lead_status", "UNQUALIFIED", at=second + timedelta(seconds=1))
        assert tell(hubspot, [third]) == ("handled", "stage")

    def test_what_we_wrote_ourselves_says_nothing(self, tell, hubspot, record):
        """Our push may arrive there after a person has moved on here."""
        echo = changed("leadwire_stage", "won", changeSource="INTEGRATION")
        assert tell(hubspot, [echo]) == ("handled", "echo")
        record.lead.refresh_from_db()
        assert record.lead.stage == "new"

    def test_a_push_under_way_with_the_old_value_is_followed_by_the_new(
        self, tell, hubspot, record
    ):
        SyncRecord.objects.update(state="syncing")
        tell(hubspot, [changed("leadwire_stage", "won")])
        record.refresh_from_db()
        assert record.is_behind

    def test_an_owner_is_found_by_e_mail(self, tell, hubspot, record, respx_mock):
        eva = make_user(email="eva@north.example")
        url = "https://api.hubapi.com/crm/v3/owners/"
        respx_mock.get(f"{url}41").respond(json={"id": "41", "email": "Eva@north.example"})
        respx_mock.get(f"{url}42").respond(json={"id": "42", "email": "who@else.example"})
        respx_mock.get(f"{url}43").respond(404, json={"category": "OBJECT_NOT_FOUND"})
        seconds = iter(range(1, 9))

        def owner(value):
            at = timezone.now() + timedelta(seconds=-10 + next(seconds))
            return [changed("hubspot_owner_id", value, at=at)]

        record.lead.changes.all().delete()
        assert tell(hubspot, owner("41")) == ("handled", "owner")
        record.lead.refresh_from_db()
        assert record.lead.owner == eva
        assert tell(hubspot, owner("42")) == ("handled", "unknown_owner")
        assert tell(hubspot, owner("43")) == ("handled", "unknown_owner")
        record.lead.refresh_from_db()
        assert record.lead.owner == eva
        assert tell(hubspot, owner("")) == ("handled", "owner")
        record.lead.refresh_from_db()
        assert record.lead.owner is None

    def test_while_hubspot_is_down_the_event_waits(self, knock, hubspot, record, respx_mock):
        asked = respx_mock.get("https://api.hubapi.com/crm/v3/owners/41").respond(503)
        knock(hubspot, [changed("hubspot_owner_id", "41")])
        event = hubspot.events.get()
        for attempt in (1, 2):
            with pytest.raises(Exception, match=r"503|unavailable|HTTP"):
                read_hook_event(event_id=event.pk)
            event.refresh_from_db()
            assert (event.state, event.attempts) == ("received", attempt)
        asked.respond(json={"email": make_user().email})
        assert read_hook_event(event_id=event.pk) == "owner"

    def test_deleted_there_nothing_is_pushed_until_somebody_wants_it(
        self, tell, hubspot, record, crm_server, people
    ):
        assert tell(hubspot, [deleted()]) == ("handled", "gone")
        set_stage(lead=record.lead, stage="won", actor="user:1")
        mark_dirty(leads=[record.lead])
        assert push_due(connection=hubspot.crm).synced == 0
        record.refresh_from_db()
        assert record.state == "gone"
        assert retry_dead(records=SyncRecord.objects.all(), actor="user:1") == 1
        assert push_due(connection=hubspot.crm).synced == 1
        record.refresh_from_db()
        assert (record.state, record.external_id) == ("clean", f"hnorth-{record.lead_id}")

    def test_what_is_gone_is_shown_to_those_who_may_want_it_back(
        self, tell, hubspot, record, sign_in
    ):
        tell(hubspot, [deleted()])
        page = sign_in("admin").get("/crm/").content.decode()
        assert "Deleted there" in page
        assert f'name="record" type="submit" value="{record.pk}"' in page

    def test_restored_there_it_goes_on(self, tell, hubspot, record, work, crm_server):
        tell(hubspot, [deleted("contact.privacyDeletion")])
        assert tell(hubspot, [deleted("contact.restore", eventId=2)]) == ("handled", "restored")
        record.refresh_from_db()
        assert record.state == "clean"

    def test_a_contact_of_nobody(self, tell, hubspot):
        stranger = changed("lifecyclestage", "customer", objectId=9)
        assert tell(hubspot, [stranger]) == ("handled", "nobody")

    def test_one_bad_event_loses_no_sibling(self, tell, hubspot, record):
        batch = [None, 7, {"objectId": {}}, changed("lifecyclestage", "customer")]
        batch[2] = {**deleted(), "objectId": {"id": 1}}
        tell(hubspot, batch)
        states = sorted(hubspot.events.values_list("state", flat=True))
        assert states == ["handled", "rejected", "rejected", "rejected"]
        record.lead.refresh_from_db()
        assert record.lead.stage == "won"


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


class TestKeepingAtIt:
    def test_what_the_queue_lost_is_rung_again(self, knock, work, north):
        import dramatiq

        hook = make_hook()
        knock(hook, booked())
        dramatiq.get_broker().flush_all()
        HookEvent.objects.update(received_at=timezone.now() - timedelta(minutes=1))
        assert sweep()["hook_events"] == 1
        work()
        assert hook.events.get().state == "handled"

    def test_what_falls_over_too_often_is_given_to_a_person(self, knock, north):
        hook = make_hook()
        knock(hook, booked())
        HookEvent.objects.update(attempts=10, received_at=timezone.now() - timedelta(minutes=1))
        sweep()
        assert hook.events.get().state == "rejected"

    def test_reading_is_safe_to_repeat(self, knock, north):
        hook = make_hook()
        knock(hook, booked())
        event = hook.events.get()
        assert read_hook_event(event_id=event.pk) == "nobody"
        assert read_hook_event(event_id=event.pk) == ""
        assert event.steps.count() == 1


class TestOpening:
    def test_a_secret_is_made_where_it_is_ours_to_make(self, north):
        hook = open_hook(kind="vapi", config={})
        assert len(hook.config["secret"]) > 30
        assert hook.name == "Vapi"
        entry = AuditEntry.objects.get(action="hook.opened")
        assert (entry.subject, entry.details) == (f"hook:{hook.pk}", {"kind": "vapi"})

    def test_hubspot_gives_its_own(self, north, ours):
        with pytest.raises(ValidationError, match="secret"):
            open_hook(kind="hubspot", config={})
        # Our public app may bring what is the account's: then the own address needs none.
        hook = open_hook(kind="hubspot", config={}, crm=make_crm())
        assert hook.config["secret"] == ""

    def test_without_a_secret_its_own_address_believes_nobody(self, knock, north, ours):
        hook = open_hook(kind="hubspot", config={}, crm=make_crm())
        assert knock(hook, [deleted()], secret="").status_code == 403

    def test_a_crm_of_another_kind_is_refused(self, north):
        with pytest.raises(ValidationError, match="crm"):
            make_hook(kind="hubspot", crm=make_crm(kind="webhook"))

    def test_secrets_lie_encrypted(self, north):
        hook = make_hook(config={"secret": "open sesame"})
        with context.connection.cursor() as cursor:
            cursor.execute("SELECT config::text FROM crm_incominghook WHERE id = %s", [hook.pk])
            assert "open sesame" not in cursor.fetchone()[0]


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


def test_hubspot_is_asked_as_it_documents(north, respx_mock):
    """What we ask beside pushing, with the token of the connection."""
    route = respx_mock.get("https://api.hubapi.com/crm/v3/owners/a%2Fb").mock(
        return_value=httpx.Response(200, json={"email": "x@y.example"})
    )
    assert make_crm().provider().owner_email("a/b") == "x@y.example"
    assert route.calls.last.request.headers["Authorization"] == "Bearer pat-test"

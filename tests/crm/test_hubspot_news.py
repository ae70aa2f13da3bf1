"""What HubSpot tells of its contacts, pulled back onto our leads."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from crm.models import HookEvent, HookEventStep, SyncRecord
from crm.services import (
    mark_dirty,
    push_due,
    read_hook_event,
    replay_hook_events,
    retry_dead,
    sweep,
)
from leads.models import LeadChange
from leads.services import set_stage
from tests.crm.said import changed, deleted
from tests.factories import make_crm, make_user


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


def test_hubspot_is_asked_as_it_documents(north, respx_mock):
    """What we ask beside pushing, with the token of the connection."""
    route = respx_mock.get("https://api.hubapi.com/crm/v3/owners/a%2Fb").mock(
        return_value=httpx.Response(200, json={"email": "x@y.example"})
    )
    assert make_crm().provider().owner_email("a/b") == "x@y.example"
    assert route.calls.last.request.headers["Authorization"] == "Bearer pat-test"

"""The doors for those who call us: who gets in, whose it is, and that nothing is lost."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.utils import timezone

from crm import webhooks
from crm.models import HookEvent, IncomingHook, SyncRecord
from crm.services import (
    change_hook,
    close_hook,
    identify_hook,
    open_hook,
    read_hook_event,
    sweep,
)
from tenants import context
from tenants.audit.models import AuditEntry
from tenants.models import UnroutedEvent, WebhookRoute
from tests.crm.conftest import signed
from tests.crm.said import booked, changed, deleted
from tests.factories import make_crm, make_hook, make_lead


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

"""Signing in at a CRM: over loopback HTTP, with the simulator's consent pages in between."""

import json
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import CrmConnection, CrmSignInAttempt, FieldLedger, SyncRecord
from crm.services import connect, mark_dirty, push_due, reconnect, sweep
from crm.services.access import renewed
from crm.services.connections import ACCESS
from tenants import context, platform_apps
from tests.conftest import SHARED
from tests.factories import make_lead, make_user
from tests.traveller import Traveller

PORTAL, COMPANY, ORG = "4242424", "7700", "00D000000000077EAA"
WAYS = [
    ("hubspot", "hubspot", PORTAL, 1800),
    ("pipedrive", "pipedrive", COMPANY, 3600),
    ("salesforce", "salesforce", ORG, 0),
    ("salesforce-sandbox", "salesforce", ORG, 0),
]
THERE = {"hubspot": "contacts", "pipedrive": "pipedrive:persons", "salesforce": "salesforce:Lead"}
State = SyncRecord.State
Health = CrmConnection.Health


@pytest.fixture(autouse=True)
def apps(settings):
    """Our apps, as the operator's environment tells of them."""
    platform_apps.forget_apps()
    for vendor in ("HUBSPOT", "SALESFORCE", "PIPEDRIVE"):
        for what in ("CLIENT_ID", "CLIENT_SECRET"):
            setattr(settings, f"{vendor}_{what}", f"our-{vendor.lower()}-{what.lower()}")
    yield
    platform_apps.forget_apps()


@pytest.fixture
def traveller(client, people, simulator):
    return Traveller(client, people["admin"], room="crm")


def the_attempt() -> CrmSignInAttempt:
    return CrmSignInAttempt.objects.latest("created_at")


def page_after(traveller, answer) -> str:
    """What is read where a way ended without a connection."""
    if answer.status_code == 302:
        answer = traveller.client.get(answer["Location"])
    return answer.content.decode()


class TestConnecting:
    @pytest.mark.parametrize(("way", "kind", "account", "seconds"), WAYS)
    def test_one_consent_and_leads_are_there(
        self, traveller, simulator, way, kind, account, seconds
    ):
        lead = make_lead()

        answer = traveller.sign_in(way)

        made = CrmConnection.objects.get()
        assert answer["Location"] == f"/crm/{made.pk}/"
        assert (made.kind, made.signed_in_by, made.account_id) == (kind, way, account)
        assert {"access_token", "refresh_token"} <= set(made.config)
        assert (made.token_expires_at is not None) == bool(seconds)
        attempt = the_attempt()
        assert (attempt.state, attempt.code, attempt.verifier) == ("done", "", "")
        assert push_due(connection=made).synced == 1
        assert SyncRecord.objects.get(lead=lead).state == State.CLEAN
        assert len(simulator.objects(THERE[kind])) == 1
        with database.cursor() as cursor:
            cursor.execute("SELECT config FROM crm_crmconnection")
            stored = bytes(cursor.fetchone()[0])
        assert made.config["refresh_token"].encode() not in stored

    def test_a_sandbox_org_has_a_login_host_of_its_own(self, traveller, settings):
        address = traveller.set_out("salesforce-sandbox")
        asked = dict(parse_qsl(urlsplit(address).query))
        assert address.startswith(f"{settings.SALESFORCE_SANDBOX_LOGIN_URL}/services/oauth2/")
        assert asked["redirect_uri"].endswith("/oauth/callback/salesforce-sandbox/")
        assert asked["code_challenge_method"] == "S256"

    def test_salesforce_refuses_a_code_with_another_verifier(self, traveller):
        answer = traveller.return_by(traveller.consent(traveller.set_out("salesforce")))
        attempt = the_attempt()
        attempt.verifier = "w" * 64
        attempt.save()
        assert "code_verifier does not match" in page_after(traveller, traveller.arrive(answer))
        assert not CrmConnection.objects.exists()

    def test_the_page_offers_it_where_the_operator_has_our_app(self, traveller, settings):
        page = traveller.client.get("/crm/add/salesforce/").content.decode()
        assert "Sign in with Salesforce Sandbox" in page
        settings.SALESFORCE_CLIENT_ID = ""
        page = traveller.client.get("/crm/add/salesforce/").content.decode()
        assert "Sign in with" not in page
        assert "has entered its app at Salesforce" in page
        refused = traveller.client.post("/crm/sign-in/salesforce/start/", follow=True)
        assert "has not set this sign-in up" in refused.content.decode()


class TestWaysThatEnd:
    def test_whoever_does_not_consent_is_told_that_nothing_happened(self, traveller):
        answer = traveller.sign_in("hubspot", decision="deny")
        assert "You did not give your consent" in answer.content.decode()
        assert the_attempt().error_code == "denied"
        assert not CrmConnection.objects.exists()

    def test_a_way_back_counts_once(self, traveller):
        address = traveller.consent(traveller.set_out("hubspot"))
        first, again = traveller.return_by(address), traveller.return_by(address)
        assert again.status_code == 400
        assert "used already" in again.content.decode()
        traveller.arrive(first)
        assert traveller.arrive(first).status_code == 400
        assert CrmConnection.objects.count() == 1

    def test_another_browser_and_another_person_burn_the_code(self, traveller, people):
        answer = traveller.return_by(traveller.consent(traveller.set_out("hubspot")))
        parts = urlsplit(answer["Location"])
        for user in (people["admin"], make_user(role="admin", email="eve@north.example")):
            victim = Client(HTTP_HOST="north.localhost")
            victim.force_login(user, backend="tenants.accounts.backends.RoleBackend")
            page = victim.get(f"{parts.path}?{parts.query}")
            assert page.status_code == 403
        assert traveller.arrive(answer).status_code == 400
        assert the_attempt().code == ""
        assert not CrmConnection.objects.exists()

    def test_one_crms_answer_at_anothers_address_is_refused(self, traveller):
        address = traveller.consent(traveller.set_out("hubspot"))
        wrong = address.replace("/callback/hubspot/", "/callback/pipedrive/")
        assert traveller.return_by(wrong).status_code == 403
        assert the_attempt().state == "started"

    def test_permissions_that_are_missing_are_named(self, traveller, simulator):
        simulator.sign_in("pipedrive", scopes=["base", "contacts:full", "leads:full"])
        page = page_after(traveller, traveller.sign_in("pipedrive"))
        assert all(name in page for name in ("contact-fields:full", "deals:full", "users:read"))
        assert not CrmConnection.objects.exists()

    @pytest.mark.parametrize("fault", ["drop", "malformed"])
    def test_a_crm_that_breaks_off_leaves_a_clear_page(self, traveller, simulator, fault):
        answer = traveller.return_by(traveller.consent(traveller.set_out("hubspot")))
        simulator.fail("hubspot", fault, match="token")
        page = page_after(traveller, traveller.arrive(answer))
        assert "did not answer as it should" in page
        assert not CrmConnection.objects.exists()

    def test_only_who_may_connect_sets_out(self, client, people, simulator):
        for role in ("agent", "viewer"):
            client.force_login(people[role])
            assert client.post("/crm/sign-in/hubspot/start/").status_code == 403
        assert not CrmSignInAttempt.objects.exists()

    def test_half_a_way_leaves_no_secret(self, traveller):
        traveller.return_by(traveller.consent(traveller.set_out("salesforce")))
        CrmSignInAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        sweep()
        attempt = the_attempt()
        assert (attempt.state, attempt.code, attempt.verifier) == ("failed", "", "")


def test_two_companies_have_one_account_each_by_their_own_consent(
    traveller, south, settings, simulator
):
    """Both may fill the same HubSpot; neither sees the other's way, tokens or connection."""
    traveller.sign_in("hubspot")
    mine = CrmConnection.objects.get()
    with context.inside(south):
        assert not CrmSignInAttempt.objects.exists()
        user = make_user(role="admin")
        theirs = Traveller(Client(HTTP_HOST="south.localhost"), user, room="crm", company="south")
        north_s = f"/crm/sign-in/{the_attempt_of('north').pk}/"
        assert theirs.client.get(north_s).status_code == 404
        theirs.sign_in("hubspot")
        other = CrmConnection.objects.get()
        assert other.account_id == mine.account_id
        assert other.config["refresh_token"] != mine.config["refresh_token"]
    mine.refresh_from_db()
    simulator.grants("hubspot", over=True)  # HubSpot ends them; who is told is each one's own
    make_lead()
    mark_dirty(leads=[make_lead()])
    push_due(connection=mine)
    mine.refresh_from_db()
    assert mine.health == Health.RECONNECT
    with context.inside(south):
        assert CrmConnection.objects.get().health == Health.OK


def the_attempt_of(schema: str) -> CrmSignInAttempt:
    with context.inside(context.company_of_schema(schema)):
        return the_attempt()


class TestConnectingAnew:
    def test_it_keeps_connection_records_and_ledger(self, traveller, simulator):
        traveller.sign_in("hubspot")
        known = CrmConnection.objects.get()
        mark_dirty(leads=[make_lead()])
        push_due(connection=known)
        before = SyncRecord.objects.values_list("pk", "external_id").get()
        ledger = FieldLedger.objects.values_list("pk", "updated_at").get()
        simulator.grants("hubspot", over=True)
        known.refresh_from_db()
        CrmConnection.objects.filter(pk=known.pk).update(name="Ours", health="reconnect")

        answer = traveller.sign_in("hubspot", posted={"connection": str(known.pk)})

        assert answer["Location"] == f"/crm/{known.pk}/"
        known.refresh_from_db()
        assert (known.name, known.health) == ("Ours", Health.OK)
        assert SyncRecord.objects.values_list("pk", "external_id").get() == before
        assert FieldLedger.objects.values_list("pk", "updated_at").get() == ledger
        mark_dirty(leads=[make_lead()])
        assert push_due(connection=known).synced == 1
        assert len(simulator.objects()) == 2

    def test_the_same_account_without_saying_which_is_no_second_connection(self, traveller):
        traveller.sign_in("pipedrive")
        traveller.sign_in("pipedrive")
        assert CrmConnection.objects.count() == 1

    def test_another_account_changes_nothing(self, traveller, simulator):
        traveller.sign_in("hubspot")
        known = CrmConnection.objects.get()
        simulator.sign_in("hubspot", accounts=[{"id": "99", "name": "private"}])
        answer = traveller.sign_in("hubspot", posted={"connection": str(known.pk)})
        assert "another account than the one" in page_after(traveller, answer)
        assert CrmConnection.objects.get().config == known.config

    @pytest.mark.parametrize("is_known_there", [True, False], ids=["same account", "a dead key"])
    def test_whoever_signs_in_takes_a_keys_place(self, traveller, simulator, is_known_there):
        key = connect(kind="hubspot", name="", config={"token": "pat", "beside": "nothing"})
        mark_dirty(leads=[make_lead()])
        push_due(connection=key)
        if not is_known_there:
            simulator.fail("hubspot", status=401, match="account-info")

        traveller.sign_in("hubspot", posted={"connection": str(key.pk)})

        held = CrmConnection.objects.get()
        assert "token" not in held.config
        assert held.config["beside"] == "nothing"
        record = SyncRecord.objects.get()
        assert (record.state, bool(record.external_id)) == (
            (State.CLEAN, True) if is_known_there else (State.DIRTY, False)
        )
        push_due(connection=held)
        assert len(simulator.objects()) == 1
        assert SyncRecord.objects.get().state == State.CLEAN

    def test_a_key_takes_the_place_of_whoever_signed_in(self, traveller):
        traveller.sign_in("pipedrive")
        held = reconnect(connection=CrmConnection.objects.get(), config={"token": "key"})
        held.refresh_from_db()
        assert held.config["token"] == "key"
        assert not set(ACCESS) & set(held.config)
        assert (held.signed_in_by, held.account_id, held.token_expires_at) == ("", "", None)

    def test_other_settings_leave_the_access_alone(self, traveller, sign_in):
        traveller.sign_in("hubspot")
        held = CrmConnection.objects.get()
        before = held.config
        form = {"name": "Renamed", "is_active": "on", "config__beside": "never"}
        address = reverse("console:crm_crmconnection_change", args=[held.pk])
        answer = sign_in("admin").post(address, form)
        assert answer.status_code == 302
        held.refresh_from_db()
        assert held.name == "Renamed"
        assert held.config == {**before, "beside": "never"}
        assert held.is_signed_in

    def test_nobody_types_whom_we_trust_with_a_token(self, north):
        typed = {"token": "pat", "api_url": "http://127.0.0.1/", "access_token": "x"}
        made = connect(kind="hubspot", name="", config=typed)
        assert not set(ACCESS) & set(made.config)
        again = reconnect(connection=made, config=typed)
        assert not set(ACCESS) & set(again.config)


def test_what_we_ask_hubspot_for_tokens_is_in_its_own_description(traveller, simulator):
    """By its published schema: each word of ours is one of the endpoint's, and in the body."""
    spec = SHARED / "specs" / "hubspot-oauth.v3.json"
    if not spec.exists():
        pytest.skip("HubSpot's published description is not on this machine")
    path = json.loads(spec.read_text())["paths"]["/oauth/v3/token"]["post"]
    described = path["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    known = described["properties"]

    traveller.sign_in("hubspot")
    renewed(
        connection_id=CrmConnection.objects.get().pk,
        spent=CrmConnection.objects.get().config["access_token"],
    )

    asked = simulator.journal(kind="token", vendor="hubspot")
    assert [each["grant"] for each in asked] == ["authorization_code", "refresh_token"]
    for each in asked:
        assert "?" not in each["path"]
        assert set(dict(parse_qsl(each["request"]))) <= set(known)
        assert each["grant"] in known["grant_type"]["enum"]

"""The ways in: API, console, command line."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import CrmConnection, SyncRecord
from crm.services import mark_dirty
from tests.factories import make_crm, make_lead

SECRET = "whsec_" + "a" * 32


@pytest.fixture
def admin(client, people):
    client.force_login(people["admin"])
    return client


def post(client, address, **body):
    return client.post(f"/api/v1/{address}", body, "application/json")


class TestApi:
    def test_connecting_brings_every_lead_into_the_crm(self, admin):
        lead = make_lead()
        response = post(admin, "crm-connections/", kind="hubspot", config={"token": "pat"})
        assert response.status_code == 201
        assert "pat" not in response.content.decode()
        assert SyncRecord.objects.get().lead == lead
        assert CrmConnection.objects.get().config["token"] == "pat"

    def test_a_made_secret_is_shown_once(self, admin):
        config = {"base_url": "https://crm.example/hook"}
        made = post(admin, "crm-connections/", kind="webhook", config=config).json()
        assert made["secret"].startswith("whsec_")
        assert "secret" not in admin.get(f"/api/v1/crm-connections/{made['id']}/").json()

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"kind": "fax", "config": {}}, "kind"),
            ({"kind": "hubspot", "config": {}}, "token"),
            ({"kind": "webhook", "config": {"base_url": "nowhere"}}, "base_url"),
            (
                {"kind": "webhook", "config": {"base_url": "https://a.example", "secret": "x"}},
                "secret",
            ),
        ],
    )
    def test_bad_settings_are_named(self, admin, body, field):
        response = post(admin, "crm-connections/", **body)
        assert response.status_code == 400
        assert response.json()["errors"][0]["attr"].startswith(field)
        assert CrmConnection.objects.count() == 0

    def test_reconnecting_keeps_a_secret_left_out(self, admin):
        crm = make_crm(health="reconnect")
        response = post(admin, f"crm-connections/{crm.pk}/reconnect/", name="Sales")
        assert response.status_code == 200
        crm.refresh_from_db()
        assert (crm.name, crm.health, crm.config["token"]) == ("Sales", "ok", "pat-test")

    def test_records_are_listed_filtered_and_retried(self, admin):
        make_crm()
        mark_dirty(leads=[make_lead(), make_lead()])
        dead = SyncRecord.objects.first()
        SyncRecord.objects.filter(pk=dead.pk).update(state="dead", error_code="400")
        found = admin.get("/api/v1/sync-records/?state=dead").json()["results"]
        assert [row["id"] for row in found] == [dead.pk]
        retried = post(admin, f"sync-records/{dead.pk}/retry/").json()
        assert (retried["state"], retried["error_code"]) == ("dirty", "")
        assert admin.get(f"/api/v1/sync-records/{dead.pk}/").json()["tries"] == []

    def test_many_records_cost_no_more_queries_than_one(self, admin):
        make_crm()
        admin.get("/api/v1/profile/")  # what a process remembers after its first request
        costs = []
        for _ in range(3):
            mark_dirty(leads=[make_lead()])
            with CaptureQueriesContext(connection) as queries:
                admin.get("/api/v1/sync-records/")
            costs.append(len(queries))
        assert len(set(costs)) == 1

    @pytest.mark.parametrize("role", ["agent", "viewer"])
    def test_connections_are_an_admins_business(self, client, people, role):
        crm = make_crm()
        mark_dirty(leads=[make_lead()])
        client.force_login(people[role])
        assert client.get("/api/v1/crm-connections/").status_code == 403
        assert client.get(f"/api/v1/crm-connections/{crm.pk}/").status_code == 403
        assert post(client, "crm-connections/", kind="hubspot", config={}).status_code == 403
        assert client.get("/api/v1/sync-records/").status_code == 200
        record = SyncRecord.objects.get()
        assert post(client, f"sync-records/{record.pk}/retry/").status_code == 403


class TestConsole:
    def test_the_pages_open(self, admin):
        crm = make_crm()
        mark_dirty(leads=[make_lead()])
        for address in (
            "/crm/crmconnection/",
            "/crm/crmconnection/add/?kind=webhook",
            f"/crm/crmconnection/{crm.pk}/change/",
            "/crm/syncrecord/?state__exact=dirty",
            f"/crm/syncrecord/{SyncRecord.objects.get().pk}/change/",
        ):
            assert admin.get(address).status_code == 200, address

    def test_secrets_are_never_shown_back_and_stay_when_left_empty(self, admin):
        crm = make_crm()
        page = admin.get(f"/crm/crmconnection/{crm.pk}/change/").content.decode()
        assert "pat-test" not in page
        changed = {"name": "Sales", "is_active": "on", "config__token": "", "config__base_url": ""}
        assert admin.post(f"/crm/crmconnection/{crm.pk}/change/", changed).status_code == 302
        crm.refresh_from_db()
        assert (crm.name, crm.config["token"]) == ("Sales", "pat-test")

    def test_connecting_asks_what_the_crm_needs(self, admin):
        address = "/crm/crmconnection/add/?kind=webhook"
        wrong = admin.post(address, {"name": "x", "config__base_url": "nowhere"})
        assert "Enter a valid URL" in wrong.content.decode()
        right = {"name": "x", "is_active": "on", "config__base_url": "https://crm.example/h"}
        page = admin.post(address, right, follow=True).content.decode()
        assert "shown this once: whsec_" in page
        assert CrmConnection.objects.get().kind == "webhook"

    def test_selected_records_are_tried_again(self, admin):
        make_crm()
        mark_dirty(leads=[make_lead()])
        SyncRecord.objects.update(state="dead")
        record = SyncRecord.objects.get()
        admin.post("/crm/syncrecord/", {"action": "retry", "_selected_action": [record.pk]})
        assert SyncRecord.objects.get().state == "dirty"


class TestCommand:
    def run(self, *arguments):
        out = StringIO()
        call_command("connect_crm", *arguments, "--company", "north", stdout=out)
        return json.loads(out.getvalue())

    def test_hubspot(self, north):
        said = self.run("hubspot", "--token", "pat", "--base-url", "https://api.hubapi.com")
        assert said["kind"] == "hubspot"
        assert "pat" not in str(said)

    def test_a_webhooks_secret_is_made_and_printed_once(self, north):
        said = self.run("webhook", "--base-url", "http://127.0.0.1:9/hook/x", "--name", "n8n")
        assert said["secret"].startswith("whsec_")
        given = self.run("webhook", "--base-url", "https://a.example/h", "--secret", SECRET)
        assert "secret" not in given

    @pytest.mark.parametrize(
        "arguments",
        [
            ["hubspot"],
            ["webhook"],
            ["webhook", "--base-url", "nowhere"],
            ["webhook", "--base-url", "https://a.example", "--secret", "x"],
        ],
    )
    def test_bad_arguments_get_one_sentence_and_exit_2(self, north, arguments):
        with pytest.raises(CommandError) as error:
            self.run(*arguments)
        assert error.value.returncode == 2
        assert "\n" not in str(error.value)

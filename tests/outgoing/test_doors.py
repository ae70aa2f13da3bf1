"""Webhooks for programs and people: secrets once, whoever may, and nothing of another company."""

import httpx
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.announcements import HOT
from tenants import context
from tenants.audit.models import AuditEntry
from tenants.outgoing import services
from tenants.outgoing.events import data_of
from tenants.outgoing.models import Delivery, Endpoint, Event
from tenants.outgoing.reference import as_markdown
from tests.outgoing.scene import make_webhook
from tests.outgoing.test_n8n_example import FILE

API = "/api/v1/webhooks/"
ASKED = {"name": "n8n", "url": "https://n8n.example.com/in", "events": ["lead.hot"]}


def post(program, path, body=None, **headers):
    return program.post(API + path, body or {}, content_type="application/json", headers=headers)


def test_the_page_of_events_is_current():
    docs = FILE.parents[1] / "docs" / "webhook-events.md"

    assert docs.read_text() == as_markdown(), "manage.py webhook_events > docs/webhook-events.md"


def test_the_command_prints_it(capsys):
    call_command("webhook_events")

    assert capsys.readouterr().out == as_markdown()


def test_a_program_does_all_of_it(program, receiver, work):
    admin = program("admin")
    made = post(admin, "endpoints/", ASKED)
    assert made.status_code == 201
    secret, path = made.json()["secret"], f"endpoints/{made.json()['id']}/"
    assert secret.startswith("whsec_")
    assert "secret" not in admin.get(API + path).json()

    tested = post(admin, path + "test/")
    assert tested.status_code == 202
    work()
    (body,) = receiver.verified(secret)
    assert body["type"] == "webhook.test"
    log = admin.get(f"{API}deliveries/{tested.json()['id']}/").json()
    assert (log["state"], log["status"], log["tries"][0]["answer_body"]) == ("delivered", 200, "ok")
    assert log["body"] == receiver.requests[0].content.decode()

    assert post(admin, f"deliveries/{log['id']}/replay/").status_code == 202
    work()
    assert receiver.ids == [log["webhook_id"]] * 2

    new = post(admin, path + "rotate/", {"overlap_hours": 1}).json()
    assert new["secret"] != secret
    assert new["is_changing_secret"] is True
    assert post(admin, path + "pause/").json()["state"] == "paused"
    assert post(admin, path + "resume/").json()["state"] == "active"
    assert post(admin, path + "replay/").json() == {"count": 0}
    changed = admin.patch(API + path, {"events": ["task.due"]}, content_type="application/json")
    assert changed.json()["events"] == ["task.due"]
    assert admin.delete(API + path).status_code == 204
    assert not Endpoint.objects.exists()
    assert AuditEntry.objects.filter(action__startswith="webhook.").count() == 8


def test_an_edit_of_what_somebody_else_changed_is_refused(program, subscribe):
    endpoint = subscribe("lead.hot")
    admin, path = program("admin"), f"endpoints/{endpoint.pk}/"
    tag = admin.get(API + path)["ETag"]
    services.change_endpoint(endpoint=endpoint, name="other", actor="user:1")

    assert post(admin, path + "rotate/", **{"If-Match": tag}).status_code == 412


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "https://10.0.0.8/"}, "url"),
        ({"url": "https://a.example/\ud800"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["lead.hot", "no.such"]}, "events"),
        ({"events": ["webhook.test"]}, "events"),
    ],
)
def test_what_makes_no_sense_is_a_problem(program, change, field):
    answer = post(program("admin"), "endpoints/", {**ASKED, **change})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["attr"].startswith(field)


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_webhooks_are_for_admins(program, role):
    asked = program(role)

    assert asked.get(API + "endpoints/").status_code == 403
    assert asked.get(API + "deliveries/").status_code == 403
    assert asked.get(API + "events/").status_code == 403
    assert post(asked, "endpoints/", ASKED).status_code == 403


def test_the_catalogue_is_there_with_schemas(program):
    events = program("admin").get(API + "events/").json()["events"]

    hot = next(each for each in events if each["name"] == "lead.hot")
    assert hot["schema"]["properties"]["type"] == {"const": "lead.hot"}
    assert hot["example"]["data"]["lead"]["tier"] == "hot"


def test_another_company_finds_none_of_it(program, south, receiver):
    with context.inside(south):
        endpoint = make_webhook()
        delivery = endpoint.deliveries.dead().get()
    admin = program("admin")

    assert admin.get(API + "endpoints/").json()["results"] == []
    assert admin.get(API + "deliveries/").json()["results"] == []
    for path in (f"endpoints/{endpoint.pk}/test/", f"deliveries/{delivery.pk}/replay/"):
        assert post(admin, path).status_code == 404
    assert receiver.requests == []


def test_a_list_costs_the_same_however_long(program, subscribe):
    admin = program("admin")
    endpoint = make_webhook()

    def cost(path):
        admin.get(API + path)
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(API + path).status_code == 200
        return len(queries)

    few = cost("deliveries/")
    for _ in range(10):
        event = Event.objects.create(kind=HOT.name, data=data_of(HOT.example))
        Delivery.objects.create(endpoint=endpoint, event=event)
    assert cost("deliveries/") == few


# -- in the console


def test_a_person_adds_one_and_sees_its_secret_once(sign_in, north):
    browser = sign_in("admin")
    answer = browser.post(reverse("outgoing:add"), ASKED)
    secret = Endpoint.objects.get().secret

    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    again = browser.get(reverse("outgoing:endpoint", args=[Endpoint.objects.get().pk]))
    assert secret not in again.content.decode()


def test_what_is_refused_stands_beside_its_field(sign_in, north):
    answer = sign_in("admin").post(
        reverse("outgoing:add"), {**ASKED, "url": "http://a.example/", "events": ["task.due"]}
    )

    assert answer.status_code == 422
    html = answer.content.decode()
    assert "It has to begin with https://" in html
    assert 'value="task.due"' in html
    assert not Endpoint.objects.exists()


def test_a_test_is_followed_until_it_was_answered(sign_in, subscribe, work, receiver):
    browser = sign_in("admin")
    endpoint = subscribe("lead.hot")
    receiver.answers = [httpx.Response(404, text="<script>alert(1)</script>")]
    path = browser.post(reverse("outgoing:test", args=[endpoint.pk])).url
    assert 'hx-trigger="every 1s"' in browser.get(path).content.decode()

    work()

    html = browser.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "every 1s" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_log_is_looked_through(sign_in, north):
    browser, endpoint = sign_in("admin"), make_webhook()
    path = reverse("outgoing:endpoint", args=[endpoint.pk])
    dead = endpoint.deliveries.dead().get()

    html = browser.get(path, {"state": "dead"}).content.decode()

    assert reverse("outgoing:delivery", args=[dead.pk]) in html
    assert html.count("/webhooks/deliveries/") == 1
    for strange in ({"state": "x"}, {"before": "x"}, {"before": "9" * 40}):
        assert browser.get(path, strange).status_code == 200


def test_all_that_failed_goes_again(sign_in, north, work, receiver):
    browser, endpoint = sign_in("admin"), make_webhook()

    browser.post(reverse("outgoing:replay_all", args=[endpoint.pk]))
    work()

    assert set(endpoint.deliveries.values_list("state", flat=True)) == {"delivered"}

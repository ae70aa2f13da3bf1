"""What holds for every route of the API: pages, tags, sparse fields, conditional edits."""

import json
from datetime import timedelta

import pytest
import yaml
from django.utils import timezone

from crm.models import CrmConnection
from knowledge.models import Document
from leads.models import Lead
from tenants.accounts.models import ApiKey
from tenants.api import idempotency
from tenants.api.conditional import takes_if_match
from tenants.workspace.models import KeptAnswer, Profile
from tenants.workspace.services import change_profile
from tests.api.routes import routes
from tests.api.test_schema import SNAPSHOT
from tests.api.test_scopes import DESCRIPTION
from tests.factories import make_crm
from tests.walks import rows

PROFILE = "/api/v1/profile/"
# Short lists that are whole in one answer.
WHOLE = {
    "/api/v1/bill/",  # a row a month
    "/api/v1/crm-connections/{pk}/backfills/",
    "/api/v1/sync-records/{pk}/fields/",
    "/api/v1/conversations/{pk}/templates/",
    "/api/v1/connections/{pk}/templates/",
    "/api/v1/dead-letters/counts/",
    "/api/v1/seats/",  # a row a colleague
}


@pytest.fixture
def furnished(north):
    rows.make_all()
    return north


FILE = "/api/v1/leads/export/"  # CSV; see tests/leads/test_parity_api.py


def path_of(route):
    return route.of(rows.NUMBER, rows.IDENTIFIER)


def parent_of(path):
    return path.rstrip("/").rpartition("/")[0] + "/"


def is_of_a_row(path):
    return str(rows.NUMBER) in path or str(rows.IDENTIFIER) in path


def readable():
    told = {*DESCRIPTION, FILE}
    return [route for route in routes() if route.method == "get" and route.path not in told]


def read(client, route, **query):
    return client.get(path_of(route), query)


def shown(answer):
    """The resources in an answer, be it a page, a list or one of them."""
    data = answer.json()
    if isinstance(data, list):
        return data
    return data.get("results", [data]) if isinstance(data, dict) else []


def test_every_list_is_paged_by_cursor(furnished, program):
    admin = program()
    unpaged = []
    for route in readable():
        answer = read(admin, route)
        if answer.status_code != 200 or route.pattern in WHOLE:
            continue
        data = answer.json()
        if isinstance(data, list) or ("results" in data and not {"next", "previous"} <= set(data)):
            unpaged.append(str(route))

    assert unpaged == []


def test_every_page_may_be_made_small_and_no_cursor_breaks_it(furnished, program):
    admin = program()
    wrong = []
    for route in readable():
        for query in ({"page_size": 1}, {"page_size": "-1"}, {"cursor": "bogus"}, {"cursor": "\0"}):
            answer = read(admin, route, **query)
            if answer.status_code >= 500:
                wrong.append((str(route), query, answer.status_code))

    assert wrong == []


def test_every_get_answers_with_the_fields_asked_for_and_no_others(furnished, program):
    admin = program()
    tried, wrong = 0, []
    for route in readable():
        whole = read(admin, route)
        rows_shown = shown(whole) if whole.status_code == 200 else []
        if not rows_shown or not isinstance(rows_shown[0], dict):
            continue
        name = next(iter(rows_shown[0]))
        few = read(admin, route, fields=f" {name},")
        none = read(admin, route, fields="no_such_field")
        tried += 1
        if few.status_code != 200 or any(set(row) != {name} for row in shown(few)):
            wrong.append(str(route))
        if (none.status_code, none.json().get("code")) != (400, "unknown_field"):
            wrong.append(str(route))

    assert tried > 20
    assert wrong == []


def test_every_single_resource_has_a_tag_and_is_not_sent_again(furnished, program):
    admin = program()
    tried, wrong = 0, []
    for route in readable():
        answer = read(admin, route)
        if (
            answer.status_code != 200
            or isinstance(answer.json(), list)
            or "results" in answer.json()
        ):
            continue
        tag = answer.headers.get("ETag", "")
        path = path_of(route)
        again = admin.get(path, headers={"If-None-Match": f"W/{tag}"})
        tried += 1
        if not tag or (again.status_code, again.content) not in {(304, b"")}:
            wrong.append((str(route), again.status_code))

    assert tried > 10
    assert wrong == []


def test_every_edit_with_an_old_tag_is_refused_and_changes_nothing(furnished, program):
    admin = program()
    edits = [
        route
        for route in routes()
        if takes_if_match(route.view, route.method.upper(), route.action)
    ]
    admin.get(PROFILE)  # makes the company's profile, which the walk's rows do not
    before = rows.fingerprint("north")
    wrong = []
    for route in edits:
        path = path_of(route)
        answer = admin.generic(
            route.method.upper(),
            path,
            "{}",
            content_type="application/json",
            headers={"If-Match": '"old"'},
        )
        # Behind a row's address there may be a list that does not hold it: one's own, sandboxes.
        shown = [one for one in (path, parent_of(path)) if is_of_a_row(one) or one == path]
        is_there = 200 in {admin.get(one).status_code for one in shown}
        refused = (answer.status_code, json.loads(answer.content)["code"])
        if is_there and refused != (412, "changed_meanwhile"):
            wrong.append((str(route), answer.status_code))

    assert len(edits) >= 7
    assert wrong == []
    assert set(rows.changed(before, rows.fingerprint("north"))) <= {"accounts_apikey"}


def test_the_description_tells_every_route_its_manners():
    described = yaml.safe_load(SNAPSHOT.read_text())
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            names = {each["name"] for each in operation.get("parameters", ())}
            if path not in DESCRIPTION:
                assert (method == "post") == ("Idempotency-Key" in names), path
                assert (method == "get") == ("fields" in names), path
                assert "x-required-scope" in operation
            if method in {"patch", "put", "delete"}:
                assert "If-Match" in names, path


# -- conditional edits


def test_an_edit_of_what_was_seen_happens_and_the_next_one_by_the_same_tag_does_not(program):
    admin = program()
    tag = admin.get(PROFILE)["ETag"]

    first = admin.patch(PROFILE, {"tone": "Warm."}, headers={"If-Match": tag})
    second = admin.patch(PROFILE, {"tone": "Cold."}, headers={"If-Match": tag})

    assert (first.status_code, second.status_code) == (200, 412)
    assert Profile.current().tone == "Warm."
    assert second["ETag"] == admin.get(PROFILE)["ETag"] != tag


def test_a_change_by_somebody_else_is_noticed(program):
    admin = program()
    tag = admin.get(PROFILE)["ETag"]
    change_profile(actor="user:1", tone="Changed in the console.")

    assert admin.patch(PROFILE, {"tone": "x"}, headers={"If-Match": tag}).status_code == 412
    assert (
        admin.patch(PROFILE, {"tone": "x"}, headers={"If-Match": f'"a", {tag}'}).status_code == 412
    )
    assert admin.patch(PROFILE, {"tone": "x"}, headers={"If-Match": "*"}).status_code == 200


def test_a_deed_done_to_a_lead_may_name_what_was_seen(furnished, program):
    admin = program()
    lead = f"/api/v1/leads/{rows.NUMBER}/"
    tag = admin.get(lead)["ETag"]

    first = admin.post(f"{lead}stage/", {"stage": "qualified"}, headers={"If-Match": tag})
    second = admin.post(f"{lead}stage/", {"stage": "won"}, headers={"If-Match": tag})

    assert (first.status_code, second.status_code) == (200, 412)
    assert Lead.objects.get(pk=rows.NUMBER).stage == "qualified"


def test_a_crm_is_connected_anew_only_as_it_was_seen(furnished, program):
    admin, held = program(), make_crm()
    path = f"/api/v1/crm-connections/{held.pk}/"
    tag = admin.get(path)["ETag"]
    CrmConnection.objects.filter(pk=held.pk).update(name="Renamed meanwhile")

    late = admin.post(
        f"{path}reconnect/", {"name": "Mine", "is_active": False}, headers={"If-Match": tag}
    )

    assert late.status_code == 412
    held.refresh_from_db()
    assert (held.name, held.is_active) == ("Renamed meanwhile", True)


def test_a_conditional_edit_that_is_refused_leaves_nothing_behind(furnished, program):
    admin = program()
    path = f"/api/v1/knowledge/documents/{rows.NUMBER}/"
    tag = admin.get(path)["ETag"]

    assert admin.patch(path, {"title": ""}, headers={"If-Match": tag}).status_code == 400
    assert (
        admin.patch("/api/v1/knowledge/documents/1/", {}, headers={"If-Match": tag}).status_code
        == 404
    )
    assert (
        admin.patch("/api/v1/knowledge/documents/x/", {}, headers={"If-Match": tag}).status_code
        == 404
    )
    assert program("viewer").patch(path, {}, headers={"If-Match": tag}).status_code == 403
    assert Document.objects.filter(pk=rows.NUMBER).exists()
    assert admin.delete(path, headers={"If-Match": tag}).status_code == 204


def test_where_it_is_required_an_edit_must_name_what_it_saw(program, settings):
    settings.API_REQUIRES_IF_MATCH = True
    admin = program()

    refused = admin.patch(PROFILE, {"tone": "x"})
    assert (refused.status_code, refused.json()["code"]) == (428, "if_match_required")
    tag = admin.get(PROFILE)["ETag"]
    assert admin.patch(PROFILE, {"tone": "x"}, headers={"If-Match": tag}).status_code == 200


def test_looking_before_an_edit_uses_up_no_room(program, settings):
    settings.API_CALLER_PER_MINUTE = 2
    admin = program()
    tag = admin.get(PROFILE)["ETag"]

    assert admin.patch(PROFILE, {"tone": "x"}, headers={"If-Match": tag}).status_code == 200
    assert admin.get(PROFILE).status_code == 429


# -- keys that are kept


def test_a_kept_answer_ends_after_a_day(program):
    admin = program()
    post = {"headers": {"Idempotency-Key": "k"}}
    admin.post("/api/v1/api-keys/", {"name": "n8n"}, **post)
    KeptAnswer.objects.update(started_at=timezone.now() - timedelta(days=1, seconds=1))

    assert admin.post("/api/v1/api-keys/", {"name": "other"}, **post).status_code == 201
    KeptAnswer.objects.update(started_at=timezone.now() - timedelta(days=1, seconds=1))
    assert idempotency.forget_old_answers() == 1


def test_what_died_in_the_middle_may_be_tried_again_and_nothing_else(program):
    admin = program()
    post = {"headers": {"Idempotency-Key": "k"}}
    admin.post("/api/v1/api-keys/", {"name": "n8n"}, **post)
    KeptAnswer.objects.update(status=None, body=None)

    assert admin.post("/api/v1/api-keys/", {"name": "n8n"}, **post)["Retry-After"] == "1"
    KeptAnswer.objects.update(started_at=timezone.now() - timedelta(minutes=3))
    assert admin.post("/api/v1/api-keys/", {"name": "other"}, **post).status_code == 422
    assert admin.post("/api/v1/api-keys/", {"name": "n8n"}, **post).status_code == 201
    assert ApiKey.objects.filter(name="n8n").count() == 2

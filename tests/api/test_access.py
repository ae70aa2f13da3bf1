"""Who gets in, and what for."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants import context
from tenants.accounts.models import ApiKey
from tenants.services import create_api_key
from tests.api.conftest import Program


def test_a_key_says_who_asks(program):
    me = program("agent").get("/api/v1/users/me/").json()

    assert (me["role"], me["company"]) == ("agent", "north")
    assert me["actor"].startswith("key:")


def test_a_person_is_known_by_the_consoles_session(people):
    browser = Client(headers={"Host": "north.localhost"})
    browser.force_login(people["viewer"])

    assert browser.get("/api/v1/users/me/").json()["actor"] == people["viewer"].actor


def test_a_session_needs_the_csrf_token_to_change_anything(people):
    browser = Client(headers={"Host": "north.localhost"}, enforce_csrf_checks=True)
    browser.force_login(people["admin"])

    answer = browser.post("/api/v1/api-keys/", {"name": "x"}, content_type="application/json")

    assert answer.status_code == 403
    assert not ApiKey.objects.filter(name="x").exists()


def test_a_key_of_one_company_is_refused_at_every_other(program, south):
    key = program("admin", company=south).key

    assert Program(key, "south.localhost").get("/api/v1/users/me/").status_code == 200
    refused = Program(key, "north.localhost").get("/api/v1/users/me/")
    assert refused.status_code == 401
    # and the same key with the other company's name written over its own
    forged = key.replace("lw_south_", "lw_north_")
    assert Program(forged, "north.localhost").get("/api/v1/users/me/").status_code == 401


def test_the_public_host_has_no_api(program):
    assert Program(program().key, "localhost").get("/api/v1/users/me/").status_code == 404


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x",
        "lw_",
        "lw_north_",
        "lw_north_12345678_",
        "lw_north__x",
        "lw_north_zzzzzzzz_a",
        "lw_" * 999,
    ],
)
def test_what_is_no_key_is_refused(north, key):
    assert Program(key or "-").get("/api/v1/users/me/").status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_a_key_that_is_over_opens_nothing(program, changes):
    client = program()
    assert client.get("/api/v1/users/me/").status_code == 200

    ApiKey.objects.update(**changes)

    assert client.get("/api/v1/users/me/").status_code == 401


def test_a_key_is_shown_once_works_and_can_be_revoked(program):
    admin = program()
    made = admin.post("/api/v1/api-keys/", {"name": "n8n", "role": "viewer"})
    assert made.status_code == 201
    body = made.json()

    assert Program(body["key"]).get("/api/v1/users/me/").json()["role"] == "viewer"
    shown = admin.get(f"/api/v1/api-keys/{body['id']}/").json()
    assert "key" not in shown
    assert "digest" not in shown
    assert admin.post(f"/api/v1/api-keys/{body['id']}/revoke/").status_code == 200
    assert Program(body["key"]).get("/api/v1/users/me/").status_code == 401


def test_only_the_hash_of_a_key_is_kept(north):
    key, full_key = create_api_key(name="x", role="agent")

    assert full_key.rsplit("_", 1)[1] not in str(vars(key))


@pytest.mark.parametrize("role", ["agent", "viewer"])
@pytest.mark.parametrize("path", ["/api/v1/api-keys/", "/api/v1/users/", "/api/v1/audit-entries/"])
def test_keys_people_and_the_log_are_for_admins(program, role, path):
    assert program(role).get(path).status_code == 403
    assert program("admin").get(path).status_code == 200


def test_reading_is_not_for_everybody_who_signed_in(program):
    """DRF's own model permissions let any logged-in user read; ours ask the role table."""
    assert program("viewer").post("/api/v1/api-keys/1/revoke/").status_code == 403
    assert program("viewer").get("/api/v1/profile/").status_code == 200
    assert program("viewer").patch("/api/v1/profile/", {"tone": "rude"}).status_code == 403


def test_an_admin_changes_the_profile_and_the_log_says_so(program):
    admin = program()

    answer = admin.patch("/api/v1/profile/", {"tone": "Warm.", "languages": ["es", "en"]})

    assert (answer.status_code, answer.json()["languages"]) == (200, ["es", "en"])
    (entry,) = admin.get("/api/v1/audit-entries/?action=profile.changed").json()["results"]
    assert entry["details"] == {"fields": ["languages", "tone"]}
    assert entry["actor"].startswith("key:")


@pytest.mark.parametrize(
    "change",
    [
        {"languages": "es"},
        {"languages": ["español"]},
        {"confidence_gate": 1.5},
        {"refusal": {"es": ""}},
        {"retention_days": 0},
        {"quiet_from": "21:00"},
        {"quiet_from": "25:00", "quiet_to": "07:00"},
        {"tone": "x" * 201},
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(program, change):
    assert program().patch("/api/v1/profile/", change).status_code == 400


def test_lists_are_paged_by_position(program):
    admin = program()
    for number in range(5):
        create_api_key(name=f"key {number}", role="viewer")

    first = admin.get("/api/v1/api-keys/?page_size=4").json()
    create_api_key(name="meanwhile", role="viewer")
    second = admin.get(first["next"]).json()

    names = [row["name"] for row in first["results"] + second["results"]]
    assert names == ["key 4", "key 3", "key 2", "key 1", "key 0", "admin's program"]


def test_a_list_costs_the_same_for_one_row_and_for_many(program, django_assert_num_queries):
    admin = program()
    admin.get("/api/v1/api-keys/")
    with django_assert_num_queries(3):  # search path, the key, the list
        admin.get("/api/v1/api-keys/")
    for number in range(5):
        create_api_key(name=f"key {number}", role="viewer")
    context.enter("north")
    with django_assert_num_queries(3):
        admin.get("/api/v1/api-keys/")

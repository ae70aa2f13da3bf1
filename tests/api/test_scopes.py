"""Keys and tokens that may touch only some of what their role may."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import OctKey

from tenants import context
from tenants.accounts import credentials, roles, scopes
from tenants.accounts.models import ApiKey
from tenants.audit.models import AuditEntry
from tenants.live import Listener
from tenants.live_socket import _may_hear
from tenants.services import create_api_key
from tests.api.conftest import Program
from tests.api.routes import routes
from tests.walks import rows

# Answered for whoever got in, each with its reason.
FREE = {
    "/api/v1/users/me/": "says who asks",
    "/api/v1/tokens/": "a token has its maker's scopes at most",
    "/api/v1/live-token/": "events are sieved by the listener's role and scopes",
}
DESCRIPTION = ("/api/v1/schema/", "/api/v1/docs/")
KEYS = "/api/v1/api-keys/"
TOKENS = "/api/v1/tokens/"
ME = "/api/v1/users/me/"


def key_with(*held, role="admin"):
    return Program(create_api_key(name="narrow", role=role, scopes=held)[1])


def test_every_route_declares_the_scope_it_needs():
    walked = [route for route in routes() if route.path not in DESCRIPTION]
    without = [
        str(route)
        for route in walked
        if route.path not in FREE and not scopes.scope_of(route.right)
    ]

    assert len(walked) > 50
    assert without == []
    assert {route.path for route in walked if route.is_for_whoever_signed_in} == set(FREE)


def test_a_method_that_only_reads_asks_for_reading_only():
    wrong = [
        str(route)
        for route in routes()
        if route.method == "get"
        and route.path not in (*FREE, *DESCRIPTION)
        and not scopes.scope_of(route.right).endswith(":read")
    ]

    assert wrong == []


def test_every_model_stands_in_a_room():
    ours = [m for m in rows.company_models() if m.__module__.split(".")[0] in OURS]
    lost = [
        m._meta.label
        for m in ours
        if not scopes.scope_of(f"{m._meta.app_label}.view_{m._meta.model_name}")
    ]

    assert len(ours) > 20
    assert lost == []


OURS = {"tenants", "channels_app", "knowledge", "leads", "crm", "agents"}


def test_every_right_of_the_role_table_stands_in_a_room():
    rights = {right for row in roles.TABLE.values() for right in row if "*" not in right}

    assert [right for right in rights if not scopes.scope_of(right)] == []


def test_a_narrow_key_is_refused_by_every_route_of_another_room(north):
    rows.make_all()
    narrow = key_with("audit:read")
    narrow.raise_request_exception = False
    before = rows.fingerprint("north")

    passed = []
    for route in routes():
        if route.path in (*FREE, *DESCRIPTION) or scopes.scope_of(route.right) == "audit:read":
            continue
        answer = narrow.generic(route.method.upper(), route.of(rows.NUMBER, rows.IDENTIFIER))
        if answer.status_code != 403 or b"insufficient_scope" not in answer.content:
            passed.append((str(route), answer.status_code))

    assert passed == []
    assert rows.changed(before, rows.fingerprint("north")) == ["accounts_apikey"]  # its last use


def test_reading_is_not_writing_and_writing_is_also_reading(north):
    reads, writes = key_with("workspace:read"), key_with("workspace:write")

    assert reads.get("/api/v1/profile/").status_code == 200
    refused = reads.patch("/api/v1/profile/", {"tone": "Warm."})
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert "workspace:write" in refused.json()["detail"]
    assert writes.get("/api/v1/profile/").status_code == 200
    assert writes.patch("/api/v1/profile/", {"tone": "Warm."}).status_code == 200


def test_a_scope_gives_no_right_that_the_role_lacks(north):
    viewer = key_with("workspace:write", role="viewer")

    refused = viewer.patch("/api/v1/profile/", {"tone": "Rude."})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")


def test_a_key_makes_no_key_wider_than_itself(north):
    maker = key_with("access:write", "leads:read")

    assert maker.post(KEYS, {"name": "all"}).status_code == 400  # "*" is what is left out
    wider = maker.post(KEYS, {"name": "x", "scopes": ["leads:write"]})
    assert (wider.status_code, wider.json()["errors"][0]["attr"]) == (400, "scopes")
    made = maker.post(KEYS, {"name": "x", "scopes": ["leads:read"]})
    assert (made.status_code, made.json()["scopes"]) == (201, ["leads:read"])
    assert maker.post(KEYS, {"name": "x", "scopes": []}).status_code == 400
    assert maker.post(KEYS, {"name": "x", "scopes": ["moon:write"]}).status_code == 400


def test_making_and_revoking_a_key_stand_in_the_log(program):
    admin = program()
    made = admin.post(KEYS, {"name": "n8n", "scopes": ["leads:read"]}).json()
    admin.post(f"{KEYS}{made['id']}/revoke/")

    log = list(AuditEntry.objects.filter(subject=f"api_key:{made['id']}").order_by("sequence"))
    assert [entry.action for entry in log] == ["api_key.created", "api_key.revoked"]
    assert log[0].details == {"role": "agent", "scopes": ["leads:read"]}
    assert made["key"] not in str([entry.details for entry in log])


def test_a_use_is_noted_once_a_minute(north):
    client = key_with("*")

    def used_at():
        client.get(ME)
        return ApiKey.objects.values_list("last_used_at", flat=True).get(name="narrow")

    first = used_at()
    assert used_at() == first
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    assert used_at() > first


# -- tokens


def token_from(client, **body):
    made = client.post(TOKENS, body)
    assert made.status_code == 201, made.content
    return made.json()


def test_a_token_speaks_for_its_key_with_fewer_scopes(north):
    client = key_with("leads:read", "knowledge:write")
    made = token_from(client, scopes=["knowledge:read"])
    bearer = Program(made["access_token"])

    assert (made["token_type"], made["expires_in"], made["scope"]) == (
        "Bearer",
        900,
        "knowledge:read",
    )
    assert bearer.get(ME).json()["actor"] == client.get(ME).json()["actor"]
    assert bearer.get(ME).json()["scopes"] == ["knowledge:read"]
    assert bearer.get("/api/v1/knowledge/documents/").status_code == 200
    assert bearer.get("/api/v1/leads/").status_code == 403
    assert client.post(TOKENS, {"scopes": ["crm:read"]}).json()["code"] == "insufficient_scope"


def test_a_token_speaks_for_a_person(people):
    browser = Client(headers={"Host": "north.localhost"})
    browser.force_login(people["agent"])
    made = browser.post(TOKENS, {}, content_type="application/json").json()
    bearer = Program(made["access_token"])

    assert bearer.get(ME).json()["actor"] == people["agent"].actor
    people["agent"].is_active = False
    people["agent"].save()
    assert bearer.get(ME).status_code == 401


def test_a_token_ends_with_its_key_and_makes_no_token(north):
    client = key_with("*")
    bearer = Program(token_from(client)["access_token"])

    assert bearer.post(TOKENS, {}).json()["code"] == "token_from_token"
    ApiKey.objects.update(scopes=["audit:read"])
    assert bearer.get("/api/v1/leads/").status_code == 403
    ApiKey.objects.update(revoked_at=timezone.now())
    assert bearer.get(ME).status_code == 401


def test_a_token_lives_no_longer_than_its_key(north):
    ends = timezone.now() + timedelta(seconds=60)
    key = create_api_key(name="x", role="admin", expires_at=ends)[1]

    assert token_from(Program(key))["expires_in"] <= 60


def test_a_token_of_one_company_is_refused_at_another(program, south):
    theirs = program("admin", company=south, host="south.localhost")
    token = token_from(theirs)["access_token"]

    assert Program(token, "south.localhost").get(ME).status_code == 200
    assert Program(token, "north.localhost").get(ME).status_code == 401
    # and the other company's name written over its own, under another secret
    claims = jwt.decode(token, _secret_of(south), algorithms=["HS256"]).claims
    forged = jwt.encode(
        {"alg": "HS256", "typ": "at+jwt"}, {**claims, "aud": "north"}, _secret_of(south)
    )
    assert Program(forged, "north.localhost").get(ME).status_code == 401


@pytest.mark.parametrize(
    ("header", "change"),
    [
        ({"alg": "HS256", "typ": "JWT"}, {}),
        ({"alg": "HS256", "typ": "at+jwt"}, {"exp": 1}),
        ({"alg": "HS256", "typ": "at+jwt"}, {"aud": "south"}),
        ({"alg": "HS256", "typ": "at+jwt"}, {"iss": "other"}),
        ({"alg": "HS256", "typ": "at+jwt"}, {"sub": "system"}),
        ({"alg": "HS256", "typ": "at+jwt"}, {"sub": "user:ff"}),
        ({"alg": "HS256", "typ": "at+jwt"}, {"sub": "user:999999"}),
        ({"alg": "HS256", "typ": "at+jwt"}, {"exp": "soon"}),
        ({"alg": "HS384", "typ": "at+jwt"}, {}),
    ],
)
def test_a_token_we_would_not_make_opens_nothing(north, people, header, change):
    claims = {"iss": "leadwire", "aud": "north", "sub": people["admin"].actor, "exp": 9_999_999_999}
    text = jwt.encode(
        header,
        {**claims, **change, "scope": "*"},
        credentials._secret(),
        algorithms=[header["alg"]],
    )

    assert Program(text).get(ME).status_code == 401


@pytest.mark.parametrize("text", ["a.b.c", "..", "e30.e30.e30", "x" * 5_000 + "..", "lw_.a.b"])
def test_what_is_no_token_opens_nothing(north, text):
    assert Program(text).get(ME).status_code == 401


def _secret_of(company) -> OctKey:
    with context.inside(company):
        return credentials._secret()


# -- live events


def test_a_narrow_listener_hears_of_its_room_only():
    class Event:
        permission = "leads.view_lead"

    hears = Listener("north", "h", "key:x", "admin", ("leads:read",))
    deaf = Listener("north", "h", "key:x", "admin", ("audit:read",))

    assert _may_hear(hears, Event())
    assert not _may_hear(deaf, Event())

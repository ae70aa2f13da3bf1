"""Every error of the API has one shape, whoever notices it."""

import json
from base64 import b64encode

import pytest
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.plugins.errors import RateLimited


def assert_problem(answer, status, code=None):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/problem+json")
    body = json.loads(answer.content)
    assert (body["status"], body["type"]) == (status, "about:blank")
    assert body["title"]
    assert body["detail"]
    if code:
        assert body["code"] == code
    return body


def test_an_unknown_address(program):
    assert_problem(program().get("/api/v1/nothing/"), 404, "not_found")
    assert_problem(program().get("/api/"), 404, "not_found")
    assert_problem(program().get("/api/v1/api-keys/999999/"), 404, "not_found")


def test_a_method_that_is_not_taken(program):
    assert_problem(program().delete("/api/v1/users/"), 405, "method_not_allowed")


def test_a_body_that_cannot_be_read(program):
    key = program().key
    broken = program().generic("POST", "/api/v1/api-keys/", "{", content_type="application/json")
    assert_problem(broken, 400, "parse_error")
    xml = program().generic("POST", "/api/v1/api-keys/", "<a/>", content_type="text/xml")
    assert_problem(xml, 415, "unsupported_media_type")
    assert key


@pytest.mark.parametrize("name", ["\0", "\ud800"], ids=["nul", "half a pair"])
def test_a_name_that_is_no_text_is_the_callers_mistake(program, name):
    body = {"questions": ["When do you open?"], "answers": {name: "At nine."}}
    answer = program().post("/api/v1/knowledge/answers/", body)
    assert_problem(answer, 400, "parse_error")


MANY = "&".join(f"leads={number}" for number in range(1_001))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", MANY),
        (
            "multipart/form-data; boundary=B",
            "".join(
                f'--B\r\nContent-Disposition: form-data; name="leads"\r\n\r\n{number}\r\n'
                for number in range(1_001)
            )
            + "--B--\r\n",
        ),
    ],
    ids=["urlencoded", "multipart"],
)
def test_a_form_of_too_many_fields_is_the_callers_mistake(program, kind, body):
    answer = program().generic("POST", "/api/v1/leads/change-many/", body, content_type=kind)
    assert_problem(answer, 400, "parse_error")


def test_an_address_of_too_many_words_is_the_callers_mistake(program):
    assert_problem(program().get(f"/api/v1/leads/?{MANY}"), 400, "parse_error")


def test_nobody_in_particular(stranger):
    answer = stranger.get("/api/v1/users/")

    assert_problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_role_that_may_not(program):
    assert_problem(program("viewer").get("/api/v1/api-keys/"), 403, "permission_denied")


def test_each_field_that_is_wrong_is_named(program):
    body = assert_problem(program().post("/api/v1/api-keys/", {"role": "king"}), 400, "required")

    assert {error["attr"] for error in body["errors"]} == {"name", "role"}


def test_what_a_service_refuses_is_a_field_error_too(program):
    body = assert_problem(
        program().post("/api/v1/api-keys/", {"name": "x", "expires_at": "2001-01-01T00:00:00Z"}),
        400,
    )

    assert [error["attr"] for error in body["errors"]] == ["expires_at"]


@pytest.mark.parametrize("cursor", ["x", "%00", "cD0xJnA9", "%ff"])
def test_a_cursor_that_is_none_of_ours(program, cursor):
    answer = program().get(f"/api/v1/audit-entries/?cursor={cursor}")
    assert answer.status_code in {200, 404}


class Failing(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    error: Exception = ZeroDivisionError("the secret inside")

    def get(self, request):
        raise self.error

    def post(self, request):
        return Response({})


urlpatterns = [
    path("api/v1/broken/", Failing.as_view()),
    path("api/v1/vendor/", Failing.as_view(error=RateLimited("slow down", code="80007"))),
]


@pytest.mark.urls("tests.api.test_problems")
def test_what_nobody_foresaw_tells_nothing_of_the_inside(program):
    client = program()
    client.raise_request_exception = False

    answer = client.get("/api/v1/broken/")

    assert_problem(answer, 500)
    assert b"secret" not in answer.content


@pytest.mark.urls("tests.api.test_problems")
def test_a_vendor_that_fails_is_a_bad_gateway(program):
    assert_problem(program().get("/api/v1/vendor/"), 502, "RateLimited")


def test_no_answer_is_kept_by_a_cache(program):
    assert program().get("/api/v1/users/me/")["Cache-Control"] == "no-store"


@pytest.mark.parametrize("position", ["x", "';--", "\0", "1 OR 1=1"])
def test_a_cursor_that_is_none_of_ours_leads_nowhere(program, position):
    cursor = b64encode(f"p={position}".encode()).decode()

    answer = program("admin").get("/api/v1/contacts/", {"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_json_nested_beyond_reason_is_a_bad_request(program):
    deep = program("agent").generic(
        "POST", "/api/v1/chat/", "[" * 100_000, content_type="application/json"
    )
    assert_problem(deep, 400, "parse_error")

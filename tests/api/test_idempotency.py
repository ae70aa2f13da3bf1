"""A POST that is sent twice happens once."""

from tenants import context
from tenants.accounts.models import ApiKey
from tenants.api import idempotency
from tenants.redis import client

KEYS = "/api/v1/api-keys/"


def post(program, name="n8n", key="order-1"):
    return program.post(KEYS, {"name": name}, headers={"Idempotency-Key": key})


def made():
    return ApiKey.objects.filter(name="n8n").count()


def test_the_second_answer_is_the_first(program):
    admin = program()

    first, second = post(admin), post(admin)

    assert (first.status_code, made()) == (201, 1)
    assert second.content == first.content
    assert second["Content-Type"] == first["Content-Type"]
    assert (second["Idempotency-Replayed"], "Idempotency-Replayed" in first) == ("true", False)


def test_other_keys_and_no_keys_are_other_deeds(program):
    admin = program()
    post(admin, key="a")
    post(admin, key="b")
    admin.post(KEYS, {"name": "n8n"})
    admin.post(KEYS, {"name": "n8n"})

    assert made() == 4


def test_a_key_is_its_callers_own(program, south):
    post(program())
    post(program())

    assert made() == 2
    elsewhere = program(company=south, host="south.localhost")
    assert post(elsewhere).status_code == 201


def test_a_key_used_for_something_else_is_a_mistake(program):
    admin = program()
    post(admin)

    answer = post(admin, name="other")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key")


def test_while_the_first_still_runs_the_second_is_told(program, monkeypatch):
    admin = program()
    monkeypatch.setattr(idempotency, "finish", lambda *args: None)
    monkeypatch.setattr("tenants.api.middleware.finish", lambda *args: None)
    post(admin)

    assert (post(admin).status_code, made()) == (409, 1)


def test_a_refusal_of_the_data_is_an_outcome_and_a_refusal_of_the_caller_is_none(program):
    admin = program()
    assert post(admin, name="").status_code == 400
    assert post(admin, name="")["Idempotency-Replayed"] == "true"
    viewer = program("viewer")
    assert post(viewer).status_code == 403
    assert "Idempotency-Replayed" not in post(viewer)


def test_a_revoked_key_gets_no_old_answers(program):
    admin = program()
    post(admin)
    ApiKey.objects.filter(name="admin's program").delete()

    assert post(admin).status_code == 401


def test_what_is_kept_outlives_the_queue_and_cannot_be_read_at_rest(program):
    answer = post(admin := program())
    client().flushdb()

    with context.connection.cursor() as cursor:
        cursor.execute("SELECT body FROM workspace_keptanswer")
        ((kept,),) = cursor.fetchall()
    assert answer.json()["key"].encode() not in bytes(kept)
    assert b"n8n" not in bytes(kept)
    assert post(admin).content == answer.content


def test_a_key_without_end_is_refused(program):
    assert post(program(), key="x" * 300).status_code == 400

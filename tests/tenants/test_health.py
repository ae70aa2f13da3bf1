"""What a load balancer and Prometheus are told."""

import pytest

from config import health
from tenants import context


@pytest.fixture(autouse=True)
def nothing_remembered():
    health._migrated.clear()
    yield
    health._migrated.clear()


@pytest.mark.parametrize("host", ["north.localhost", "localhost", "10.1.2.3", "nobody.example"])
def test_health_is_answered_on_every_host(client, north, host):
    assert client.get("/healthz", headers={"Host": host}).json() == {"status": "ok"}
    ready = client.get("/readyz", headers={"Host": host})

    assert (ready.status_code, ready.json()["checks"]) == (
        200,
        {"database": "ok", "queue": "ok", "migrations": "ok"},
    )


def test_a_queue_that_is_away_is_named(client, north, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["queue"] == "unreachable (ConnectionError)"
    assert client.get("/healthz").status_code == 200


def test_a_database_that_is_away_is_named(client, north, monkeypatch):
    nowhere = {"dbname": "x", "host": "127.0.0.1", "port": 1}
    monkeypatch.setattr(context.connection, "get_connection_params", lambda: nowhere)

    checks = client.get("/readyz").json()["checks"]

    assert checks["database"] == "unreachable (OperationalError)"
    assert checks["migrations"] == "unknown"


def test_a_company_that_was_not_migrated_is_named(client, north):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'workspace'")

    assert client.get("/readyz").json()["checks"]["migrations"] == "pending in north"


def test_a_ready_process_asks_for_no_row_twice(client, north, django_assert_max_num_queries):
    client.get("/readyz")
    with django_assert_max_num_queries(3):
        client.get("/readyz")


@pytest.mark.parametrize(
    ("token", "headers", "address", "status"),
    [
        ("", {}, "127.0.0.1", 200),
        ("", {}, "10.0.0.9", 404),
        ("", {"X-Forwarded-For": "203.0.113.9"}, "127.0.0.1", 404),
        ("s3", {}, "127.0.0.1", 404),
        ("s3", {"Authorization": "Bearer wrong"}, "10.0.0.9", 404),
        ("s3", {"Authorization": "Bearer s3"}, "10.0.0.9", 200),
    ],
)
def test_metrics_are_for_the_operator(client, public, settings, token, headers, address, status):
    settings.METRICS_TOKEN = token

    answer = client.get("/metrics", headers={"Host": "localhost", **headers}, REMOTE_ADDR=address)

    assert answer.status_code == status


def test_metrics_count_requests_and_queues(client, public):
    client.get("/nowhere", headers={"Host": "localhost"})

    text = client.get("/metrics", headers={"Host": "localhost"}).content.decode()

    assert 'leadwire_request_seconds_count{method="GET",status="4xx"}' in text
    assert 'leadwire_queue_messages{queue="thinking",state="waiting"}' in text


def test_metrics_are_not_served_on_a_companys_host(client, north):
    assert b"leadwire_" not in client.get("/metrics").content

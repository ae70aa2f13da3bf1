"""Logs say what happened, in JSON, with a request id, and nothing that is anybody's own."""

import io
import json
import logging
import logging.config
import time

import dramatiq
import pytest
import structlog
from django.conf import settings as project
from dramatiq.message import Message

from config import logs
from tenants.jobs import TenantMiddleware


@pytest.fixture
def lines(monkeypatch):
    """What goes to stderr while a test logs, as dictionaries."""
    out = io.StringIO()
    config = logs.configure(level="INFO", form="json")
    config["handlers"]["stderr"]["stream"] = out
    logging.config.dictConfig(config)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    logging.config.dictConfig(project.LOGGING)


PRIVATE = [
    "ana.lopez@example.com",
    "+34600111222",
    "lw_north_1a2b3c4d_abcDEF-123",
    "sk-ant-api03-AAAAAAAAAAAAAAAAAAAA",
    "123456:AAH-token_of_a_bot",
    "hunter2",
]


def test_free_text_loses_what_is_private(lines):
    log = structlog.get_logger("leadwire.test")

    log.warning(
        "ana.lopez@example.com wrote from +34600111222 with lw_north_1a2b3c4d_abcDEF-123,"
        " Bearer sk-ant-api03-AAAAAAAAAAAAAAAAAAAA"
        " at https://api.telegram.org/bot123456:AAH-token_of_a_bot/sendMessage"
        " and postgresql://leadwire:hunter2@db/leadwire"
    )
    logging.getLogger("some.library").error("failed for %s", "ana.lopez@example.com")

    written = json.dumps(lines())
    assert len(lines()) == 2
    assert not [secret for secret in PRIVATE if secret in written]


def test_named_secrets_are_masked_wherever_they_stand(lines):
    structlog.get_logger("t").info(
        "connected",
        access_token="hunter2",
        config={"app_secret": "hunter2", "page": "42"},
        customer_email="ana.lopez@example.com",
        keyboard="qwerty",
    )

    (line,) = lines()
    assert (line["access_token"], line["config"]) == (
        "[masked]",
        {"app_secret": "[masked]", "page": "42"},
    )
    assert line["customer_email"] == "[masked]"
    assert line["keyboard"] == "qwerty"


def test_an_exception_keeps_its_trace_and_loses_its_data(lines):
    try:
        raise ValueError("no such person: ana.lopez@example.com")
    except ValueError:
        structlog.get_logger("t").exception("failed")

    (line,) = lines()
    assert "test_an_exception_keeps" in line["exception"]
    assert "ana.lopez" not in line["exception"]


def test_a_row_quoted_by_the_database_is_left_out(lines):
    structlog.get_logger("t").error("IntegrityError: taken\nDETAIL:  Key (name)=(Ana López)")

    assert "López" not in lines()[0]["event"]


def test_ids_and_times_stay_readable(lines):
    structlog.get_logger("t").info("done", run=1234567890123, milliseconds=12.5, at="2026-11-20")

    (line,) = lines()
    assert (line["run"], line["milliseconds"], line["at"]) == (1234567890123, 12.5, "2026-11-20")


def test_a_request_is_one_line_with_its_route_and_without_its_data(lines, client, north):
    response = client.get(
        "/accounts/password/reset/key/1-hunter2/?email=ana.lopez@example.com",
        headers={"X-Request-ID": "trace-42-abcdef"},
    )

    (line,) = [line for line in lines() if line["event"] == "request"]
    assert response["X-Request-ID"] == line["request_id"] == "trace-42-abcdef"
    assert (line["schema"], line["method"], line["status"]) == ("north", "GET", 200)
    assert "hunter2" not in json.dumps(line)
    assert "ana.lopez" not in json.dumps(line)


@pytest.mark.parametrize("claimed", ["", "short", "x" * 65, "bad id with spaces", "a\x7fbcdefghi"])
def test_a_request_id_that_cannot_be_trusted_is_replaced(client, north, claimed):
    answered = client.get("/healthz-not", headers={"X-Request-ID": claimed})["X-Request-ID"]

    assert answered != claimed
    assert len(answered) == 32


def test_a_job_carries_the_number_of_the_request_that_asked_for_it(north):
    broker = dramatiq.get_broker()
    message: Message = Message("ingest", "send", (), {}, {})
    with structlog.contextvars.bound_contextvars(request_id="trace-42-abcdef"):
        TenantMiddleware().before_enqueue(broker, message, None)
    TenantMiddleware().before_process_message(broker, message)

    bound = structlog.contextvars.get_contextvars()
    assert (bound["request_id"], bound["schema"], bound["job"]) == (
        "trace-42-abcdef",
        "north",
        "send",
    )
    TenantMiddleware().after_process_message(broker, message)
    assert "request_id" not in structlog.contextvars.get_contextvars()


def test_sentry_gets_nobodys_data():
    event = {
        "request": {
            "url": "https://north.example/reset/hunter2",
            "data": {"password": "hunter2"},
            "cookies": {"sessionid": "hunter2"},
            "headers": {"Authorization": "Bearer hunter2"},
            "query_string": "token=hunter2",
            "method": "POST",
        },
        "exception": {"values": [{"type": "ValueError", "value": "ana.lopez@example.com"}]},
        "logentry": {"message": "to +34600111222", "params": ["hunter2"]},
    }

    sent = json.dumps(logs._without_private_data(event, {}))

    assert not [secret for secret in PRIVATE if secret in sent]
    assert "POST" in sent


@pytest.mark.parametrize("text", ["a" * 40_000, "_" * 40_000, "1-" * 20_000])
def test_a_long_text_is_masked_in_little_time(text):
    begun = time.thread_time()
    assert logs.masked(text) == text
    assert time.thread_time() - begun < 2

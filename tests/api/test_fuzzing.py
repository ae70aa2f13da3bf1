"""Schemathesis over the whole API: whatever the description allows, and much that it forbids.

Each operation is asked a few times, with ids of rows that are there and with any; nothing falls
over, and every answer is one the description names, in the shape it names. ``FUZZ_EXAMPLES=200``
looks longer. https://schemathesis.readthedocs.io
"""

import os
from functools import cache

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import FailureGroup

from tenants import context
from tenants.plugins import http
from tenants.plugins.errors import Unavailable
from tenants.services import create_api_key
from tests.walks import rows

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# An answer of fewer fields is not the whole resource that the description shows.
NARROWING = "fields"


@cache
def described():
    with GENERATOR_STATS.silence():
        schema = SchemaGenerator().get_schema(request=None, public=True)
    return schemathesis.openapi.from_dict(schema)


def operations():
    return [found.ok() for found in described().get_all_operations()]


@pytest.fixture
def caller(north, monkeypatch, settings):
    """Send a case to the real application as an admin's program; nothing of it stays."""
    settings.API_CALLER_PER_MINUTE = settings.API_COMPANY_PER_MINUTE = 10_000_000
    monkeypatch.setattr(http, "_client", no_way_out)
    rows.make_all()
    key = create_api_key(name="fuzz", role="admin")[1]
    app = get_wsgi_application()

    def send(case):
        case.operation.app = app
        if isinstance(case.query, dict):
            case.query.pop(NARROWING, None)
        # What is kept under a key is written after the deed; where that was refused within our
        # outer transaction, which no real request has, nothing more can be.
        if case.headers:
            case.headers.pop("Idempotency-Key", None)
        with transaction.atomic():
            try:
                return case.call(
                    base_url="http://north.localhost", headers={"Authorization": f"Bearer {key}"}
                )
            finally:
                context.enter("north")
                transaction.set_rollback(True)

    # A real request gives its connection back; ours is the test's, transaction and all.
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield send
    for signal in signals:
        signal.connect(close_old_connections)


def no_way_out(**kwargs):
    raise Unavailable("nobody is called from here")


def real_ids(operation):
    """The row that is there, under whichever kind of id the route takes."""
    kinds = {each.name: each.definition.get("schema", {}) for each in operation.path_parameters}
    return {
        name: str(rows.IDENTIFIER) if schema.get("format") == "uuid" else rows.NUMBER
        for name, schema in kinds.items()
    }


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_nothing_falls_over_and_every_answer_is_as_described(caller, mode):
    failures = []
    for operation in operations():
        known = real_ids(operation)
        strategies = [operation.as_strategy(mode)]
        if known:
            strategies.append(operation.as_strategy(mode, path_parameters=known))

        @FUZZ
        @seed(20_261_120)
        @given(case=st.one_of(strategies))
        def ask(case):
            case.validate_response(caller(case), checks=CHECKS)

        try:
            ask()
        except FailureGroup as group:
            failures += [f"{operation.label}: {failure}" for failure in group.exceptions]

    assert failures == [], "\n\n".join(failures)

"""Spans of a run, its steps and its model calls, as a collector gets them."""

import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from agents.models import Run
from tenants import tracing
from tests.agents.test_remembering import QUESTION, asks, claude  # noqa: F401 (fixtures)
from tests.contracts.model_server import Said

NAME, EMAIL = "Zebulon Quartzwell", "zeb@canary.example"


@pytest.fixture
def collector(settings):
    """An OTLP endpoint; ``collected()`` waits for what was sent and gives the spans."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_packed = self.headers.get("Content-Encoding") == "gzip"
            bodies.append(gzip.decompress(body) if is_packed else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = f"http://127.0.0.1:{server.server_port}"
    tracing._tracer.cache_clear()

    def collected() -> list[Span]:
        tracing._tracer().span_processor.force_flush()
        requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    yield collected
    tracing._tracer().span_processor.shutdown()
    tracing._tracer.cache_clear()
    server.shutdown()
    server.server_close()


def said(span):
    values = {}
    for pair in span.attributes:
        kind = pair.value.WhichOneof("value")
        values[pair.key] = getattr(pair.value, kind)
    return values


def told(spans):
    """What spans say in words: their names, what they carry, their events; no ids and no clocks,
    whose digits may spell anything.
    """
    for span in spans:
        yield span.name
        yield span.status.message
        yield from (f"{name} {value}" for name, value in said(span).items())
        for event in span.events:
            yield event.name
            yield from (f"{name} {value}" for name, value in said(event).items())


def test_a_run_its_steps_and_its_calls(collector, asks):  # noqa: F811
    run, _ = asks(f"{QUESTION} I am {NAME}, {EMAIL}")
    spans = collector()

    [root] = [span for span in spans if not span.parent_span_id]
    assert root.name == "invoke_agent leadwire"
    assert said(root)["leadwire.outcome"] == run.outcome == "sent"
    assert said(root)["leadwire.company"] == "north"
    by_id = {span.span_id: span for span in spans}
    chats = [span for span in spans if span.name.startswith("chat ")]
    assert [by_id[chat.parent_span_id].name for chat in chats] == ["step classify", "step reply"]
    for chat in chats:
        attributes = said(chat)
        assert chat.kind == Span.SPAN_KIND_CLIENT
        assert attributes["gen_ai.operation.name"] == "chat"
        assert attributes["gen_ai.provider.name"] == "anthropic"
        assert attributes["gen_ai.request.model"].startswith("claude-")
        assert (attributes["gen_ai.usage.input_tokens"], attributes["server.address"]) == (
            *(42, "127.0.0.1"),
        )
        assert attributes["leadwire.cost.usd"] > 0
        assert "gen_ai.input.messages" not in attributes
    everything = "\n".join(told(spans))
    assert "Quartzwell" not in everything
    assert EMAIL not in everything
    assert "349" not in everything


def test_prompts_only_where_asked_for_and_then_with_placeholders(collector, asks, settings):  # noqa: F811
    settings.OTEL_PROMPTS = True
    asks(f"{QUESTION} I am {NAME}, {EMAIL}")

    told = [said(s)["gen_ai.input.messages"] for s in collector() if s.name.startswith("chat ")]
    assert len(told) == 2
    assert "⟦NAME_1⟧" in told[0]
    assert "Quartzwell" not in str(told)


def test_a_call_that_failed_says_so_and_no_more(collector, asks, claude):  # noqa: F811
    claude.thinks = None
    claude.say(Said(status=500, body={"error": {"message": "You sent zeb@canary.example"}}))
    asks(QUESTION)

    failed = [span for span in collector() if "error.type" in said(span)]
    assert {said(span)["error.type"] for span in failed} == {"Unavailable"}
    assert "canary" not in str(failed)
    assert Run.objects.get().outcome == "sent"


def test_elsewhere_nothing_is_loaded():
    """A process without an endpoint imports neither spans nor exporter.

    The client of Valkey imports the SDK's metrics by itself wherever they are installed.
    """
    code = (
        "import django; django.setup(); import sys; import agents.services.thinking as t;"
        "from tenants.tracing import span\n"
        "with span('x', a=1) as s: s.set_attributes({'b': 2})\n"
        "heavy = ('opentelemetry.sdk.trace', 'opentelemetry.exporter', 'google.protobuf')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    done = subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings_test"},
    )
    assert done.stdout.strip() == "[]", done.stderr

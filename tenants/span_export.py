"""OpenTelemetry itself: loaded where spans are wanted only. See ``tenants.tracing``."""

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Tracer


def tracer(endpoint: str) -> Tracer:
    """One a process; spans leave in batches, from a thread of their own."""
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "leadwire"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider.get_tracer("leadwire")

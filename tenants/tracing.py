"""Spans for OpenTelemetry, where an endpoint is set; elsewhere nothing is loaded and nothing done.

Names and attributes follow the conventions for generative AI, which are still in development:
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/. No span holds anybody's data:
ids, counts and codes only.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings

from tenants import context


class Span(Protocol):
    """As much of a span as we write."""

    def set_attributes(self, attributes: Any) -> None: ...


class _Nothing:
    def set_attributes(self, attributes: Any) -> None:
        """Nobody listens."""


_NOTHING = nullcontext[Span](_Nothing())


def span(name: str, *, is_call: bool = False, **attributes: Any) -> AbstractContextManager[Span]:
    """Time what happens inside, as a child of the span around it.

    ``is_call``: we wait for somebody else's server. In names of attributes ``__`` is a dot.
    """
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return _NOTHING
    return _span(name, is_call, attributes)


def named(**attributes: Any) -> dict[str, Any]:
    """Attributes with their dots, without those that have no value."""
    return {
        name.replace("__", "."): value for name, value in attributes.items() if value is not None
    }


@contextmanager
def _span(name: str, is_call: bool, attributes: dict[str, Any]) -> Iterator[Span]:
    said = named(**attributes, leadwire__company=context.schema())
    with _tracer().start_as_current_span(
        name,
        kind=_api().SpanKind.CLIENT if is_call else _api().SpanKind.INTERNAL,
        attributes=said,
        record_exception=False,  # a message may quote what was sent
        set_status_on_exception=False,
    ) as started:
        try:
            yield started
        except BaseException as error:
            started.set_attributes({"error.type": type(error).__name__})
            started.set_status(_api().StatusCode.ERROR)
            raise


@lru_cache(maxsize=1)
def _tracer() -> Any:
    """Made with the first span, and so after a server has forked its workers."""
    return import_module("tenants.span_export").tracer(settings.OTEL_EXPORTER_OTLP_ENDPOINT)


@lru_cache(maxsize=1)
def _api() -> Any:
    return import_module("opentelemetry.trace")

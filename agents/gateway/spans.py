"""A model call as OpenTelemetry's conventions for generative AI describe it.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

import json
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

from django.conf import settings

from agents.gateway.calls import Call
from agents.providers.base import LlmProvider, Question
from tenants.tracing import Span, named, span


def call_span(
    provider: LlmProvider, question: Question, route: str
) -> AbstractContextManager[Span]:
    """Around one question to one model; words stand in it only where they were asked for."""
    kind, _, model = route.partition("/")
    return span(
        f"chat {model}",
        is_call=provider.is_remote,
        gen_ai__operation__name="chat",
        gen_ai__provider__name=kind,
        gen_ai__request__model=model,
        gen_ai__request__max_tokens=question.max_tokens,
        gen_ai__output__type="json" if question.schema else "text",
        gen_ai__input__messages=_messages(question) if settings.OTEL_PROMPTS else None,
        server__address=urlsplit(provider.account.base_url).hostname,
        leadwire__task=question.task,
    )


def tell(started: Span, call: Call) -> None:
    """What it took."""
    started.set_attributes(
        named(
            gen_ai__usage__input_tokens=call.input_tokens,
            gen_ai__usage__output_tokens=call.output_tokens,
            gen_ai__usage__cache_read__input_tokens=call.cached_tokens or None,
            leadwire__cost__usd=float(call.cost),
        )
    )


def _messages(question: Question) -> str:
    """As they leave the house: with placeholders, where the company hides what is personal."""
    turns = [("system", question.whole_system), *((t.role, t.content) for t in question.messages)]
    return json.dumps(
        [
            {"role": role, "parts": [{"type": "text", "content": words}]}
            for role, words in turns
            if words
        ],
        ensure_ascii=False,
    )

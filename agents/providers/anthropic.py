"""Claude. https://platform.claude.com/docs/en/api/messages"""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

import anthropic
import httpx2
from anthropic.types import Message

from agents.providers.base import (
    Account,
    Answer,
    ChatMessage,
    Clock,
    LlmProvider,
    Question,
    ToolCall,
    patience,
    strict_schema,
)
from tenants.plugins import http
from tenants.plugins.errors import ProviderError, Rejected, Unavailable, kind_of

# From how many tokens on a prompt's beginning is kept, by what a model's name begins with.
# https://platform.claude.com/docs/en/build-with-claude/prompt-caching#cache-limitations
KEPT_FROM = (
    ("claude-haiku-5", 512),
    ("claude-opus-5", 512),
    ("claude-sonnet-", 1_024),
    ("claude-opus-4-8", 1_024),
    ("claude-opus-4-7", 2_048),
)
MOST_KEPT_FROM = 4_096
KEPT_SECONDS = 300.0
MOST_PREFIXES = 1_000
BYTES_A_TOKEN = 4  # of a prompt in English; other letters take more tokens, not fewer
# An answer to a customer needs no long thought, and thought is billed as output.
# https://platform.claude.com/docs/en/build-with-claude/effort
THINKS = ("claude-haiku-5", "claude-sonnet-5", "claude-opus-5", "claude-sonnet-4-6")


class Anthropic(LlmProvider):
    models = {
        "understand": "claude-haiku-5-5",
        "draft": "claude-haiku-5-5",
        "reply": "claude-sonnet-5-5",
        "chat": "claude-sonnet-5-5",
        "summarise": "claude-haiku-5-5",
    }

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._client = anthropic.Anthropic(
            api_key=account.api_key, base_url=account.base_url, max_retries=0
        )
        self._kept = Prefixes()

    def answer(self, question: Question, *, model: str, timeout: float) -> Answer:
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": question.max_tokens,
            "messages": [_turn(turn) for turn in question.messages],
        }
        if question.whole_system:
            body["system"] = self._system(question, model)
        if how := _how(question, model):
            body["output_config"] = how
        if question.tools:
            body["tools"] = [
                {
                    "name": tool.name,
                    "description": tool.description,
                    "input_schema": strict_schema(tool.arguments),
                }
                for tool in question.tools
            ]
        if self.account.streams or question.listener is not None:
            return self._read(body, timeout, question.listener)
        try:
            # The typed method walks messages and schema through its unions: 2 ms of every call.
            message = self._client.post(
                "/v1/messages",
                cast_to=Message,
                body=body,
                options={"timeout": patience(timeout)},
            )
        except anthropic.AnthropicError as error:
            raise _mapped(error) from error
        except ValueError as error:  # a 200 whose body is not the JSON it says it is
            raise Unavailable(f"Unreadable answer: {error}") from error
        return _answer(message)

    def _system(self, question: Question, model: str) -> str | list[dict[str, Any]]:
        """As one text; in parts, the first to be kept, where it was asked with lately."""
        told = "".join(f"{t.name}{t.description}" for t in question.tools) + question.system
        least = next((n for start, n in KEPT_FROM if model.startswith(start)), MOST_KEPT_FROM)
        if not question.system or len(told.encode()) // BYTES_A_TOKEN < least:
            return question.whole_system
        if not self._kept.is_known(f"{model}\n{told}"):
            return question.whole_system
        first = {"type": "text", "text": question.system, "cache_control": {"type": "ephemeral"}}
        return [first, *([{"type": "text", "text": question.aside}] if question.aside else [])]

    def _read(
        self, body: dict[str, Any], timeout: float, listener: Callable[[str], None] | None
    ) -> Answer:
        """The answer put together from its events."""
        clock, whole = Clock(timeout), Pieces(listener)
        try:
            events = self._client.post(
                "/v1/messages",
                cast_to=object,
                body={**body, "stream": True},
                options={"timeout": patience(timeout)},
                stream=True,
                stream_cls=anthropic.Stream[object],
            )
            for event in events:
                clock.tick()
                whole.add(event)
        except anthropic.AnthropicError as error:
            raise _mapped(error) from error
        except (httpx2.HTTPError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise Unavailable(f"The stream broke off: {error}") from error
        return whole.answer()


class Prefixes:
    """Which beginnings of prompts were asked with in the last minutes.

    Writing to the cache costs a quarter more than asking: who asks once in a while shall not pay
    for it. So a beginning is kept from the second time on.
    """

    def __init__(self) -> None:
        self._asked: dict[bytes, float] = {}

    def is_known(self, text: str) -> bool:
        """Whether it was asked with lately; from now on it was."""
        key, now = hashlib.blake2b(text.encode(), digest_size=16).digest(), time.monotonic()
        before = self._asked.get(key)
        if len(self._asked) >= MOST_PREFIXES:
            self._asked = {k: at for k, at in self._asked.copy().items() if now - at < KEPT_SECONDS}
        self._asked[key] = now
        return before is not None and now - before < KEPT_SECONDS


class Pieces:
    """A streamed message as far as it has come.

    https://platform.claude.com/docs/en/build-with-claude/streaming
    """

    def __init__(self, listener: Callable[[str], None] | None = None) -> None:
        self._listener = listener
        self._text: list[str] = []
        self._calls: dict[int, dict[str, str]] = {}
        self._usage: dict[str, int] = {}
        self._reason = ""
        self._is_over = False

    def add(self, event: Any) -> None:
        kind = event["type"]
        if kind == "message_start":
            self._count(event["message"].get("usage"))
        elif kind == "content_block_start" and event["content_block"]["type"] == "tool_use":
            block = event["content_block"]
            self._calls[event["index"]] = {"id": block["id"], "name": block["name"], "args": ""}
        elif kind == "content_block_delta":
            self._add_delta(event["index"], event["delta"])
        elif kind == "message_delta":
            self._reason = event["delta"].get("stop_reason") or self._reason
            self._count(event.get("usage"))
        elif kind == "message_stop":
            self._is_over = True

    def _add_delta(self, index: int, delta: dict[str, Any]) -> None:
        if delta["type"] == "text_delta":
            self._text.append(delta["text"])
            if self._listener is not None:
                self._listener(delta["text"])
        elif delta["type"] == "input_json_delta":
            self._calls[index]["args"] += delta["partial_json"]

    def _count(self, usage: dict[str, Any] | None) -> None:
        self._usage |= {name: n for name, n in (usage or {}).items() if isinstance(n, int)}

    def answer(self) -> Answer:
        if not self._is_over:
            raise Unavailable("The stream ended before the answer did.")
        if self._reason == "refusal":
            raise Rejected("The model declined to answer.", code="refusal")
        usage = self._usage
        written = usage.get("cache_creation_input_tokens", 0)
        cached = usage.get("cache_read_input_tokens", 0)
        return Answer(
            text="".join(self._text),
            input_tokens=usage.get("input_tokens", 0) + written + cached,
            output_tokens=usage.get("output_tokens", 0),
            written_tokens=written,
            cached_tokens=cached,
            complete=self._reason != "max_tokens",
            calls=tuple(
                ToolCall(call["id"], call["name"], _arguments(call["args"]))
                for call in self._calls.values()
            ),
        )


def _how(question: Question, model: str) -> dict[str, Any]:
    """How it is to answer: in which shape, and after how much thought."""
    how: dict[str, Any] = {"effort": "low"} if model.startswith(THINKS) else {}
    if question.schema is not None:
        how["format"] = {"type": "json_schema", "schema": strict_schema(question.schema)}
    return how


def _arguments(written: str) -> dict[str, Any] | None:
    try:
        return _object(json.loads(written or "{}"))
    except ValueError:
        return None


def _turn(turn: ChatMessage) -> dict[str, Any]:
    """https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview"""
    if turn.results:
        content: Any = [
            {"type": "tool_result", "tool_use_id": each.id, "content": each.text}
            for each in turn.results
        ]
    elif turn.calls:
        words = [{"type": "text", "text": turn.content}] if turn.content else []
        content = [
            *words,
            *(
                {"type": "tool_use", "id": c.id, "name": c.name, "input": c.arguments or {}}
                for c in turn.calls
            ),
        ]
    else:
        content = turn.content
    return {"role": turn.role, "content": content}


def _answer(message: Message) -> Answer:
    # The SDK builds its types without checking them, so a proxy's strange body arrives here.
    if not isinstance(getattr(message, "content", None), list) or message.usage is None:
        raise Unavailable("The answer is not a message.")
    if message.stop_reason == "refusal":
        raise Rejected("The model declined to answer.", code="refusal")
    usage = message.usage
    written, cached = usage.cache_creation_input_tokens or 0, usage.cache_read_input_tokens or 0
    return Answer(
        text="".join(block.text for block in message.content if block.type == "text"),
        input_tokens=usage.input_tokens + written + cached,
        output_tokens=usage.output_tokens,
        written_tokens=written,
        cached_tokens=cached,
        complete=message.stop_reason != "max_tokens",
        calls=tuple(
            ToolCall(block.id, block.name, _object(block.input))
            for block in message.content
            if block.type == "tool_use"
        ),
    )


def _object(given: Any) -> dict[str, Any] | None:
    """As the SDK does not check what it builds, this may be anything."""
    return given if isinstance(given, dict) else None


def _mapped(error: anthropic.AnthropicError) -> ProviderError:
    """The SDK's error tree in our words."""
    if not isinstance(error, anthropic.APIStatusError):
        return Unavailable(str(error), code=type(error).__name__)
    return kind_of(error.status_code)(
        error.message[:500],
        code=error.type or str(error.status_code),
        retry_after=http.retry_after(error.response.headers),
        status=error.status_code,
        payload=error.body,
    )

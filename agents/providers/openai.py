"""OpenAI chat completions, and every endpoint that speaks their language.

https://developers.openai.com/api/reference/resources/chat
"""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import openai
from pydantic import BaseModel, Field, ValidationError

from agents.providers.base import (
    Account,
    Answer,
    ChatMessage,
    Clock,
    LlmProvider,
    Question,
    ToolCall,
    ToolSpec,
    patience,
    strict_schema,
)
from tenants.plugins import http
from tenants.plugins.errors import ProviderError, Rejected, Unavailable, kind_of

# An answer to a customer needs no long thought, and thought is billed as output.
# https://developers.openai.com/api/docs/guides/reasoning
REASONING = ("gpt-5", "gpt-6", "o3", "o4")


class Function(BaseModel):
    name: str
    arguments: str = ""


class Call(BaseModel):
    id: str
    function: Function


class Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[Call] | None = None


class Choice(BaseModel):
    message: Message
    finish_reason: str | None = None


class Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Completion(BaseModel):
    """As much of a chat completion as we read."""

    choices: list[Choice] = Field(min_length=1)
    usage: Usage | None = None


class OpenAI(LlmProvider):
    models = {
        "understand": "gpt-6-luna",
        "draft": "gpt-6-luna",
        "reply": "gpt-6.1-sol",
        "chat": "gpt-6.1-sol",
        "summarise": "gpt-6-luna",
    }

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._client = openai.OpenAI(
            # Ollama and vLLM ask for no key; the SDK insists on one.
            api_key=account.api_key or "unused",
            base_url=account.base_url,
            max_retries=0,
        )

    def answer(self, question: Question, *, model: str, timeout: float) -> Answer:
        body = {
            "model": model,
            "messages": _messages(self.system(question), question),
            **self.options(question, model),
        }
        if self.account.streams or question.listener is not None:
            return _answer(self._read(body, timeout, question.listener))
        try:
            # The typed method walks messages and schema through its unions, and builds thirty
            # objects of the answer: most of what a call costs us, for four values.
            answer = self._client.post(
                "/chat/completions",
                cast_to=object,
                body=body,
                options={"timeout": patience(timeout)},
            )
        except openai.OpenAIError as error:
            raise _mapped(error) from error
        except ValueError as error:  # a 200 whose body is not the JSON it says it is
            raise Unavailable(f"Unreadable answer: {error}") from error
        return _answer(answer)

    def _read(
        self, body: dict[str, Any], timeout: float, listener: Callable[[str], None] | None
    ) -> dict[str, Any]:
        """The answer put together from its pieces, as it would have come in one."""
        clock, whole = Clock(timeout), Pieces(listener)
        try:
            chunks = self._client.post(
                "/chat/completions",
                cast_to=object,
                body={**body, "stream": True, "stream_options": {"include_usage": True}},
                options={"timeout": patience(timeout)},
                stream=True,
                stream_cls=openai.Stream[object],
            )
            for chunk in chunks:
                clock.tick()
                whole.add(chunk)
        except openai.OpenAIError as error:
            raise _mapped(error) from error
        except (
            httpx2.HTTPError,
            ValueError,
            TypeError,
            AttributeError,
        ) as error:  # cut off, or no JSON
            raise Unavailable(f"The stream broke off: {error}") from error
        return whole.body()

    def system(self, question: Question) -> str:
        return question.whole_system

    def options(self, question: Question, model: str) -> dict[str, Any]:
        """What this vendor understands beyond model and messages."""
        options: dict[str, Any] = {"max_completion_tokens": question.max_tokens}
        if model.startswith(REASONING):
            options["reasoning_effort"] = "low"
        if question.schema is not None:
            options["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": question.schema.__name__,
                    "schema": strict_schema(question.schema),
                    "strict": True,
                },
            }
        if question.tools:
            options["tools"] = [_tool(tool, is_strict=True) for tool in question.tools]
        return options


class Compatible(OpenAI):
    """Gemini, Groq, DeepSeek, GLM, Mistral, Ollama, vLLM: the common part of the dialect."""

    models = {}  # which models are there is the endpoint's own affair: MODEL_ROUTES names them
    needs_key = False

    def system(self, question: Question) -> str:
        """Few of them take a schema as such: it goes into the prompt, in words."""
        if question.schema is None:
            return question.whole_system
        shape = json.dumps(question.schema.model_json_schema(), separators=(",", ":"))
        return f"{question.whole_system}\n\nAnswer with one JSON object of this schema:\n{shape}"

    def options(self, question: Question, model: str) -> dict[str, Any]:
        options: dict[str, Any] = {"max_tokens": question.max_tokens}
        if question.schema is not None:
            options["response_format"] = {"type": "json_object"}
        if question.tools:
            options["tools"] = [_tool(tool, is_strict=False) for tool in question.tools]
            # Several of them refuse a format beside tools: what they answer is checked anyway.
            options.pop("response_format", None)
        return options


class Pieces:
    """A streamed completion as far as it has come.

    https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events
    """

    def __init__(self, listener: Callable[[str], None] | None = None) -> None:
        self._listener = listener
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._calls: dict[int, dict[str, str]] = {}
        self._finished = ""
        self._usage: Any = None

    def add(self, chunk: Any) -> None:
        """Raises ValueError (Pydantic's is one) for a piece that is none."""
        if not isinstance(chunk, dict):
            raise TypeError("A piece is no object.")
        self._usage = chunk.get("usage") or self._usage
        for choice in (chunk.get("choices") or [])[:1]:
            self._finished = choice.get("finish_reason") or self._finished
            delta = choice.get("delta") or {}
            self._text.append(words := delta.get("content") or "")
            if words and self._listener is not None:
                self._listener(words)
            self._refusal.append(delta.get("refusal") or "")
            for call in delta.get("tool_calls") or []:
                self._add_call(call)

    def _add_call(self, call: dict[str, Any]) -> None:
        known = self._calls.setdefault(call.get("index", 0), {"id": "", "name": "", "args": ""})
        given = call.get("function") or {}
        known["id"] += call.get("id") or ""
        known["name"] += given.get("name") or ""
        known["args"] += given.get("arguments") or ""

    def body(self) -> dict[str, Any]:
        if not self._finished:
            raise Unavailable("The stream ended before the answer did.")
        calls = [
            {"id": call["id"], "function": {"name": call["name"], "arguments": call["args"]}}
            for call in self._calls.values()
        ]
        message = {"content": "".join(self._text), "refusal": "".join(self._refusal) or None}
        choice = {
            "message": {**message, "tool_calls": calls or None},
            "finish_reason": self._finished,
        }
        return {"choices": [choice], "usage": self._usage}


def _messages(system: str, question: Question) -> list[dict[str, Any]]:
    turns = [said for turn in question.messages for said in _turn(turn)]
    return [{"role": "system", "content": system}, *turns] if system else turns


def _turn(turn: ChatMessage) -> list[dict[str, Any]]:
    """https://developers.openai.com/api/docs/guides/function-calling"""
    if turn.results:
        return [
            {"role": "tool", "tool_call_id": each.id, "content": each.text} for each in turn.results
        ]
    if not turn.calls:
        return [{"role": turn.role, "content": turn.content}]
    calls = [
        {
            "id": each.id,
            "type": "function",
            "function": {"name": each.name, "arguments": json.dumps(each.arguments or {})},
        }
        for each in turn.calls
    ]
    return [{"role": turn.role, "content": turn.content or None, "tool_calls": calls}]


def _tool(tool: ToolSpec, *, is_strict: bool) -> dict[str, Any]:
    schema = strict_schema(tool.arguments) if is_strict else tool.arguments.model_json_schema()
    told = {"name": tool.name, "description": tool.description, "parameters": schema}
    return {"type": "function", "function": {**told, "strict": True} if is_strict else told}


def _call(call: Call) -> ToolCall:
    try:
        given = json.loads(call.function.arguments or "{}")
    except ValueError:
        given = None
    return ToolCall(call.id, call.function.name, given if isinstance(given, dict) else None)


def _answer(body: Any) -> Answer:
    try:
        completion = Completion.model_validate(body)
    except ValidationError as error:  # a proxy's own idea of an answer
        raise Unavailable("The answer is not a chat completion.") from error
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise Rejected("The model declined to answer.", code="refusal")
    return Answer(
        text=choice.message.content or "",
        input_tokens=completion.usage.prompt_tokens if completion.usage else 0,
        output_tokens=completion.usage.completion_tokens if completion.usage else 0,
        complete=choice.finish_reason != "length",
        calls=tuple(_call(call) for call in choice.message.tool_calls or ()),
    )


def _mapped(error: openai.OpenAIError) -> ProviderError:
    """The SDK's error tree in our words."""
    if not isinstance(error, openai.APIStatusError):
        return Unavailable(str(error), code=type(error).__name__)
    return kind_of(error.status_code)(
        error.message[:500],
        code=error.code or str(error.status_code),
        retry_after=http.retry_after(error.response.headers),
        status=error.status_code,
        payload=error.body,
    )

"""Stand-ins for OpenAI and Anthropic: chat, messages, embeddings; plain and streamed.

https://platform.openai.com/docs/api-reference/chat
https://docs.anthropic.com/en/api/messages
"""

import hashlib
import json
import math
import re
import secrets
import time
from typing import Any

from config.simulator.courier import Courier
from config.simulator.reading import answer_text, tokens
from config.simulator.vendor import Vendor
from config.simulator.wire import Answer, Request
from config.simulator.world import Fault, World

OPENAI_ERRORS = {
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    500: ("server_error", None, "The server had an error while processing your request."),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
}
ANTHROPIC_ERRORS = {
    400: ("invalid_request_error", "Invalid request."),
    401: ("authentication_error", "invalid x-api-key"),
    404: ("not_found_error", "Not found."),
    429: ("rate_limit_error", "This request would exceed your rate limit."),
    500: ("api_error", "Internal server error"),
    529: ("overloaded_error", "Overloaded"),
}


LEAST_KEPT = 512  # tokens; a shorter beginning is not kept, and nothing is said of it
KEPT_SECONDS = 300.0


class OpenAI(Vendor):
    name = "openai"

    def answer(self, request: Request) -> Answer:
        if not request.bearer:
            return self._error(401)
        body = request.json()
        match request.parts:
            case ["v1", "chat", "completions"]:
                return self._complete(body)
            case ["v1", "embeddings"]:
                return self._embed(body)
            case ["v1", "models"]:
                return Answer({"object": "list", "data": []})
        return self._error(404)

    def failure(self, fault: Fault) -> Answer:
        answer = self._error(fault.status or fault.code or 500, fault.message)
        if fault.retry_after:
            answer.headers["retry-after"] = str(fault.retry_after)
        return answer

    def _complete(self, body: dict[str, Any]) -> Answer:
        prompt = _openai_prompt(body)
        asked = (body.get("response_format") or {}).get("json_schema") or {}
        text = answer_text(asked.get("schema"), _last(body), prompt)
        usage = {"prompt_tokens": tokens(prompt), "completion_tokens": tokens(text)}
        usage["total_tokens"] = sum(usage.values())
        base = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": body.get("model", ""),
        }
        answer = _metered(self, body, usage["prompt_tokens"], usage["completion_tokens"], text)
        if body.get("stream"):
            answer.chunks = list(_openai_stream(base, text, usage))
            answer.headers["content-type"] = "text/event-stream"
        else:
            message = {"role": "assistant", "content": text, "refusal": None}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            answer.body = {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
        return answer

    def _embed(self, body: dict[str, Any]) -> Answer:
        texts = body.get("input", [])
        texts = [texts] if isinstance(texts, str) else list(texts)
        size = int(body.get("dimensions") or 1_536)
        data = [
            {"object": "embedding", "index": index, "embedding": embedding(str(text), size)}
            for index, text in enumerate(texts)
        ]
        count = sum(tokens(str(text)) for text in texts)
        answer = _metered(self, body, count, 0, "")
        answer.body = {
            "object": "list",
            "model": body.get("model", ""),
            "data": data,
            "usage": {"prompt_tokens": count, "total_tokens": count},
        }
        return answer

    def _error(self, status: int, message: str = "") -> Answer:
        kind, code, text = OPENAI_ERRORS.get(status, ("invalid_request_error", None, "Not found."))
        error = {"message": message or text, "type": kind, "param": None, "code": code}
        return Answer({"error": error}, status, note={"code": status})


class Anthropic(Vendor):
    name = "anthropic"

    def __init__(self, world: World, courier: Courier) -> None:
        super().__init__(world, courier)
        self._kept: dict[bytes, float] = {}  # beginnings of prompts, when they were last read

    def answer(self, request: Request) -> Answer:
        if not (request.headers.get("x-api-key") or request.bearer):
            return self._error(401)
        body = request.json()
        match request.parts:
            case ["v1", "messages"]:
                return self._message(body)
            case ["v1", "messages", "count_tokens"]:
                return Answer({"input_tokens": tokens(_anthropic_prompt(body))})
        return self._error(404)

    def failure(self, fault: Fault) -> Answer:
        answer = self._error(fault.status or fault.code or 500, fault.message)
        if fault.retry_after:
            answer.headers["retry-after"] = str(fault.retry_after)
        return answer

    def _message(self, body: dict[str, Any]) -> Answer:
        if not body.get("max_tokens") or not body.get("messages"):
            return self._error(400, "max_tokens: Field required")
        prompt = _anthropic_prompt(body)
        schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
        tool = next(iter(body.get("tools") or []), None) if body.get("tool_choice") else None
        text = answer_text(schema or (tool or {}).get("input_schema"), _last(body), prompt)
        content: dict[str, Any] = {"type": "text", "text": text}
        if tool:
            identity = f"toolu_{secrets.token_hex(12)}"
            content = {
                "type": "tool_use",
                "id": identity,
                "name": tool["name"],
                "input": json.loads(text),
            }
        usage = {**self._read(body, tokens(prompt)), "output_tokens": tokens(text)}
        message = {
            "id": f"msg_{secrets.token_hex(12)}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model", ""),
            "content": [content],
            "stop_reason": "tool_use" if tool else "end_turn",
            "stop_sequence": None,
            "usage": usage,
        }
        answer = _metered(self, body, tokens(prompt), usage["output_tokens"], text)
        if body.get("stream"):
            answer.chunks = list(_anthropic_stream(message, text))
            answer.headers["content-type"] = "text/event-stream"
        else:
            answer.body = message
        return answer

    def _read(self, body: dict[str, Any], count: int) -> dict[str, int]:
        """What it read anew, what it put into its cache and what it took from there.

        https://platform.claude.com/docs/en/build-with-claude/prompt-caching
        """
        system = body.get("system")
        parts = system if isinstance(system, list) else []
        marked = [part for part in parts if isinstance(part, dict) and "cache_control" in part]
        kept = "\n".join(str(part.get("text", "")) for part in marked)
        size = tokens(kept) if kept else 0
        if size < LEAST_KEPT:
            return {"input_tokens": count}
        key = hashlib.blake2b(f"{body.get('model')}\n{kept}".encode()).digest()
        is_new = time.monotonic() - self._kept.get(key, -KEPT_SECONDS) >= KEPT_SECONDS
        self._kept[key] = time.monotonic()
        return {
            "input_tokens": count - size,
            "cache_creation_input_tokens": size if is_new else 0,
            "cache_read_input_tokens": 0 if is_new else size,
        }

    def _error(self, status: int, message: str = "") -> Answer:
        kind, text = ANTHROPIC_ERRORS.get(status, ("api_error", "Error"))
        body = {
            "type": "error",
            "error": {"type": kind, "message": message or text},
            "request_id": f"req_{secrets.token_hex(8)}",
        }
        return Answer(body, status, note={"code": status})


def embedding(text: str, size: int) -> list[float]:
    """Words hashed into directions: equal texts are equal, sharing words means being near."""
    vector = [0.0] * size
    for word in re.findall(r"\w+", text.lower()):
        place = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
        vector[place % size] += 1.0 if place >> 63 else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


def _metered(
    vendor: Vendor, body: dict[str, Any], prompt_tokens: int, answer_tokens: int, text: str
) -> Answer:
    note = {
        "model": body.get("model", ""),
        "prompt_tokens": prompt_tokens,
        "answer_tokens": answer_tokens,
        "text": text,
    }
    return Answer(kind="model", delay=vendor.world.behaviour(vendor.name).latency, note=note)


def _plain(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def _openai_prompt(body: dict[str, Any]) -> str:
    return "\n".join(_plain(message.get("content")) for message in body.get("messages") or [])


def _anthropic_prompt(body: dict[str, Any]) -> str:
    return "\n".join([_plain(body.get("system")), _openai_prompt(body)])


def _last(body: dict[str, Any]) -> str:
    users = [one for one in body.get("messages") or [] if one.get("role") == "user"]
    return _plain(users[-1].get("content")) if users else ""


def _sse(data: Any, event: str = "") -> bytes:
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def _openai_stream(base: dict[str, Any], text: str, usage: dict[str, int]) -> Any:
    chunk = {**base, "object": "chat.completion.chunk"}
    for word in re.findall(r"\S+\s*", text):
        delta = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        yield _sse({**chunk, "choices": [delta]})
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    yield _sse({**chunk, "choices": [end]})
    yield _sse({**chunk, "choices": [], "usage": usage})
    yield _sse("[DONE]")


def _anthropic_stream(message: dict[str, Any], text: str) -> Any:
    start = {**message, "content": [], "stop_reason": None}
    yield _sse({"type": "message_start", "message": start}, "message_start")
    block = {"type": "text", "text": ""}
    yield _sse(
        {"type": "content_block_start", "index": 0, "content_block": block}, "content_block_start"
    )
    for word in re.findall(r"\S+\s*", text):
        delta = {"type": "text_delta", "text": word}
        yield _sse(
            {"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta"
        )
    yield _sse({"type": "content_block_stop", "index": 0}, "content_block_stop")
    yield _sse(
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": message["usage"]["output_tokens"]},
        },
        "message_delta",
    )
    yield _sse({"type": "message_stop"}, "message_stop")

"""What every language model provider does: one question in, one answer out.

To add a provider: write ``agents/providers/<kind>.py`` with one subclass of ``LlmProvider``,
register it in ``agents/providers/__init__.py``, and record its answers under
``tests/fixtures/llms/<kind>/``. Errors leave as ``tenants.plugins.errors``; the SDK's own
retries stay off, because the gateway has a chain of other providers to try instead.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Literal

import httpx2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from tenants.plugins.errors import Unavailable

CONNECT_SECONDS = 5.0
Embed = Callable[[list[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model is told of it."""

    name: str
    description: str
    arguments: type[BaseModel]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model asks for a tool; ``arguments`` is None where what it wrote is no JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered, under the id of the call."""

    id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn as a model sees it: ``user`` is the contact, ``assistant`` is us.

    An assistant's turn may hold the tools it asked for, the user's turn after it their answers.
    """

    role: Literal["user", "assistant"]
    content: str
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A passage of the company's knowledge that a reply may stand on."""

    passage_id: int
    title: str
    text: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Material:
    """What a prompt was written from, for an engine that computes instead of reading prose.

    ``earlier`` is what the contact said before our last answer.
    """

    text: str = ""
    language: str = ""
    sources: tuple[Source, ...] = ()
    earlier: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Everything one call carries. ``schema`` asks for one JSON object of that shape."""

    task: str
    messages: Sequence[ChatMessage]
    system: str = ""
    # What is added to the system text for this question only: what stands before it is the same
    # for many, and a vendor that keeps prompts may keep it.
    aside: str = ""
    schema: type[BaseModel] | None = None
    max_tokens: int = 700
    material: Material = field(default_factory=Material)
    tools: tuple[ToolSpec, ...] = ()
    # Hears the answer's text piece by piece while it is written; the answer is the same.
    listener: Callable[[str], None] | None = None

    @property
    def whole_system(self) -> str:
        return self.system + self.aside


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and what it took; tokens as the provider counted them."""

    text: str
    input_tokens: int = 0
    output_tokens: int = 0
    # Of the input, what the vendor put into its prompt cache, and what it took from there.
    written_tokens: int = 0
    cached_tokens: int = 0
    complete: bool = True  # False where the model ran into max_tokens
    calls: tuple[ToolCall, ...] = ()  # tools it wants used before it answers


@dataclass(frozen=True, slots=True)
class Account:
    """How to reach a provider, and the local embedder for those that need no network.

    ``streams``: answers are read word by word. Nobody sees them before they are whole and
    checked; but no proxy takes the line for idle, and one that goes dead is noticed.
    """

    base_url: str = ""
    api_key: str = ""
    streams: bool = False
    embed: Embed | None = None


class LlmProvider(ABC):
    """One vendor (or engine). Instances are shared by threads and live as long as the process."""

    # Task -> model for companies that configured nothing but a key.
    models: ClassVar[dict[str, str]] = {}
    is_remote: ClassVar[bool] = True
    needs_key: ClassVar[bool] = True

    def __init__(self, account: Account) -> None:
        self.account = account

    @abstractmethod
    def answer(self, question: Question, *, model: str, timeout: float) -> Answer:
        """Ask once, wait at most ``timeout`` seconds; raise a ProviderError if it fails."""


class Clock:
    """The time one streamed answer may take: an SDK's time-out is for each of its pieces."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def tick(self) -> None:
        if time.monotonic() > self._end:
            raise Unavailable("The answer took too long.")


def patience(seconds: float) -> httpx2.Timeout:
    """The SDKs' time-out for one call; an address that does not answer is given up sooner."""
    return httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))


@lru_cache(maxsize=32)
def strict_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema as both vendors' strict modes want it: closed objects, all keys required.

    https://platform.claude.com/docs/en/build-with-claude/structured-outputs
    https://developers.openai.com/api/docs/guides/structured-outputs
    """
    return _closed(schema.model_json_schema())


# Strict modes refuse these; Pydantic checks them on what comes back.
_UNSUPPORTED = {"minimum", "maximum", "minLength", "maxLength", "default", "title", "maxItems"}


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _closed(value) for key, value in node.items() if key not in _UNSUPPORTED}
    if isinstance(node.get("properties"), dict):
        # A field may be called "title": its name is not the keyword.
        kept["properties"] = {name: _closed(value) for name, value in node["properties"].items()}
        kept["required"] = list(kept["properties"])
        kept["additionalProperties"] = False
    return kept

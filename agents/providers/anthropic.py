"""Claude. https://platform.claude.com/docs/en/api/messages"""

from typing import Any

import anthropic
import httpx2
from anthropic.types import Message, MessageParam

from agents.providers.base import Account, Answer, ChatMessage, LlmProvider, Question, strict_schema
from tenants.plugins import http
from tenants.plugins.errors import (
    CredentialsRejected,
    ProviderError,
    RateLimited,
    Rejected,
    Unavailable,
)

CONNECT_SECONDS = 5.0


class Anthropic(LlmProvider):
    models = {
        "understand": "claude-haiku-5-5",
        "reply": "claude-sonnet-5-5",
        "chat": "claude-sonnet-5-5",
    }

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._client = anthropic.Anthropic(
            api_key=account.api_key, base_url=account.base_url, max_retries=0
        )

    def answer(self, question: Question, *, model: str, timeout: float) -> Answer:
        try:
            message = self._client.messages.create(
                model=model,
                max_tokens=question.max_tokens,
                system=question.system or anthropic.omit,
                messages=[_turn(turn) for turn in question.messages],
                extra_body=_shape(question),
                timeout=httpx2.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            )
        except anthropic.AnthropicError as error:
            raise _mapped(error) from error
        except ValueError as error:  # a 200 whose body is not the JSON it says it is
            raise Unavailable(f"Unreadable answer: {error}") from error
        return _answer(message)


def _turn(turn: ChatMessage) -> MessageParam:
    if turn.role == "user":
        return {"role": "user", "content": turn.content}
    return {"role": "assistant", "content": turn.content}


def _shape(question: Question) -> dict[str, Any] | None:
    """``output_config``. As the typed argument the SDK would walk the schema on every call."""
    if question.schema is None:
        return None
    schema = strict_schema(question.schema)
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


def _answer(message: Message) -> Answer:
    # The SDK builds its types without checking them, so a proxy's strange body arrives here.
    if not isinstance(getattr(message, "content", None), list) or message.usage is None:
        raise Unavailable("The answer is not a message.")
    if message.stop_reason == "refusal":
        raise Rejected("The model declined to answer.", code="refusal")
    usage = message.usage
    return Answer(
        text="".join(block.text for block in message.content if block.type == "text"),
        input_tokens=usage.input_tokens
        + (usage.cache_read_input_tokens or 0)
        + (usage.cache_creation_input_tokens or 0),
        output_tokens=usage.output_tokens,
        complete=message.stop_reason != "max_tokens",
    )


def _mapped(error: anthropic.AnthropicError) -> ProviderError:
    """The SDK's error tree in our words."""
    if not isinstance(error, anthropic.APIStatusError):
        return Unavailable(str(error), code=type(error).__name__)
    kind: type[ProviderError] = Rejected
    if isinstance(error, anthropic.RateLimitError):
        kind = RateLimited
    elif isinstance(error, anthropic.AuthenticationError | anthropic.PermissionDeniedError):
        kind = CredentialsRejected
    elif isinstance(error, anthropic.InternalServerError) or error.status_code == 408:
        kind = Unavailable  # 529 "overloaded" is one of these
    return kind(
        error.message[:500],
        code=error.type or str(error.status_code),
        retry_after=http.retry_after(error.response.headers),
        status=error.status_code,
        payload=error.body,
    )

"""What a call to a model was, and what came of a chain of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from agents.providers.base import ToolCall
from tenants.plugins.errors import Rejected, Unavailable


@dataclass(frozen=True, slots=True)
class Call:
    """One question to one model. ``status`` is ok, invalid or failed."""

    task: str
    route: str
    status: str
    error: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0  # of the input, read from the vendor's prompt cache
    cost: Decimal = Decimal(0)
    milliseconds: int = 0

    @property
    def provider(self) -> str:
        return self.route.partition("/")[0]

    @property
    def model(self) -> str:
        return self.route.partition("/")[2]


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer; ``parsed`` is the validated object where a schema was asked for."""

    text: str
    route: str
    parsed: Any = None
    calls: tuple[Call, ...] = field(default=())
    wanted: tuple[ToolCall, ...] = ()  # tools to be used before there is an answer

    @property
    def warnings(self) -> list[str]:
        """Why this answer did not come from the first of the chain, if it did not."""
        return [f"{call.route}: {call.error}" for call in self.calls if call.status == "failed"]


class NoAnswer(Unavailable):
    """Nobody in the chain could answer; ``calls`` says what was tried."""

    def __init__(self, message: str, calls: Sequence[Call]) -> None:
        super().__init__(message)
        self.calls = tuple(calls)


class OverBudget(Unavailable):
    """A hard cap leaves too little for this call."""


class Invalid(Rejected):
    """The model answered, but not in the shape that was asked for, even when told so."""

"""What a plug-in would send, without sending it: its own code runs, and nothing leaves."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

Answering = Callable[[str, str, Any], Any]  # method, address, body as JSON -> the answer's body


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it would have gone out. Credentials are not in it."""

    method: str
    url: str
    body: Any


@dataclass(slots=True)
class Stage:
    """Writes down what is asked, and answers as whoever is asked would if all went well."""

    answering: Answering
    asked: list[Asked] = field(default_factory=list)

    def answer(self, method: str, url: str, *, kind: str, content: bytes) -> Any:
        """The body of the answer. A form is not kept: it holds what opens an account."""
        body = json.loads(content) if content and "json" in kind else None
        self.asked.append(Asked(method, url, body))
        return self.answering(method, url.partition("?")[0], body)


_current: ContextVar[Stage | None] = ContextVar("rehearsal", default=None)


@contextmanager
def rehearsed(answering: Answering) -> Iterator[Stage]:
    """Everything asked of the outside meanwhile is only written down."""
    stage = Stage(answering)
    token = _current.set(stage)
    try:
        yield stage
    finally:
        _current.reset(token)


def current() -> Stage | None:
    return _current.get()

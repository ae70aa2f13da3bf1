"""Who really sits at the keyboard, where that is not the member in whose name the page is open."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_operator: ContextVar[str] = ContextVar("operator", default="")


@contextmanager
def acting(operator: str) -> Iterator[None]:
    """Every deed recorded inside names this operator of the platform as well."""
    token = _operator.set(operator)
    try:
        yield
    finally:
        _operator.reset(token)


def acting_operator() -> str:
    """The operator behind what is done right now, or nothing."""
    return _operator.get()
